# SPDX-License-Identifier: GPL-2.0
"""What a fabric run makes of what its boards say."""

import contextlib
import io
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

import common
from base.paths import Stop
from run import fabric
from run.console import Console


class Pretended:
    """A boot that says some lines and ends, or is stopped."""

    def __init__(self, lines, errors=(), forever=False):
        self.lines, self.errors, self.forever = lines, [], forever
        self.console, self._bad = Console(), errors
        self.stopped = threading.Event()
        self.label = "pretended"

    def run(self):
        for line in self.lines:
            self.console.take(line)
        self.errors += self._bad
        if self.forever:
            self.stopped.wait()

    def stop(self):
        self.stopped.set()

    def ok(self):
        return not self.errors

    def reasons(self):
        return "; ".join(self.errors)

    def show_failure(self):
        print("failure shown")


def lines(dest, received=10, corrupt=0):
    return [f"@dmamap fabric.{source}.{dest} {received} {corrupt} 99"
            for source in (1, 2, 3) if source != dest]


class Run(unittest.TestCase):
    def failures(self, boots):
        """What make check says of a run."""
        self.run_with(boots)
        return [sentence for good, sentence in self.made.verdicts() if not good]

    def run_with(self, boots):
        with tempfile.TemporaryDirectory() as place, \
                mock.patch("base.boards.BOARDS", common.TABLE):
            made = fabric.Fabric([_Bundle()] * 3, Path(place), 10, 0)
        made.boots = boots
        made.pairs = [fabric.Pair(boots[p.dest], p.source, p.dest)
                      for p in made.pairs]
        self.made = made
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            good = made.run()
        return good, out.getvalue()

    def test_good(self):
        good, text = self.run_with([Pretended(lines(n)) for n in (1, 2, 3)])
        self.assertTrue(good)
        self.assertIn("6 pairs, 60 of 60 messages, 0 corrupt", text)
        self.assertIn("eniac->vax", text)

    def test_lost(self):
        boots = [Pretended(lines(n)) for n in (1, 2)]
        good, text = self.run_with(boots + [Pretended(lines(3, received=9))])
        self.assertFalse(good)
        self.assertIn("58 of 60", text)

    def test_corrupt(self):
        boots = [Pretended(lines(n)) for n in (1, 2)]
        good, text = self.run_with(boots + [Pretended(lines(3, corrupt=1))])
        self.assertFalse(good)
        self.assertIn("2 corrupt", text)

    def test_silent(self):
        good, text = self.run_with([Pretended([]) for _ in range(3)])
        self.assertFalse(good)
        self.assertIn("0 of 60", text)

    def test_each_pair_counts(self):
        good = [Pretended(lines(n)) for n in (1, 2)]
        self.assertEqual(self.failures(good + [Pretended(lines(3))]), [])
        self.assertEqual(len(list(self.made.verdicts())), 9)
        self.assertEqual(self.failures(good + [Pretended(lines(3, received=9))]),
                         ["eniac->vax: 9 of 10, 0 corrupt",
                          "zuse->vax: 9 of 10, 0 corrupt"])
        self.assertEqual(self.failures(good + [Pretended(lines(3), ["panic"])]),
                         ["pretended: panic"])

    def test_one_fails_and_the_others_are_stopped(self):
        boots = [Pretended(lines(n), forever=True) for n in (1, 2)]
        start = time.monotonic()
        good, text = self.run_with(boots + [Pretended(lines(3), ["panic"])])
        self.assertFalse(good)
        self.assertIn("failure shown", text)
        self.assertLess(time.monotonic() - start, 300)
        self.assertTrue(all(boot.stopped.is_set() for boot in boots))


class _Bundle:
    strategy = None
    config = "default"
    slower = 1


class Arguments(unittest.TestCase):
    def test_numbers(self):
        self.assertEqual(fabric.number("MESSAGES", "7", 9), 7)
        for text in ("", "-1", "x", "10"):
            with self.assertRaises(Stop):
                fabric.number("MESSAGES", text, 9)

    def test_no_messages(self):
        with self.assertRaises(Stop):
            fabric.run([], Path("/"), "0", "0")

    def test_faults(self):
        self.assertNotIn("--drop", fabric.options(Path("/p"), 2, 0))
        found = fabric.options(Path("/p"), 2, 5)
        self.assertEqual(found[:4], ["--fabric", "/p", "--node", "2"])
        self.assertEqual(found[4:], ["--drop", "5", "--corrupt", "5",
                                     "--duplicate", "5"])


if __name__ == "__main__":
    unittest.main()
