#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What killers say is read, remembered, counted and judged right."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import killers
import meter
import mutant as mutants
import verdicts
from killers import Verdict
from mutant import Mutant

GTEST = """\
[ RUN      ] FlipTest/arm.Order
[       OK ] FlipTest/arm.Order (0 ms)
[ RUN      ] FlipTest/x86.Order
a.cc:1: Failure
[  FAILED  ] FlipTest/x86.Order, where TypeParam = Board<Unmap> (1 ms)
[ RUN      ] LayerTest.Undo
[  FAILED  ] LayerTest.Undo (0 ms)
[  FAILED  ] 2 tests, listed below:
[  FAILED  ] FlipTest/x86.Order, where TypeParam = Board<Unmap>
[  FAILED  ] LayerTest.Undo
"""
CRASH = """\
[ RUN      ] FlipTest/arm.Order
[       OK ] FlipTest/arm.Order (0 ms)
[ RUN      ] FlipTest/arm.Bytes
"""
TEXTS = {"dma/core/x.h": "g(1);\n"}


def hand(killed_by=""):
    return Mutant(1, "dma/core/x.h", 2, 3, "7", "w", killed_by)


def generated(new="2"):
    return Mutant(1000, "dma/core/x.h", 2, 3, new, "w")


class Checks(unittest.TestCase):
    def setUp(self):
        killers_of, _ = killers.table(("tests",))
        self.killer = killers_of("dma/core/flip.h")[0]

    def test_failed_tests(self):
        self.assertEqual(self.killer.checks(GTEST), ["FlipTest.Order", "LayerTest.Undo"])

    def test_crash_is_the_test_that_ran(self):
        self.assertEqual(self.killer.checks(CRASH), ["FlipTest.Bytes"])

    def test_nothing_said(self):
        self.assertEqual(self.killer.checks(""), ["flip_test"])

    def test_judge(self):
        self.assertEqual(killers.JUDGE.checks(
            "highmem on arm, 1 frames  9 states  0.1 s  I1\n  I1: an alias\n    step\n"),
            ["I1"])
        self.assertEqual(killers.JUDGE.checks("crash"), ["judge"])


class Programs(unittest.TestCase):
    def test_exit_status(self):
        self.assertEqual(self.run_for(5, ":"), (False, ""))
        self.assertEqual(self.run_for(5, "echo a; exit 3"), (True, "a\n"))
        self.assertTrue(self.run_for(5, "kill -SEGV $$")[0])

    @staticmethod
    def run_for(seconds, script):
        return killers._run(["sh", "-c", script], seconds)

    def test_program_that_sleeps(self):
        self.addCleanup(setattr, killers, "PATIENCE", killers.PATIENCE)
        killers.PATIENCE = 0.05
        found = self.run_for(20, "echo begun; exec sleep 60")
        self.assertEqual(found, (True, "begun\n"))

    def test_program_that_loops(self):
        found = self.run_for(1, "echo begun; while :; do :; done")
        self.assertEqual(found, (True, "begun\n"))


class Memory(unittest.TestCase):
    def test_survives_an_interruption(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "verdicts.jsonl"
            verdicts.Memory(path).add("k1", Verdict("killed", ["A.B"], 1.5))
            with open(path, "a", encoding="utf-8") as file:
                file.write('{"key": "k2", "sta')
            verdicts.Memory(path).add("k3", Verdict("survived", [], 2.0))
            memory = verdicts.Memory(path)
            self.assertEqual(memory.find("k1"), Verdict("killed", ["A.B"], 1.5))
            self.assertIsNone(memory.find("k2"))
            self.assertEqual(memory.find("k3"), Verdict("survived", [], 2.0))


class Keys(unittest.TestCase):
    """A verdict is remembered for what it depends on, and for no more."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.texts = mutants.sources()
        self.tree = killers.Tree(Path(place.name), self.texts)
        self.tree._key = "compiler"
        killers_of, _ = killers.table(("tests",))
        self.resolve = killers_of("dma/core/region.h")[0]

    def key(self, file, number=1, new="x"):
        return self.tree.key(self.resolve, Mutant(number, file, 0, 0, new, ""))

    def test_numbers_do_not_count(self):
        self.assertEqual(self.key("dma/core/region.h", 1), self.key("dma/core/region.h", 2))

    def test_changes_count(self):
        keys = {self.key("dma/core/region.h", new=new) for new in "xyz"}
        keys.add(self.tree.key(self.resolve, None))
        self.assertEqual(len(keys), 4)

    def test_comments_do_not_count(self):
        self.assertEqual(self.key("dma/core/region.h", new="/* a // b */"),
                         self.key("dma/core/region.h", new="\n// c\n"))
        self.assertEqual(mutants.bare('x = "//"; // y\n'), 'x = "//";')

    def test_files_that_a_killer_does_not_see(self):
        self.assertIsNone(self.key("dma/core/user_map.h"))


class Report(unittest.TestCase):
    def report(self, mutant, state, checks=(), equivalent="", names=True):
        result = verdicts.Result(mutant, state, list(checks))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "equivalent.toml"
            path.write_text(equivalent, encoding="utf-8")
            return verdicts.Report([result], TEXTS, mutants.Equivalents(path),
                                   [mutant], names)

    EXPLAINED = ("[[equivalent]]\nfile = 'dma/core/x.h'\nold = 'g(1);'\n"
                 "new = 'g(2);'\nwhy = 'because'\n")

    def test_hand(self):
        self.assertEqual(self.report(hand("A.B"), "killed", ["C.D", "A.B"]).errors(), [])
        for state, checks in (("survived", []), ("not compiled", []),
                              ("killed", ["C.D"])):
            self.assertEqual(len(self.report(hand("A.B"), state, checks).errors()), 1)
        self.assertEqual(self.report(hand(), "killed", ["C.D"], names=False).errors(), [])

    def test_recorded_check_is_kept_if_it_still_kills(self):
        report = self.report(hand("A.B"), "killed", ["C.D", "A.B"])
        self.assertEqual(report.killers(), {1: "A.B"})
        report = self.report(hand("X.Y"), "killed", ["C.D", "A.B"])
        self.assertEqual(report.killers(), {1: "C.D"})

    def test_mechanical(self):
        self.assertEqual(self.report(generated(), "killed", ["A.B"]).errors(), [])
        self.assertEqual(self.report(generated(), "not compiled").errors(), [])
        # No reason, and less than 95 %.
        self.assertEqual(len(self.report(generated(), "survived").errors()), 2)

    def test_equivalents(self):
        only_percent = self.report(generated(), "survived", (), self.EXPLAINED).errors()
        self.assertEqual(len(only_percent), 1)
        self.assertIn("0.0 %", only_percent[0])
        killed = self.report(generated(), "killed", ["A.B"], self.EXPLAINED).errors()
        self.assertIn("nothing can kill it", killed[0])
        stale = self.report(generated("3"), "killed", ["A.B"], self.EXPLAINED).errors()
        self.assertIn("names no mutant", stale[0])

    def test_summary(self):
        self.assertEqual(self.report(hand(), "killed", ["A.B"]).summary(),
                         "hand: 1 of 1 killed; survivors: none")
        self.assertEqual(self.report(generated(), "survived").summary(),
                         "mechanical: 0 of 1 killed (0.0 %), 0 did not compile; "
                         "survivors: 1000")


class Progress(unittest.TestCase):
    def test_survivor_is_named_at_once(self):
        shown = meter.Meter(2)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            shown.step(verdicts.Result(hand(), "killed", ["A.B"]))
            shown.step(verdicts.Result(generated()))
        self.assertEqual(said.getvalue(), "  survivor 1000 dma/core/x.h: w\n")


if __name__ == "__main__":
    unittest.main()
