// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <argp.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

/// Command lines: a program has a table of its options, and one parser for all programs reads it.
namespace arguments {

/// The decimal number at the start of @text, if @end follows it at once.
std::optional<uint32_t> number(const char *text, uint32_t least, uint32_t most, char end = '\0');

/// All of @text as a number; any other text ends the program with a sentence.
uint32_t number(const char *text, uint32_t least, uint32_t most, argp_state *state);

/// How a program reads the number of an option; any other text ends the program with a sentence.
using ReadNumber = uint64_t (*)(const char *option, const char *text, uint64_t least, uint64_t most,
				argp_state *state);

/// Decimal, 32 bits at the most.
uint64_t read_decimal(const char *option, const char *text, uint64_t least, uint64_t most,
		      argp_state *state);

/// Sets what no member alone can say.
template <typename Options>
using Take = void (*)(Options &options, const char *text, argp_state *state);

/// A number inside of a member.
template <typename Options>
using Inner = uint32_t &(*)(Options &options);

/// Where the value of an option goes. A bool becomes true; a heading has none.
template <typename Options>
using Target = std::variant<std::monostate, bool Options::*, const char *Options::*,
			    std::string Options::*, uint32_t Options::*, uint64_t Options::*,
			    std::optional<uint32_t> Options::*, Inner<Options>, Take<Options>>;

/// A line of the help.
template <typename Options>
struct Option {
	const char *name;
	int letter;				///< 0: only the name
	const char *value;			///< as the help calls it; nullptr: the option has none
	const char *help;
	Target<Options> target = {};
	uint64_t least = 0, most = 0;		///< of a number

	/// Of the options that follow.
	static constexpr Option heading(const char *text) { return {nullptr, 0, nullptr, text}; }
};

template <typename Options>
struct Program {
	std::span<const Option<Options>> options;
	const char *doc;			///< as in struct argp, and so is the next
	const char *args_doc = nullptr;
	ReadNumber read = read_decimal;
	Take<Options> argument = nullptr;	///< of what is no option; none: refused
	void (*begin)(Options &options, argp_state *state) = nullptr;
	void (*check)(const Options &options, argp_state *state) = nullptr;	///< at the end
};

template <typename Options>
class Parser {
public:
	explicit Parser(const Program<Options> &program) : program_(program) {}

	Options parse(int argc, char **argv)
	{
		std::vector<argp_option> lines;

		for (const Option<Options> &option : program_.options)
			lines.push_back({option.name, key_of(option), option.value, 0, option.help,
					 0});
		lines.push_back({});

		const argp parser = {lines.data(), take, program_.args_doc, program_.doc, nullptr,
				     nullptr, nullptr};

		argp_parse(&parser, argc, argv, 0, nullptr, this);
		return options_;
	}

private:
	// A key beyond all letters is for an option without one.
	int key_of(const Option<Options> &option) const
	{
		if (option.letter || !option.name)
			return option.letter;
		return 0x100 + static_cast<int>(&option - program_.options.data());
	}

	static error_t take(int key, char *text, argp_state *state)
	{
		return static_cast<Parser *>(state->input)->take_key(key, text, state);
	}

	error_t take_key(int key, const char *text, argp_state *state)
	{
		switch (key) {
		case ARGP_KEY_INIT:
			if (program_.begin)
				program_.begin(options_, state);
			return 0;
		case ARGP_KEY_ARG:
			if (program_.argument)
				program_.argument(options_, text, state);
			else
				argp_error(state, "unexpected argument '%s'", text);
			return 0;
		case ARGP_KEY_END:
			if (program_.check)
				program_.check(options_, state);
			return 0;
		default:
			return take_option(key, text, state);
		}
	}

	error_t take_option(int key, const char *text, argp_state *state)
	{
		for (const Option<Options> &option : program_.options) {
			if (key_of(option) != key)
				continue;
			std::visit([&](auto target) { set(option, target, text, state); },
				   option.target);
			return 0;
		}
		return ARGP_ERR_UNKNOWN;
	}

	template <typename Where>
	void set(const Option<Options> &option, Where target, const char *text, argp_state *state)
	{
		const auto number = [&] {
			return program_.read(option.name, text, option.least, option.most, state);
		};

		if constexpr (std::is_same_v<Where, bool Options::*>)
			options_.*target = true;
		else if constexpr (std::is_same_v<Where, const char *Options::*> ||
				   std::is_same_v<Where, std::string Options::*>)
			options_.*target = text;
		else if constexpr (std::is_same_v<Where, uint64_t Options::*>)
			options_.*target = number();
		else if constexpr (std::is_same_v<Where, Take<Options>>)
			target(options_, text, state);
		else if constexpr (std::is_same_v<Where, Inner<Options>>)
			target(options_) = static_cast<uint32_t>(number());
		else if constexpr (!std::is_same_v<Where, std::monostate>)
			options_.*target = static_cast<uint32_t>(number());
	}

	const Program<Options> &program_;
	Options options_;
};

/// Reads the command line; ends the program with a sentence when it is wrong.
template <typename Options>
Options parse(const Program<Options> &program, int argc, char **argv)
{
	return Parser<Options>(program).parse(argc, argv);
}

} // namespace arguments
