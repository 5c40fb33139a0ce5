/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HCA_TOOLS_NUMBER_H
#define HCA_TOOLS_NUMBER_H

#include <argp.h>

#include <cstdint>
#include <optional>

/// The decimal number at the start of @text, if @end follows it at once.
std::optional<uint32_t> number(const char *text, uint32_t least, uint32_t most, char end = '\0');

/// All of @text as a number. Any other text ends the program with a sentence.
uint32_t number(const char *text, uint32_t least, uint32_t most, argp_state *state);

#endif
