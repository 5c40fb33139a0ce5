#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""One program has all mutants that fit, and is each of them when asked."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import schemata
from mutant import Mutant

TEXT = """\
inline int seen;
constexpr int kNine = 9;
constexpr int twice(int a) { return a * 2; }
inline void see(int a)
{
	seen = a;
}
template <class T>
struct Box {
	T value;
	int get() const noexcept
	{
		if (value > 5)
			return 5;
		return value;
	}
};
constexpr int kCompiled = twice(2);
"""
MAIN = """\
#include <cstdio>
#include "x.h"
int main()
{
	see(7);
	std::printf("%d %d %d %d", twice(3), seen, Box<int>{8}.get(), kCompiled);
}
"""


def change(number, old, new):
    start = TEXT.index(old)
    return Mutant(number, "x.h", start, start + len(old), new, "")


class Schemata(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name)
        (self.folder / "main.cc").write_text(MAIN, encoding="ascii")
        self.compiled = 0

    def compile(self):
        self.compiled += 1
        return subprocess.run(
            ["g++", "-std=gnu++23", "-O0", "-w", f"-I{self.folder}",
             str(self.folder / "main.cc"), "-o", str(self.folder / "main")],
            capture_output=True, text=True, check=False).stderr

    def build(self, *found):
        self.program = schemata.Program(self.folder, self.compile)
        return self.program.build({"x.h": TEXT}, list(found))

    def output(self, number=None):
        chosen = {schemata.VARIABLE: str(number)} if number is not None else {}
        return subprocess.run([str(self.folder / "main")], capture_output=True,
                              text=True, check=False,
                              env=os.environ | chosen).stdout

    def test_each_is_what_it_would_be_alone(self):
        found = [change(1, "a * 2", "a * 3"), change(2, "seen = a;", ";"),
                 change(3, "> 5", "> 9"), change(4, "return 5", "return 6")]
        self.assertEqual(self.build(*found), "")
        self.assertEqual([one in self.program for one in found], [True] * 4)
        self.assertEqual([self.output(number) for number in (1, 2, 3, 4)],
                         ["9 7 5 4", "6 0 5 4", "6 7 8 4", "6 7 6 4"])

    def test_nobody_is_chosen(self):
        self.build(change(1, "a * 2", "a * 3"))
        self.assertEqual([self.output(number) for number in (None, 0, 99)],
                         ["6 7 5 4"] * 3)

    def test_what_breaks_the_program_is_left_out(self):
        bad, good = change(1, "value > 5", "value > x"), change(2, "a * 2", "a * 3")
        self.assertEqual(self.build(bad, good), "")
        self.assertEqual((bad in self.program, good in self.program), (False, True))
        self.assertEqual(self.compiled, 2)
        self.assertEqual(self.output(2), "9 7 5 4")

    def test_what_is_outside_of_functions_is_left_out(self):
        outside = change(1, "kNine = 9", "kNine = 8")
        header = change(2, "int twice(int a)", "int twice(int a, int = 0)")
        self.assertEqual(self.build(outside, header), "")
        self.assertEqual(len(self.program), 0)

    def test_what_is_in_a_macro_is_left_out(self):
        text = "#define SEE(a) \\\n\tdo { \\\n\t\tseen = 2; \\\n\t} while (0)\n" + TEXT
        start = text.index("2")
        inside = Mutant(1, "x.h", start, start + 1, "3", "")
        self.program = schemata.Program(self.folder, self.compile)
        self.assertEqual(self.program.build({"x.h": text}, [inside]), "")
        self.assertNotIn(inside, self.program)

    def test_a_program_that_never_compiles(self):
        (self.folder / "main.cc").write_text("nonsense", encoding="ascii")
        self.assertIn("error", self.build(change(1, "a * 2", "a * 3")))
        self.assertEqual((len(self.program), self.compiled), (0, 1))


if __name__ == "__main__":
    unittest.main()
