# SPDX-License-Identifier: GPL-2.0
"""What the row must say; kunit/board/selftest/test_machines.py runs this."""

import dataclasses
import unittest

from base import boards

LOWMEM_ENDS = 0x5f000000

ROW = boards.find("arm")


class Row(unittest.TestCase):
    def test_each_strategy_has_boots_of_its_own(self):
        names = {strategy: [each.name for each in boards.refusals_of(ROW, strategy)]
                 for strategy in (None, "highmem", "unmap")}
        self.assertEqual(names[None], ["no-cma", "no-highmem", "cma-straddles"])
        self.assertEqual(names["highmem"], names[None])
        self.assertEqual(names["unmap"], ["no-cma", "cma-in-highmem", "cma-straddles"])

    def test_contiguous_memory_that_straddles_has_no_other_place(self):
        for refusal in ROW.refusals:
            if refusal.changes:
                row = dataclasses.replace(ROW, **refusal.changes)
                self.assertNotIn("cma=", boards.cmdline_of(row, refusal.strategy))
                (at, size), = row.device_tree.contiguous
                self.assertLess(at, LOWMEM_ENDS)
                self.assertLess(LOWMEM_ENDS, at + size)

    def test_unmap_has_its_frames_in_lowmem(self):
        self.assertTrue(boards.cmdline_of(ROW, "unmap").endswith("cma=64M@0x58000000"))
        self.assertNotIn("@0x58000000", boards.cmdline_of(ROW, None))

    def test_stock_has_aliases_where_there_is_no_contiguous_memory(self):
        self.assertEqual(ROW.stock_aliases, "cma=0")

    def test_no_device_snoops(self):
        self.assertIn("dma-coherent", ROW.device_tree.without)

    def test_a_second_boot_measures_the_same(self):
        self.assertEqual(ROW.limits.slack, (0, 0))
