#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Woven text gives every mutant, and the original, to a preprocessor."""

import subprocess
import tempfile
import unittest
from pathlib import Path

import mutant as mutants
import weave
from mutant import Mutant

TEXT = """\
// one
int a = 1;
int b = 2;
int c = 3;
int d = 4;
"""


def change(number, text, old, new):
    start = text.index(old)
    return Mutant(number, "x.h", start, start + len(old), new, "")


def preprocess(text, number=None):
    """What the compiler sees, without its line markers."""
    command = ["g++", "-E", "-P", "-x", "c++", "-"]
    if number is not None:
        command.append(f"-DDMAMAP_MUTANT={number}")
    done = subprocess.run(command, input=text, text=True, capture_output=True,
                          check=True)
    return mutants.words(done.stdout)


class Weave(unittest.TestCase):
    def expect_all(self, text, found):
        """Each number gives its mutant; 0, others and none the original."""
        woven = weave.weave(text, found)
        for one in found:
            self.assertEqual(preprocess(woven, one.id),
                             preprocess(one.apply(text)), one)
        for number in (None, 0, 999999):
            self.assertEqual(preprocess(woven, number), preprocess(text))
        return woven

    def test_one_line_each(self):
        woven = self.expect_all(TEXT, [change(1, TEXT, "a = 1", "a = 7"),
                                       change(2, TEXT, "d = 4", "d = 7")])
        self.assertEqual(woven.count("#if DMAMAP_MUTANT"), 2)

    def test_same_line(self):
        woven = self.expect_all(TEXT, [change(1, TEXT, "a = 1", "a = 7"),
                                       change(2, TEXT, "int a", "long a"),
                                       change(3, TEXT, "int a = 1;\n", "")])
        self.assertEqual(woven.count("#if DMAMAP_MUTANT"), 1)

    def test_overlapping_ranges_are_one_block(self):
        chain = [change(1, TEXT, "1;\nint b", "1, b"),
                 change(2, TEXT, "2;\nint c", "2, c"),
                 change(3, TEXT, "c = 3", "c = 7"),
                 change(4, TEXT, "a = 1", "a = 7")]
        lines = weave.Lines(TEXT)
        self.assertEqual(weave.blocks(lines, chain)[0][:2], (1, 3))
        self.assertEqual([m.id for m in weave.blocks(lines, chain)[0][2]],
                         [1, 2, 3, 4])
        self.expect_all(TEXT, chain)

    def test_neighbours_are_two_blocks(self):
        found = [change(1, TEXT, "a = 1", "a = 7"), change(2, TEXT, "b = 2", "b = 7")]
        self.assertEqual(len(weave.blocks(weave.Lines(TEXT), found)), 2)
        self.expect_all(TEXT, found)

    def test_range_inside_of_another(self):
        self.expect_all(TEXT, [change(1, TEXT, TEXT[TEXT.index("int a"):], "int z;\n"),
                               change(2, TEXT, "b = 2", "b = 7"),
                               change(3, TEXT, "d = 4", "d = 7")])

    def test_first_and_last_line(self):
        text = "int a;\nint b;"      # no newline at the end
        self.expect_all(text, [change(1, text, "a", "c"), change(2, text, "b", "d")])

    def test_macros_and_comments_stay_whole(self):
        text = ("#define TWICE(x)\t\\\n\tdo {\t\\\n\t\tx; x;\t\\\n\t} while (0)\n"
                "int f()\n{\n\tTWICE(g());\n\t/* a long\n\t   comment */ h();\n}\n")
        found = [change(1, text, "x; x;", "x;"), change(2, text, "h()", "i()"),
                 change(3, text, "TWICE(g());\n\t/* a", "/* b")]
        self.expect_all(text, found)
        self.assertEqual(weave.blocks(weave.Lines(text), found)[0][:2], (0, 3))

    def test_lines_keep_their_numbers(self):
        found = [change(1, TEXT, "a = 1", "a = 7,\nx = 8"), change(2, TEXT, "c = 3", "")]
        text = TEXT + "int e = __LINE__;\n"
        for number in (0, 1, 2):
            self.assertIn("e = 6", preprocess(weave.weave(text, found), number))

    def test_whole_layer(self):
        texts = mutants.sources()
        found = weave.all_mutants(texts)
        with tempfile.TemporaryDirectory() as folder:
            weave.write(Path(folder), texts, found)
            for name, text in texts.items():
                woven = (Path(folder) / name).read_text(encoding="utf-8")
                self.assertEqual(woven.count("#if DMAMAP_MUTANT =="),
                                 woven.count("#endif") - 1, name)
                self.assertEqual(sum(one.file == name for one in found),
                                 woven.count("DMAMAP_MUTANT =="), name)
                self.assertNotIn("DMAMAP_MUTANT", text, name)


if __name__ == "__main__":
    unittest.main()
