# SPDX-License-Identifier: GPL-2.0
"""What is asked of a boot in which the strategy can't be kept."""

import dataclasses
import unittest
from unittest import mock

from common import SNOOPS, TWO, Refusal
import suites
from base import boards
from run.console import Console

STATS = {"regions": 0, "frames_coherent": 0, "frames_in_pool": 0,
         "frames_flipped": 0, "quarantined": 0, "allocations_refused": 4,
         "step_take_pages": 0, "step_give_pages": 0}


def console(log, values=(), stats=()):
    """A console as it should be, but for what is given."""
    found = Console()
    found.take(f"[    0.1] dmamap: strategy unmap {log}")
    found.values.update({
        "strategy": "unmap: can't be kept: there is no contiguous memory (CMA)",
        "hca_open": "No such file or directory",
        "xray.layer.4096": "refused -19", "xray.layer.65536": "refused -19",
        "xray.stock.4096": "256 1 0"})
    found.values.update({f"stats.{key}": str(value) for key, value
                         in {**STATS, **dict(stats)}.items()})
    found.values.update(dict(values))
    return found


REFUSED = "can't be kept on this board: there is no contiguous memory (CMA); give"


def failures(log=REFUSED, values=(), stats=()):
    refusal = boards.refusals_of(TWO, "unmap")[0]
    return [sentence for good, sentence in suites.refusal_verdicts(
        refusal, console(log, values, stats)) if not good]


class RefusalTest(unittest.TestCase):
    def test_boots_the_row_that_it_changes(self):
        rows = []

        def boot(row, *_, **__):
            rows.append(row.cmdline)
            return mock.Mock(run=lambda: mock.Mock(console=console(REFUSED),
                                                   label="boot", reasons=lambda: ""))

        board = dataclasses.replace(TWO, refusals=(
            Refusal("unmap", "other", "", "contiguous memory", {"cmdline": "else"}),))
        with mock.patch("suites.Boot", boot), mock.patch("suites.say"):
            score = suites.refusals(board, mock.Mock(strategy="unmap"))
        self.assertEqual(rows, ["else"])
        self.assertEqual(score.failures, [])

    def test_as_it_should_be(self):
        self.assertEqual(failures(), [])

    def test_each_strategy_has_its_own(self):
        names = {strategy: [each.name for each
                            in boards.refusals_of(TWO, strategy)]
                 for strategy in (None, "highmem", "unmap")}
        self.assertEqual(names[None], ["no-cma", "no-highmem"])
        self.assertEqual(names["highmem"], names[None])
        self.assertEqual(names["unmap"], ["no-cma"])
        self.assertEqual(boards.refusals_of(SNOOPS, None), [])

    def test_the_log(self):
        self.assertIn("in the log", failures("it leaves the linear map")[0])
        self.assertIn("in the log", failures(
            "can't be kept on this board: contiguous memory (CMA) lies in highmem")[0])

    def test_debugfs(self):
        kept = {"strategy": "unmap: it is kept"}
        self.assertIn("debugfs", failures(values=kept)[0])

    def test_a_fallback(self):
        works = {"hca_open": "works"}
        self.assertIn("absent: works", failures(values=works)[0])
        for answer in ("refused -12", "4096 0 0"):
            said = failures(values={"xray.layer.4096": answer})
            self.assertIn("ENODEV", said[0])

    def test_leaks(self):
        for key, value in (("regions", 1), ("frames_coherent", 64),
                           ("frames_in_pool", 1), ("frames_flipped", 64),
                           ("quarantined", 1), ("step_take_pages", 64),
                           ("allocations_refused", 0)):
            said = failures(stats={key: value})
            self.assertIn("left behind", "".join(said), key)

    def test_nothing_was_asked(self):
        empty = Console()
        refusal = TWO.refusals[0]
        verdicts = list(suites.refusal_verdicts(refusal, empty))
        self.assertFalse(any(good for good, _ in verdicts))
