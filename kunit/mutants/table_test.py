#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tables that do not fit their source are errors that say what is wrong."""

import tempfile
import unittest
from pathlib import Path

import generate
import killers
import mutant as mutants
import weave
from mutant import Stop

TEXTS = {"dma/core/x.h": "f(a);\ng(b);\nf(a);\nh(c);\n"}


def entry(**changes):
    """A mutant of a table, as TOML."""
    values = {"id": 1, "file": "dma/core/x.h", "what": "w", "old": "g(b)",
              "new": "g(c)", "killed_by": ""} | changes
    lines = [f"{key} = {value if key == 'id' else repr(value)}"
             for key, value in values.items() if value is not None]
    return "[[mutant]]\n" + "\n".join(lines) + "\n"


class Table(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name)

    def read(self, *entries):
        (self.folder / "a.toml").write_text("".join(entries), encoding="utf-8")
        return mutants.hand_written(TEXTS, self.folder)

    def expect_stop(self, words, *entries):
        with self.assertRaisesRegex(Stop, words):
            self.read(*entries)

    def test_right_entry(self):
        one, = self.read(entry())
        self.assertEqual(one.apply(TEXTS[one.file]), "f(a);\ng(c);\nf(a);\nh(c);\n")
        self.assertEqual(one.line(TEXTS[one.file]), 2)
        self.assertEqual(one.change(TEXTS[one.file]), ("g(b);", "g(c);"))

    def test_old_text_missing(self):
        self.expect_stop("mutant 1: its old text is not in the file", entry(old="x"))
        self.expect_stop("not in the file", entry(old=""))

    def test_old_text_not_unique(self):
        self.expect_stop("mutant 1: 2 places have its old text", entry(old="f(a)"))

    def test_after_chooses_a_place(self):
        one, = self.read(entry(old="f(a)", new="", after="g(b)"))
        self.assertEqual(one.line(TEXTS[one.file]), 3)
        self.expect_stop("2 places have its text 'after'", entry(after="f(a)"))
        self.expect_stop("not in the file", entry(old="g(b)", after="h(c)"))

    def test_keys(self):
        self.expect_stop("has no new", entry(new=None))
        self.expect_stop("has unknown whta", entry(whta="x"))

    def test_numbers(self):
        self.expect_stop("taken by another", entry(), entry())
        for number in (0, 1000):
            self.expect_stop("numbers go from 1 to 999", entry(id=number))

    def test_other_mistakes(self):
        self.expect_stop("no source that is mutated", entry(file="dma/glue/user/vma.c"))
        self.expect_stop("changes nothing", entry(new="g(b)"))
        self.expect_stop("a.toml", "[[mutant]\n")

    def test_killers_are_recorded(self):
        self.read(entry(), "# a comment\n", entry(id=2))
        path = self.folder / "a.toml"
        before = path.read_text(encoding="utf-8").replace("''", '""')
        path.write_text(before, encoding="utf-8")
        self.assertEqual(mutants.record_killers({2: "T.One"}, self.folder), 1)
        self.assertEqual(mutants.record_killers({2: "T.One"}, self.folder), 0)
        self.assertEqual(path.read_text(encoding="utf-8").count("T.One"), 1)
        found = mutants.hand_written(TEXTS, self.folder)
        self.assertEqual([one.killed_by for one in found], ["", "T.One"])


class Equivalent(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.path = Path(place.name) / "equivalent.toml"
        self.found = generate.mechanical({"dma/core/x.h": "int f()\n{\n\tg(1);\n}\n"})
        self.texts = {"dma/core/x.h": "int f()\n{\n\tg(1);\n}\n"}

    def write(self, new, count=1):
        self.path.write_text(
            f"[[equivalent]]\nfile = 'dma/core/x.h'\nold = 'g(1);'\nnew = '{new}'\n"
            "why = 'because'\n" * count, encoding="utf-8")

    def test_found_by_what_it_changes(self):
        self.write("g(2);")
        entries = mutants.Equivalents(self.path)
        named = [one for one in self.found if entries.find(one, self.texts)]
        self.assertEqual([one.what for one in named], ["2 for 1"])
        self.assertEqual(entries.unknown(self.found, self.texts), [])

    def test_entry_without_mutant(self):
        self.write("g(7);")
        entries = mutants.Equivalents(self.path)
        self.assertEqual(len(entries.unknown(self.found, self.texts)), 1)

    def test_entry_twice(self):
        self.write("g(2);", count=2)
        with self.assertRaisesRegex(Stop, "same change"):
            mutants.Equivalents(self.path)


class Real(unittest.TestCase):
    """The tables of the repository."""

    def setUp(self):
        self.texts = mutants.sources()

    def test_enough_hand_written_mutants(self):
        found = mutants.hand_written(self.texts)
        self.assertGreaterEqual(len(found), 75)
        changed = {(one.file, one.apply(self.texts[one.file])) for one in found}
        self.assertEqual(len(changed), len(found))

    def test_every_equivalent_names_a_mutant(self):
        everything = weave.all_mutants(self.texts)
        unknown = mutants.Equivalents().unknown(everything, self.texts)
        self.assertEqual([entry["new"] for entry in unknown], [])

    def test_killers_know_the_files_that_they_are_for(self):
        with tempfile.TemporaryDirectory() as folder:
            tree = killers.Tree(Path(folder), self.texts)
            killers_of, _ = killers.table(("tests",))
            for file in self.texts:
                for killer in killers_of(file):
                    self.assertIn(file, tree.closure(killer.source), killer.name)


if __name__ == "__main__":
    unittest.main()
