# SPDX-License-Identifier: GPL-2.0
"""What "llvm-cov export" says of a few headers, summed over instantiations.

The headers hold templates, and each strategy on each machine makes an
instantiation of the same line. The rules:

- A branch has two outcomes. An outcome counts when some instantiation has it:
  what one of them can't do at all (highmem has no undo that fails) another can.
- A branch in a macro counts once for each place where the macro is used.
- A condition that is a constant in an instantiation (a template argument, if
  constexpr) has no outcomes there. So that its sides are not forgotten, all
  code has to run in some instantiation, whether a branch leads to it or not.
- Code that the compiler never saw is in no profile: a template that nothing
  instantiates, a side that each instantiation discards. Function bodies are
  looked for in the source, discarded text in the list of what was skipped.
- MC/DC: a condition counts when within one instantiation it was seen to decide
  alone; pairs of runs of two instantiations are not combined.
- requires and static_assert are decided by the compiler; nothing runs.
"""

import re
from dataclasses import dataclass, field

CODE, EXPANSION, SKIPPED, GAP = range(4)        # kinds of llvm-cov's regions
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
# A function's body, in the style of this tree; not that of a class or a lambda.
BODY = re.compile(r"^\s*(\{)$"
                  r"|\)(?: const)?(?: noexcept)?(?: : .*)? (\{) \S.*\}$")


@dataclass
class Header:
    """One file. Keys are places: (line, column, last line, last column),
    those of a macro's use and those inside of the macro."""
    name: str
    text: list                                      # its lines
    code: dict = field(default_factory=dict)        # place: how often it ran
    branches: dict = field(default_factory=dict)    # place: [true, false]
    constants: set = field(default_factory=set)     # places without outcomes
    decisions: dict = field(default_factory=dict)   # place: [shown, ...]
    skipped: set = field(default_factory=set)       # places of no code
    lines: dict = field(default_factory=dict)       # number: did it run?

    def outcomes(self):
        return [bool(count) for both in self.branches.values()
                for count in both]

    def conditions(self):
        return [shown for all_of in self.decisions.values()
                for shown in all_of]

    def never_run(self):
        """Places of code that no instantiation runs, the outermost only."""
        bad = sorted(place for (place, *_), count in self.code.items()
                     if not count)
        return [place for i, place in enumerate(bad)
                if not any(_within(place, other) for other in bad[:i])]

    def never_compiled(self):
        """Places of functions that are in no profile, and of text in others
        that each instantiation discards."""
        for place in sorted(self.skipped):
            text = COMMENT.sub("", self._text(place))   # "else" is no code
            if ";" in text and not any(_within(code, place)
                                       for code, *_ in self.code):
                yield place
        starts = {place[:2] for place, *_ in self.code}
        for number, line in enumerate(self.text, 1):
            body = BODY.search(line)
            if body:
                column = body.start(body.lastindex) + 1
                if (number, column) not in starts:
                    at = number - (line.strip() == "{")     # show its name
                    yield at, 1, at, len(self.text[at - 1]) + 1

    def source(self, place):
        """The text at a place, on one line."""
        return " ".join(self._text(place).split())

    def _text(self, place):
        first, column, last, end = place
        lines = self.text[first - 1:last]
        lines[-1] = lines[-1][:end - 1]
        lines[0] = lines[0][column - 1:]
        return "\n".join(lines)


def _within(place, other):
    return other[:2] <= place[:2] and place[2:] <= other[2:]


def read(export, tree, names):
    """{name: Header} of those files of a tree."""
    headers = {str(tree / name): Header(
        name, (tree / name).read_text(encoding="utf-8").splitlines())
        for name in names}
    variable = set()
    for data in export["data"]:
        for function in data["functions"]:
            _take(function, headers, variable)
    for data in export["data"]:
        for file in data["files"]:
            if file["filename"] in headers:
                headers[file["filename"]].constants |= {
                    tuple(branch[:4]) for branch in file["branches"]
                    if (file["filename"], *branch[:4]) not in variable}
    return {header.name: header for header in headers.values()}


def _take(function, headers, variable):
    """Add one instantiation of one function.

    Constant branches are in the list of a file, but in none of a function:
    those that are in one go to variable.
    """
    files = function["filenames"]
    used_at = {region[6]: (region[5], tuple(region[:4]))
               for region in function["regions"] if region[7] == EXPANSION}

    def place(file, *inner):
        while file in used_at:
            file, outer = used_at[file]
            inner = (outer, *inner)
        return headers.get(files[file]), inner

    for region in function["regions"]:
        header, key = place(region[5], tuple(region[:4]))
        if header and region[7] == CODE:
            header.code[key] = header.code.get(key, 0) + region[4]
        if header and region[7] == SKIPPED:
            header.skipped.add(key[0])
    for branch in function["branches"]:
        variable.add((files[branch[6]], *branch[:4]))
        header, key = place(branch[6], tuple(branch[:4]))
        if header:
            both = header.branches.setdefault(key, [0, 0])
            both[0] += branch[4]
            both[1] += branch[5]
    header = headers.get(files[0])
    if header:
        for record in function["mcdc_records"]:     # they name no file
            key = (tuple(record[:4]),)
            shown = header.decisions.setdefault(key, record[6])
            header.decisions[key] = [a or b for a, b in zip(shown, record[6])]
        for number, count in _lines(function["regions"]).items():
            header.lines[number] = header.lines.get(number, False) or count > 0


def _lines(regions):
    """{line: how often it ran} of one instantiation, as llvm-cov counts: the
    innermost region that it begins in (a gap leads to one), or one that
    begins on it."""
    own = [region for region in regions if region[5] == 0]
    found = {}
    for first, _, last, _, count, _, _, kind in own:
        if kind == CODE:
            found[first] = max(found.get(first, 0), count)
        if kind in (CODE, GAP):
            found.update(dict.fromkeys(range(first + 1, last + 1), count))
    for first, column, last, _, _, _, _, kind in own:
        if kind == SKIPPED:
            for number in range(first + (column > 1), last + 1):
                found.pop(number, None)
    return found
