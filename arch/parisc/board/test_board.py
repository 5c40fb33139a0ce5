# SPDX-License-Identifier: GPL-2.0
"""What the row must say; kunit/board/selftest/test_machines.py runs this."""

import unittest

from base import boards
from base.board import MIB, WINDOW_BYTES

ROW = boards.find("parisc")


class Row(unittest.TestCase):
    def test_the_window_begins_where_the_kernel_ends(self):
        self.assertIn(f"mem={ROW.window_offset // MIB}M ", ROW.cmdline)
        self.assertIn(f"hca.window={ROW.window_offset:#x} ", ROW.cmdline)

    def test_what_is_adopted_is_behind_the_window(self):
        self.assertIn("adopt_at=0xf200000 ", ROW.cmdline)
        self.assertGreaterEqual(0xf200000, ROW.window_offset + WINDOW_BYTES)

    def test_stock_has_aliases_as_it_boots(self):
        self.assertEqual(ROW.stock_aliases, "")

    def test_the_clock_tells_the_time_of_the_host(self):
        self.assertNotEqual(ROW.limits.slack, (0, 0))
