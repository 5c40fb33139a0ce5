// SPDX-License-Identifier: GPL-2.0
#include "arguments.h"

#include <cerrno>
#include <cstdlib>

namespace arguments {

std::optional<uint32_t> number(const char *text, uint32_t least, uint32_t most, char end)
{
	char *stop = nullptr;

	errno = 0;
	const unsigned long value = std::strtoul(text, &stop, 10);

	if (*text < '0' || *text > '9' || *stop != end || errno != 0 || value < least ||
	    value > most)
		return std::nullopt;
	return static_cast<uint32_t>(value);
}

uint32_t number(const char *text, uint32_t least, uint32_t most, argp_state *state)
{
	const auto value = number(text, least, most);

	if (!value)
		argp_error(state, "'%s' is not a number from %u to %u", text, least, most);
	return value.value_or(0);
}

uint64_t read_decimal(const char *, const char *text, uint64_t least, uint64_t most,
		      argp_state *state)
{
	return number(text, static_cast<uint32_t>(least), static_cast<uint32_t>(most), state);
}

} // namespace arguments
