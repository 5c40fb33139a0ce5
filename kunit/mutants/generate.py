#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes mutants of the layer's sources mechanically; prints them when run.

Each operator below is one kind of slip. The result depends on the sources only:
the same sources give the same mutants under the same numbers.
"""

import re
import sys

import lex
import mutant as mutants
from mutant import MECHANICAL, Mutant

COMPARISONS = {"<": ("<=", ">"), "<=": ("<", ">"), ">": (">=", "<"),
               ">=": (">", "<"), "==": ("!=",), "!=": ("==",)}
LOGIC = {"&&": "||", "||": "&&"}
ARITHMETIC = {"+": "-", "-": "+", "<<": ">>", ">>": "<<", "&": "|", "|": "&",
              "+=": "-=", "-=": "+=", "|=": "&=", "++": "--"}
BOOLS = {"true": "false", "false": "true"}
# Each value is taken for the one behind it.
ENUMS = {
    "Errno": ("inval", "overflow", "nomem", "io", "busy", "nodev", "access"),
    "Linear": ("none", "absent", "uncached", "cached"),
    "Attribute": ("cached", "coherent", "uncached", "write_combine"),
    "Behind": ("page", "reserved", "device"),
    "StrategyId": ("highmem", "unmap", "purge", "snooped", "adopted"),
    "CmaPlacement": ("none", "lowmem", "highmem"),
}
WRITES = {"=", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="}
FLIP_ERROR = "std::unexpected(FlipError{Errno::io, false})"


def _calls(words):
    """Whether the words call anything but functions of the standard library that
    only compute."""
    return any(after == "(" and word.isidentifier() and
               word not in ("if", "fail", "count", "raw") and
               words[max(index - 2, 0):index] != ["std", "::"]
               for index, (word, after) in enumerate(zip(words, words[1:])))


class Generator:
    """All mutants of one file, as (start, end, new, what)."""

    def __init__(self, text):
        self.source = lex.Source(text)
        self.text = text
        self.found = []

    def run(self):
        for index, token in enumerate(self.source.tokens):
            if index not in self.source.silent:
                self._token(index, token)
        for function in self.source.functions:
            for statement in lex.walk(function.body):
                self._statement(statement, function)
        return self.found

    def _add(self, begin, end, new, what):
        """Replaces tokens [begin, end)."""
        start, stop = self.source.span(begin, end)
        self.found.append((start, stop, new, what))

    def _cut(self, begin, end):
        start, stop = self.source.span(begin, end)
        return self.text[start:stop]

    # Single tokens

    def _token(self, index, token):
        text = token.text
        if token.kind == "number":
            self._number(index, text)
        elif text in BOOLS:
            self._add(index, index + 1, BOOLS[text], f"{BOOLS[text]} for {text}")
        elif text in ENUMS and self.source.word(index + 1) == "::":
            self._enumerator(index, text)
        elif token.kind == "mark":
            self._mark(index, text)

    def _number(self, index, text):
        value = int(text.rstrip("uUlL").replace("'", ""), 0)
        for other in (value + 1, value - 1):
            if other >= 0:
                self._add(index, index + 1, str(other), f"{other} for {text}")

    def _enumerator(self, index, name):
        value = self.source.word(index + 2)
        if value in ENUMS[name]:
            other = ENUMS[name][(ENUMS[name].index(value) + 1) % len(ENUMS[name])]
            self._add(index + 2, index + 3, other, f"{name}::{other} for {value}")

    def _mark(self, index, text):
        if text == "!":
            self._add(index, index + 1, "", "! dropped")
        elif text == "~" and self.source.tokens[index + 1].text == "std":
            self._add(index, index + 1, "", "~ dropped")
        elif text == "++":
            self._add(index, index + 1, "--", "-- for ++")
        elif not self._between_operands(index):
            return
        elif text in COMPARISONS:
            for other in COMPARISONS[text]:
                self._add(index, index + 1, other, f"{other} for {text}")
        elif text in LOGIC:
            self._add(index, index + 1, LOGIC[text], f"{LOGIC[text]} for {text}")
            self._operands(index, text)
        elif text in ARITHMETIC:
            other = ARITHMETIC[text]
            self._add(index, index + 1, other, f"{other} for {text}")

    def _between_operands(self, index):
        """A binary operator; this style has blanks around them, and none
        around the brackets of a template."""
        if not 0 < index < len(self.source.tokens) - 1:
            return False
        before, token, after = self.source.tokens[index - 1:index + 2]
        return self.text[token.start - 1] in " \t\n" and \
            self.text[token.end] in " \t\n" and \
            before.text not in ("template", "operator") and \
            after.text not in ("}", ")", ";")

    def _operands(self, index, text):
        """a && b becomes a, and becomes b."""
        begin, end = self._left(index, text), self._right(index, text)
        if begin < index < end - 1:
            self._add(begin, end, self._cut(begin, index), "second test dropped")
            self._add(begin, end, self._cut(index + 1, end), "first test dropped")

    ENDS_OPERAND = {",", ";", "?", ":", "=", "return", "||", "&&"}

    def _left(self, index, text):
        at = index - 1
        while at >= 0 and self.source.word(at) not in self.ENDS_OPERAND and \
                self.source.word(at) not in lex.OPEN:
            at = self.source.partner.get(at, at) - 1
        return at + 1

    def _right(self, index, text):
        at = index + 1
        while self.source.word(at) not in self.ENDS_OPERAND and \
                self.source.word(at) not in lex.OPEN.values():
            at = self.source.partner.get(at, at) + 1
        return at

    # Statements

    def _statement(self, statement, function):
        if statement.kind in ("expression", "if", "loop", "break", "continue"):
            self._add(statement.begin, statement.end, ";",
                      f"{self._name(statement)} deleted")
        if statement.condition:
            self._condition(statement)
        if statement.kind == "return":
            self._return(statement, function)
        for one, two in zip(statement.children, statement.children[1:]):
            if statement.kind == "block":
                self._swap(one, two)

    def _name(self, statement):
        text = mutants.words(self._cut(statement.begin, statement.end))
        return text if len(text) < 40 else text[:36] + " ..."

    def _condition(self, statement):
        begin, end = statement.condition
        condition = self._cut(begin, end)
        if not self._is_single(begin, end):
            self._add(begin, end, f"!({condition})", "condition negated")
        if statement.kind == "if":
            self._add(begin, end, "true", "condition always true")
        bound = re.fullmatch(r"(\w+ < )(.+)", condition)
        if statement.kind == "loop" and bound:
            self._add(begin, end, f"{condition} - 1", "bound - 1")

    def _is_single(self, begin, end):
        """One comparison or one !: other operators negate those already."""
        marks = [self.source.word(i) for i in range(begin, end)
                 if self.source.word(i) in (*LOGIC, *COMPARISONS)]
        return self.source.word(begin) == "!" and not marks or \
            len(marks) == 1 and marks[0] in ("==", "!=")

    def _return(self, statement, function):
        begin, end = statement.begin + 1, statement.end - 1
        if begin >= end:
            return
        value = self._cut(begin, end)
        if value.startswith(("fail(", "std::unexpected")):
            self._add(begin, end, "{}", "success for an error")
        elif "FlipResult" in function.header:
            self._add(begin, end, FLIP_ERROR, "an error for success")
        elif "Result" in function.header:
            self._add(begin, end, "fail(Errno::io)", "an error for success")

    def _swap(self, one, two):
        single = ("expression", "declaration", "if", "loop")
        if one.kind in single and two.kind in single and \
                not self._needs(one, two) and not self._commute(one, two):
            start, end = self.source.span(one.begin, two.end)
            between = self.text[self.source.tokens[one.end - 1].end:
                                self.source.tokens[two.begin].start]
            self.found.append((start, end, self._cut(two.begin, two.end) +
                               between + self._cut(one.begin, one.end),
                               f"{self._name(one)} swapped with the next"))

    def _commute(self, one, two):
        """Whether the order of the two statements does not matter."""
        words = [[self.source.word(i) for i in range(each.begin, each.end)]
                 for each in (one, two)]
        if any(map(_calls, words)):
            return False
        writes = [sum(word in WRITES for word in each) for each in words]
        kinds = {one.kind, two.kind}
        if kinds == {"expression"}:
            # The two write different variables.
            return writes == [1, 1] and \
                words[0][0] not in words[1] and words[1][0] not in words[0]
        # The first of two tests gives the answer, so their order matters.
        return kinds in ({"declaration"}, {"declaration", "if"}) and \
            all(count <= (each.kind == "declaration")
                for count, each in zip(writes, (one, two)))

    def _needs(self, one, two):
        """Whether the second statement uses a name that the first one declares."""
        if one.kind != "declaration":
            return False
        name = None
        for token in self.source.tokens[one.begin:one.end]:
            if token.text in ("=", "{", "("):
                break
            name = token.text
        return name in (self.source.word(i) for i in range(two.begin, two.end))


def distinct(text, found):
    """The mutants whose tokens differ from those of the source and of each other."""
    original = [token.text for token in lex.tokens(text)]
    seen = {tuple(original)}
    for start, end, new, what in found:
        changed = tuple(token.text for token in
                        lex.tokens(text[:start] + new + text[end:]))
        if changed not in seen:
            seen.add(changed)
            yield start, end, new, what


def mechanical(texts):
    """All generated mutants, numbered in the order of their places."""
    made = []
    for name in sorted(texts):
        found = sorted(Generator(texts[name]).run())
        made += [(name, *one) for one in distinct(texts[name], found)]
    return [Mutant(MECHANICAL + number, name, start, end, new, what)
            for number, (name, start, end, new, what) in enumerate(made)]


def main():
    texts = mutants.sources()
    for one in mechanical(texts):
        old, new = one.change(texts[one.file])
        print(f"{one.id} {one.file}:{one.line(texts[one.file])}: {one.what}")
        print(f"    - {old}\n    + {new}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
