# SPDX-License-Identifier: GPL-2.0
"""Many mutants in one program, one of them chosen when the program runs.

A compiler needs seconds for a program that runs in milliseconds. So each
function has a copy of its body for each of its mutants, and begins by going to
the one that the environment asks for. Mutants that do not fit into a body, or
break the program that they are in, have to be compiled alone.
"""

import re

import lex

VARIABLE = "DMAMAP_MUTANT"  # of the environment: a mutant's number
HEADER = "chosen_mutant.h"
# Code that the compiler evaluates is the original.
CHOOSE = f"""#pragma once
#include <cstdlib>
namespace dmamap_mutants {{
inline int chosen = [] {{
	const char *number = std::getenv("{VARIABLE}");

	return number ? std::atoi(number) : 0;
}}();
}}
"""
# Statements whose children are run by the function itself, not by a lambda.
CONTROL = {"block", "if", "loop", "switch", "do"}
RETURNS_NOTHING = re.compile(r"\bvoid (?:\w+ :: )*\w+ \(")
MACRO = "\\\n"              # no copy fits into a line that goes on
BROKEN = re.compile(r"\bmutant-(\d+):\d+:\d+: (?:fatal )?error:")


def _own(statement):
    """A statement and those inside, but not what is inside of lambdas."""
    yield statement
    if statement.kind in CONTROL:
        for child in statement.children:
            yield from _own(child)


def _is_void(function):
    """Whether the function may end without a value."""
    values = any(one.kind == "return" and one.end - one.begin > 2
                 for one in _own(function.body))
    return not values or bool(RETURNS_NOTHING.search(function.header))


def _inside(source, function):
    """Offsets of what is between the braces of a function."""
    body = function.body
    return source.tokens[body.begin].end, source.tokens[body.end - 1].start


def _bodies(text, source, function, found):
    """Copies of a body, each with one mutant."""
    start, end = _inside(source, function)
    leave = "return;" if _is_void(function) else "__builtin_trap();"
    parts = ["\nif !consteval { switch (::dmamap_mutants::chosen) {\n"]
    for one in found:
        body = text[start:one.start] + one.new + text[one.end:end]
        parts.append(f'case {one.id}: {{\n#line 1 "mutant-{one.id}"\n{body}\n'
                     f"{leave}\n}}\n")
    return "".join([*parts, "} }\n"])


def weave(name, text, found):
    """(the text with mutants in its functions, those that are in it)."""
    source = lex.Source(text)
    parts, inside, done = [f'#include "{HEADER}"\n#line 1 "{name}"\n'], [], 0
    for function in source.functions:
        start, end = _inside(source, function)
        those = [one for one in found if start <= one.start and one.end <= end]
        if those and start >= done and MACRO not in text[start:end]:
            line = text.count("\n", 0, start) + 1
            parts += [text[done:start], _bodies(text, source, function, those),
                      f'#line {line} "{name}"\n']
            inside += those
            done = start
    parts.append(text[done:])
    return "".join(parts), inside


class Program:
    """Sources of a program with many mutants in it.

    @compile_ returns the errors of the compiler, or nothing.
    """

    def __init__(self, folder, compile_):
        self._folder, self._compile = folder, compile_
        self._inside = set()

    def __contains__(self, mutant):
        return mutant.id in self._inside

    def __len__(self):
        return len(self._inside)

    def build(self, texts, found):
        """Leaves out mutants that break the program until it compiles. Returns an
        error if it never does."""
        while True:
            self._write(texts, found)
            error = self._compile()
            broken = {int(number) for number in BROKEN.findall(error)}
            if not error:
                return ""
            if not broken & self._inside:
                self._inside = set()
                return error
            found = [one for one in found if one.id not in broken]

    def _write(self, texts, found):
        self._inside = set()
        for name, text in texts.items():
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            woven, inside = weave(name, text, [m for m in found if m.file == name])
            path.write_text(woven, encoding="utf-8")
            self._inside |= {one.id for one in inside}
        (self._folder / HEADER).write_text(CHOOSE, encoding="ascii")
