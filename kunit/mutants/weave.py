#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Writes a copy of the layer's sources with all mutants in it.

With that folder first on the include path, -DDMAMAP_MUTANT=n compiles mutant n,
for user space and for a kernel alike; without it, or with 0, the original.
"""

import argparse
import re
import sys
from pathlib import Path

import generate
import mutant as mutants
from mutant import Stop

HEAD = "#ifndef DMAMAP_MUTANT\n#define DMAMAP_MUTANT 0\n#endif\n#line 1\n"
# An #if can stand in the middle of none of these.
GLUED = re.compile(r"/\*.*?\*/|(?:[^\n]*\\\n)+", re.DOTALL)


class Lines:
    """A text by lines, numbered from 0."""

    def __init__(self, text):
        self.text = text
        self.starts = [0] + [m.end() for m in re.finditer("\n", text)]
        if self.starts[-1] == len(text):
            self.starts.pop()
        self.starts.append(len(text))
        self._glue = [(self.of(m.start()), self.of(m.end() - 1) +
                       m.group().endswith("\\\n"))
                      for m in GLUED.finditer(text)]

    def of(self, offset):
        return self.text.count("\n", 0, offset)

    def range(self, start, end):
        """First and last line that must be replaced for [start, end)."""
        first, last = self.of(start), self.of(max(end - 1, start))
        for begin, finish in self._glue:
            if begin <= last and finish >= first:
                first, last = min(first, begin), max(last, finish)
        return first, last

    def cut(self, first, last, mutant=None):
        """Lines first to last, as they are or as a mutant has them."""
        begin, end = self.starts[first], self.starts[last + 1]
        if not mutant:
            return self.text[begin:end]
        return (self.text[begin:mutant.start] + mutant.new +
                self.text[mutant.end:end])


def blocks(lines, found):
    """(first, last, mutants) of each part of a text that any mutant changes.

    Mutants that share a line share a block: two #if can't overlap.
    """
    merged = []
    ranges = sorted(((*lines.range(m.start, m.end), m) for m in found),
                    key=lambda r: (r[0], r[1], r[2].id))
    for first, last, one in ranges:
        if merged and first <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], last)
            merged[-1][2].append(one)
        else:
            merged.append([first, last, [one]])
    return [(first, last, sorted(inside, key=lambda m: m.id))
            for first, last, inside in merged]


def weave(text, found):
    """A text with mutants woven in; its own lines keep their numbers."""
    lines = Lines(text)
    parts, done = [HEAD], 0
    for first, last, inside in blocks(lines, found):
        parts.append(text[lines.starts[done]:lines.starts[first]])
        word = "if"
        for one in inside:
            parts += [f"#{word} DMAMAP_MUTANT == {one.id}\n",
                      f"#line {first + 1}\n",
                      _whole(lines.cut(first, last, one))]
            word = "elif"
        parts += ["#else\n", f"#line {first + 1}\n",
                  _whole(lines.cut(first, last)), "#endif\n",
                  f"#line {last + 2}\n"]
        done = last + 1
    parts.append(text[lines.starts[done]:])
    return "".join(parts)


def _whole(text):
    return text if text.endswith("\n") else text + "\n"


def write(folder, texts, found):
    """Writes the woven sources; files that do not change keep their time."""
    for name, text in texts.items():
        path = folder / name
        woven = weave(text, [m for m in found if m.file == name])
        if path.exists() and path.read_text(encoding="utf-8") == woven:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(woven, encoding="utf-8")


def all_mutants(texts, only=None):
    """Hand-written and generated ones, or only those."""
    found = []
    if only != "mechanical":
        found += mutants.hand_written(texts)
    if only != "hand":
        found += generate.mechanical(texts)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write")
    parser.add_argument("--only", choices=("hand", "mechanical"))
    args = parser.parse_args()
    try:
        texts = mutants.sources()
        found = all_mutants(texts, args.only)
        write(args.folder, texts, found)
    except Stop as error:
        print(f"weave: {error}", file=sys.stderr)
        return 1
    print(f"{len(found)} mutants in {len(texts)} files below {args.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
