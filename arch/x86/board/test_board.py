# SPDX-License-Identifier: GPL-2.0
"""What the row must say; kunit/board/selftest/test_machines.py runs this."""

import unittest

from base import boards

ROW = boards.find("x86")


class Row(unittest.TestCase):
    def test_stock_takes_every_device_for_a_snooping_one(self):
        self.assertIsNone(ROW.stock_aliases)

    def test_one_fault_for_two_mebibytes(self):
        self.assertEqual(ROW.limits.map_faults, 1)

    def test_the_strategy_can_always_be_kept(self):
        self.assertEqual(boards.refusals_of(ROW, None), [])

    def test_a_second_boot_measures_the_same(self):
        self.assertEqual(ROW.limits.slack, (0, 0))
