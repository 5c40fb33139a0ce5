# SPDX-License-Identifier: GPL-2.0
"""What is counted of the judge's output."""

import contextlib
import io
import unittest

import common  # noqa: F401  (sets the path)
from host import judge

GOOD = ("unmap on worst, 2 frames of 2 lines, region of 2, eager"
        "           0.2 M states    0.7 s  kept")
BAD = ("unmap on worst, 1 frames of 2 lines, region of 1"
       "           5545 states    0.0 s  I2")
SHORT = ("unmap on worst, 2 frames of 2 lines, region of 2, eager"
         "           9.9 M states    0.7 s  NO ROOM, see --memory")


def score(lines, code):
    with contextlib.redirect_stdout(io.StringIO()):
        return judge.score_of(lines, code)


class JudgeTest(unittest.TestCase):
    def test_a_search_that_kept_all_rules_has_passed(self):
        found = score([GOOD, "... 1 of 2 searches, 3 states", GOOD,
                       "2 searches, 0.4 M distinct states, 1 s: fine"], 0)
        self.assertEqual((found.passed, found.failures), (2, []))

    def test_a_broken_rule_and_a_search_cut_short_have_failed(self):
        found = score([GOOD, BAD, "  I2: a line", SHORT], 1)
        self.assertEqual((found.passed, len(found.failures)), (1, 2))

    def test_a_crash_is_a_failure(self):
        self.assertEqual(len(score([GOOD], 139).failures), 1)

    def test_nothing_is_a_failure(self):
        self.assertEqual(len(score([], 0).failures), 1)
