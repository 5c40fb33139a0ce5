# SPDX-License-Identifier: GPL-2.0
"""Reads C++ as far as a mutator must: tokens, statements, functions.

This reader knows the style of the project, not the language. Code that is taken
for something else becomes a mutant that does not compile.
"""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<directive>^[ \t]*\#[ \t]*(?:define\s+\w+(?:\([^)]*\))?|[^\n]*))
  | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<number>\d[\w']*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark><=>|<<=|>>=|\.\.\.|::|->|\+\+|--|<<|<=|>=|==|!=|&&|\|\||\+=|-=
            |\*=|\|=|&=|[][(){};:,.<>=+\-*/%&|^!~?\\])
  | (?P<space>\s+)
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

OPEN = {"(": ")", "{": "}", "[": "]"}
# What may stand before the brace of a block of code.
BEFORE_BLOCK = {")", "noexcept", "const", "else", "do", "}"}
CONTAINERS = {"namespace", "class", "struct", "enum", "union"}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass
class Statement:
    """Tokens [begin, end) of the list; children are the statements inside."""
    kind: str               # if, loop, block, return, declaration, expression
    begin: int
    end: int
    condition: tuple = None     # tokens of the condition of an if or a loop
    children: list = field(default_factory=list)


@dataclass
class Function:
    header: str             # everything from the last statement to the brace
    body: Statement


def tokens(text):
    """All tokens that are code; comments and directives left out."""
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise ValueError(f"can't read {text[at:at + 20]!r}")
        kind = match.lastgroup
        if kind not in ("comment", "directive", "space") and match.group() != "\\":
            found.append(Token(kind, match.group(), match.start(), match.end()))
        at = match.end()
    return found


class Source:
    """A file: its tokens, the brackets that belong together, its functions."""

    def __init__(self, text):
        self.text = text
        self.tokens = tokens(text)
        self.partner = self._partners()
        self.silent = self._silent()
        self.functions = []
        self._declarations(0, len(self.tokens))

    def word(self, index):
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def span(self, begin, end):
        """Offsets of tokens [begin, end)."""
        return self.tokens[begin].start, self.tokens[end - 1].end

    def _partners(self):
        found, stack = {}, []
        for index, token in enumerate(self.tokens):
            if token.text in OPEN:
                stack.append(index)
            elif token.text in OPEN.values():
                opening = stack.pop()
                found[opening], found[index] = index, opening
        return found

    def _silent(self):
        """Tokens that make no code: concepts, requires(), static_assert."""
        silent, index = set(), 0
        while index < len(self.tokens):
            end = index
            if self.word(index) == "concept":
                end = self._to_semicolon(index)
            elif self.word(index) in ("requires", "static_assert") and \
                    self.word(index + 1) == "(":
                end = self.partner[index + 1]
            silent.update(range(index, end))
            index = max(end, index + 1)
        return silent

    def _to_semicolon(self, index):
        """The semicolon that ends what begins at @index."""
        while self.word(index) != ";":
            index = self.partner.get(index, index) if self.word(index) in OPEN \
                else index
            index += 1
        return index

    # Declarations: down to the functions.

    def _declarations(self, begin, end):
        index = start = begin
        while index < end:
            word = self.word(index)
            if word == "{" and index not in self.silent:
                self._brace(start, index)
                index = self.partner[index]
                start = index + 1 if self.word(index + 1) != ";" else index + 2
            elif word in OPEN:
                index = self.partner[index]
            elif word == ";":
                start = index + 1
            index += 1

    def _brace(self, start, index):
        head = [self.word(i) for i in range(start, index)]
        bare = head[self._template_end(start) - start:]
        close = self.partner[index]
        if bare and bare[0] in CONTAINERS:
            if bare[0] != "enum":
                self._declarations(index + 1, close)
        elif self.word(index - 1) in BEFORE_BLOCK:
            self.functions.append(Function(" ".join(head),
                                           self._block(index)))

    def _template_end(self, index):
        """Behind template heads, attributes and requires clauses."""
        while self.word(index) in ("template", "[", "requires"):
            if self.word(index) == "template":
                depth = 1
                index += 2
                while depth:
                    depth += {"<": 1, ">": -1}.get(self.word(index), 0)
                    index += 1
            elif self.word(index) == "[":
                index = self.partner[index] + 1
            elif self.word(index + 1) == "(":
                index = self.partner[index + 1] + 1
            else:
                index = self._requires_end(index)
        return index

    def _requires_end(self, index):
        while self.word(index) not in ("class", "struct", "using", "[", "{"):
            index += 1
        return index

    # Statements: down to the single ones.

    def _block(self, index):
        block = Statement("block", index, self.partner[index] + 1)
        at = index + 1
        while at < self.partner[index]:
            child = self._statement(at)
            block.children.append(child)
            at = child.end
        return block

    def _statement(self, at):
        word = self.word(at)
        if word == "{":
            return self._block(at)
        if word in ("case", "default"):
            while self.word(at) != ":":
                at += 1
            return Statement("label", at, at + 1)
        if word in ("if", "for", "while", "switch"):
            return self._headed(at)
        if word == "do":
            body = self._statement(at + 1)
            return Statement("do", at, self._to_semicolon(body.end) + 1,
                             children=[body])
        end = self._to_semicolon(at) + 1
        kind = self._kind(at)
        return Statement(kind, at, end, children=self._lambdas(at, end))

    def _headed(self, at):
        """if, for, while, switch: a head in parentheses and a body."""
        opening = at + 1
        while self.word(opening) != "(":
            opening += 1
        close = self.partner[opening]
        body = self._statement(close + 1)
        children, end = [body], body.end
        if self.word(at) == "if" and self.word(end) == "else":
            children.append(self._statement(end + 1))
            end = children[-1].end
        kind = {"if": "if", "switch": "switch"}.get(self.word(at), "loop")
        return Statement(kind, at, end, self._condition(at, opening, close),
                         children)

    def _condition(self, at, opening, close):
        """Tokens of the condition: behind the first semicolon of the head."""
        cuts = [i for i in range(opening + 1, close) if self.word(i) == ";"]
        if self.word(at) == "for":
            return (cuts[0] + 1, cuts[1]) if len(cuts) == 2 and \
                cuts[1] > cuts[0] + 1 else None
        begin = cuts[-1] + 1 if cuts else opening + 1
        return (begin, close) if self.word(at) != "switch" else None

    def _kind(self, at):
        if self.word(at) in ("return", "break", "continue"):
            return self.word(at)
        if self.word(at) in ("auto", "const", "constexpr", "static", "using"):
            return "declaration"
        begin = at
        while self.tokens[at].kind == "name" or self.word(at) == "::":
            at += 1
            if self.word(at) == "<" and self._adjacent(at):
                while self.word(at) != ">":
                    at += 1
                at += 1
        # A type and a name behind it.
        two = at - begin > 1 and self.word(at - 2) not in ("::", "(")
        return "declaration" if two and self.tokens[at - 1].kind == "name" \
            else "expression"

    def _adjacent(self, at):
        """Whether there is no blank before the token, as before the brackets of a
        template."""
        return self.tokens[at].start == self.tokens[at - 1].end

    def _lambdas(self, begin, end):
        """Blocks of code inside of a single statement."""
        found, at = [], begin
        while at < end:
            if self.word(at) == "{" and self.word(at - 1) in (")", "noexcept"):
                found.append(self._block(at))
                at = self.partner[at]
            at += 1
        return found


def walk(statement):
    """A statement and everything inside."""
    yield statement
    for child in statement.children:
        yield from walk(child)
