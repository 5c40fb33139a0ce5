# SPDX-License-Identifier: GPL-2.0
"""Figures: the line through them, and what is said about them."""

import unittest

import common
from report import figures
from run import qemu

GOOD = {
    "clock.exact": 1, "error": 0,
    "warm.1.layer": 20, "warm.1.stock": 1000,
    "cold.1.frames": 64, "cold.1.flips": 1, "cold.1.purges": 2,
    "cold.1.layer": 16400, "cold.1.stock": 1000,
    "cold.128.frames": 128, "cold.128.flips": 1, "cold.128.purges": 2,
    "cold.128.layer": 22800,
    "map.layer.faults": 1, "map.layer.instructions": 50000,
    "map.single.instructions": 400000, "map.remap.instructions": 47000,
}


def of(board=common.TWO, **changed):
    values = dict(GOOD)
    values.update({key.replace("_", "."): value
                   for key, value in changed.items()})
    return figures.Figures(board, {f"figures.{key}": str(value)
                                   for key, value in values.items()})


def missed(found):
    return [sentence for good, sentence in found.verdicts() if not good]


class Fit(unittest.TestCase):
    def test_a_line_is_found(self):
        line = figures.fit([(n, 1000 + 7 * n) for n in (1, 2, 64, 2048)])
        self.assertAlmostEqual(line.fixed, 1000, places=3)
        self.assertAlmostEqual(line.each, 7, places=6)
        self.assertAlmostEqual(line.worst, 0, places=6)

    def test_a_point_beside_it_shows(self):
        line = figures.fit([(1, 100), (2, 200), (3, 300), (4, 500)])
        self.assertGreater(line.worst, 0.03)


class Verdicts(unittest.TestCase):
    def test_good(self):
        self.assertEqual(missed(of()), [])
        self.assertEqual(of().flips(), [(64, 16400), (128, 22800)])
        self.assertEqual(of().sizes("cold"), [1, 128])
        self.assertIsNone(of().ratio("cold", 128))

    def test_ceilings_are_of_the_board(self):
        self.assertEqual(len(missed(of(warm_1_layer=21))), 1)
        self.assertEqual(missed(of(board=common.SNOOPS, warm_1_layer=21)), [])

    def test_a_goal_that_is_missed_is_said(self):
        self.assertIn("reached", of().verdicts()[0][1])
        self.assertIn("MISSED", of(board=common.SNOOPS, warm_1_layer=1700)
                      .verdicts()[0][1])

    def test_two_purges_a_flip(self):
        self.assertIn("[128]", missed(of(cold_128_purges=3))[0])

    def test_what_touching_a_mapping_may_cost(self):
        self.assertIn("17 faults", missed(of(board=common.SNOOPS, map_layer_faults=17))[0])
        self.assertEqual(missed(of(map_layer_faults=17)), [])
        self.assertIn("33 faults", missed(of(map_layer_faults=33))[0])
        self.assertIn("one page a fault", missed(of(map_single_instructions=300000))[0])
        self.assertIn("remap", missed(of(map_remap_instructions=45000))[0])
        self.assertIn("not mapped", missed(of(map_layer_instructions=0))[0])

    def test_a_clock_that_counts_no_instructions(self):
        self.assertIn("clock", missed(of(clock_exact=0))[0])

    def test_nothing_measured(self):
        self.assertEqual(len(missed(figures.Figures(common.TWO, {}))), 1)
        self.assertEqual(len(missed(of(error=-12))), 1)


class Repeats(unittest.TestCase):
    def test_a_second_boot_is_the_same(self):
        self.assertEqual(of().unlike(of()), [])
        self.assertEqual(of().unlike(of(warm_1_layer=21)), ["warm.1.layer"])

    def test_nothing_may_be_missing(self):
        less = of()
        del less.values["error"]
        self.assertEqual(of().unlike(less), ["error"])
        self.assertEqual(less.unlike(of()), ["error"])

    def test_a_clock_that_tells_the_time_of_the_host(self):
        board = of(board=common.INSIDE)
        self.assertEqual(board.unlike(of(warm_1_layer=84)), [])
        self.assertEqual(board.unlike(of(warm_1_layer=85)), ["warm.1.layer"])
        large = of(board=common.INSIDE, warm_1_layer=100_000)
        self.assertEqual(large.unlike(of(warm_1_layer=100_500)), [])
        self.assertEqual(large.unlike(of(warm_1_layer=100_501)),
                         ["warm.1.layer"])


class Command(unittest.TestCase):
    def test_the_clock_counts_only_when_asked(self):
        board = common.SNOOPS
        plain = qemu.command(board, common.BOARD_DIR, "k", "i", "c")
        exact = qemu.command(board, common.BOARD_DIR, "k", "i", "c",
                             exact=qemu.EXACT)
        self.assertNotIn("-icount", plain)
        self.assertIn("-icount", exact)


if __name__ == "__main__":
    unittest.main()
