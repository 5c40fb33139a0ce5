// SPDX-License-Identifier: GPL-2.0
/* Takes the place of libFuzzer in a test that only shows that a target still
   works: runs the files that are named, then inputs at random. */
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "kunit/prove/fuzz.h"

namespace {

using Input = std::vector<std::uint8_t>;

void run(const Input &input)
{
	(void)LLVMFuzzerTestOneInput(input.data(), input.size());
}

bool run_file(const char *name)
{
	std::ifstream file(name, std::ios::binary);

	if (!file) {
		std::fprintf(stderr, "%s: can't be read\n", name);
		return false;
	}
	run(Input(std::istreambuf_iterator<char>(file), {}));
	return true;
}

} // namespace

int main(int argc, char **argv)
{
	if (argc < 3) {
		std::fprintf(stderr, "usage: %s INPUTS LONGEST [FILE...]\n", argv[0]);
		return 2;
	}
	const long inputs = std::atol(argv[1]);
	const std::size_t longest = std::size_t(std::max(1l, std::atol(argv[2])));
	std::mt19937 random(2004);   // the same inputs each time

	for (int i = 3; i < argc; ++i)
		if (!run_file(argv[i]))
			return 1;
	for (long i = 0; i < inputs; ++i) {
		Input input(1 + random() % longest);

		for (std::uint8_t &byte : input)
			byte = std::uint8_t(random());
		run(input);
	}
	std::printf("%d files and %ld inputs\n", argc - 3, inputs);
	return 0;
}
