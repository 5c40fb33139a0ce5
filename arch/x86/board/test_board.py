# SPDX-License-Identifier: GPL-2.0
"""What the row must say; kunit/board/selftest/test_machines.py runs this."""

import unittest

from base import boards

ROW = boards.find("x86")

SERVER = boards.varied(ROW, "server")


class Server(unittest.TestCase):
    def test_more_ram_than_below_the_devices(self):
        at, size = SERVER.hole
        self.assertEqual((at, at + size), (2 << 30, 4 << 30))
        self.assertGreater(SERVER.ram, at)

    def test_each_node_has_cpus(self):
        said = " ".join(SERVER.options)
        for node in range(len(SERVER.nodes)):
            self.assertIn(f"cpu,node-id={node},", said)

    def test_the_chip_is_on_a_bus_that_is_there(self):
        self.assertIn(f"pcie-root-port,id={SERVER.slot},", " ".join(SERVER.options))

    def test_what_translates_leaves_the_chip_out(self):
        for setup in SERVER.setups:
            options = " ".join(setup.options)
            if "iommu" in options:
                self.assertEqual("bypass_iommu=on" in options,
                                 "iommu=pt" not in setup.parameters, setup.name)


class Row(unittest.TestCase):
    def test_stock_takes_every_device_for_a_snooping_one(self):
        self.assertIsNone(ROW.stock_aliases)

    def test_one_fault_for_two_mebibytes(self):
        self.assertEqual(ROW.limits.map_faults, 1)

    def test_a_cpu_without_clflush_is_refused(self):
        self.assertEqual([refusal.name for refusal in boards.refusals_of(ROW, None)],
                         ["no-clflush"])

    def test_a_second_boot_measures_the_same(self):
        self.assertEqual(ROW.limits.slack, (0, 0))
