# SPDX-License-Identifier: GPL-2.0
"""What the runner reads out of a console."""

import unittest

import common  # noqa: F401  (sets the path)
from run.console import Console


def console_of(text):
    found = Console()
    for line in text.strip().splitlines():
        found.take(line + "\r\n")
    return found


class Values(unittest.TestCase):
    def test_values(self):
        got = console_of("@dmamap stats.regions 7\n[    1.5] @dmamap kernel x y")
        self.assertEqual(got.values, {"stats.regions": "7", "kernel": "x y"})
        self.assertIsNone(got.code)

    def test_done(self):
        self.assertEqual(console_of("@dmamap done 3").code, 3)

    def test_wants(self):
        self.assertEqual(console_of("@dmamap want kill-model").wants,
                         ["kill-model"])

    def test_find(self):
        got = console_of("[  0.1] dmamap: strategy highmem: no highmem")
        self.assertEqual(got.find("strategy highmem"),
                         "dmamap: strategy highmem: no highmem")
        self.assertIsNone(got.find("strategy purge"))


class Faults(unittest.TestCase):
    def test_faults(self):
        for line in ("Kernel panic - not syncing: x",
                     "[    1.123456] WARNING: CPU: 0 PID: 1 at mm/x.c:1",
                     "BUG: unable to handle page fault", "Oops: 0000 [#1]",
                     "[    0.5][    T1] Internal error: Oops: 5 [#1] SMP",
                     "Kernel Fault: Code=26 (Data memory access rights trap)",
                     "turning off the locking correctness validator.",
                     "BUG: KASAN: use-after-free in x"):
            self.assertEqual(len(console_of(line).faults), 1, line)

    def test_no_faults(self):
        for line in ("mtrr: your CPUs had inconsistent settings",
                     "ok 1 - a WARNING: that a test talks about",
                     "Speculative Store Bypass: Vulnerable",
                     "Kernel command line: panic=-1"):
            self.assertEqual(console_of(line).faults, [], line)


class Tap(unittest.TestCase):
    GOOD = """
        @dmamap test a_test
        TAP version 13
        1..3
        ok 1 - one
        ok 2 - two # SKIP no such board
        not ok 3 - three
        @dmamap rc a_test 1
    """

    def program(self, text):
        text = "\n".join(line.strip() for line in text.splitlines())
        return console_of(text).programs[0]

    def test_counts(self):
        got = self.program(self.GOOD)
        self.assertEqual((got.passed, got.failed, len(got.skipped)),
                         (["one"], ["three"], 1))
        self.assertEqual(list(got.complaints()), [])

    def test_comment_belongs_to_the_failure(self):
        got = self.program(self.GOOD.replace(
            "not ok 3 - three", "not ok 3 - three\n# expected 0, got EIO"))
        self.assertEqual(got.failed, ["three (expected 0, got EIO)"])

    def test_too_few(self):
        got = self.program(self.GOOD.replace("ok 1 - one\n", "\n"))
        self.assertEqual(list(got.complaints()), ["a_test: 2 results, 3 planned"])

    def test_no_plan(self):
        got = self.program(self.GOOD.replace("1..3", ""))
        self.assertEqual(list(got.complaints()), ["a_test: no TAP plan"])

    def test_did_not_end(self):
        got = self.program(self.GOOD.replace("@dmamap rc a_test 1", ""))
        self.assertEqual(list(got.complaints()), ["a_test: did not end"])

    def test_crash_after_last_result(self):
        text = self.GOOD.replace("not ok 3", "ok 3").replace("a_test 1",
                                                             "a_test 139")
        self.assertEqual(list(self.program(text).complaints()),
                         ["a_test: exit code 139"])

    def test_kernel_talk_between_results(self):
        text = self.GOOD.replace("1..3", "1..3\n[  1.0] hca: ok 9 - not TAP")
        self.assertEqual(len(self.program(text).passed), 1)


if __name__ == "__main__":
    unittest.main()
