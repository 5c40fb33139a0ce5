# SPDX-License-Identifier: GPL-2.0
"""Rows that other configurations of the kernel and other setups vary."""

import dataclasses
import unittest
from pathlib import Path
from unittest import mock

import common
import check
import suites
from base import boards
from base.board import Board, Setup, Variant
from base.paths import Stop
from base.score import Score
from build import kernel
from build.programs import Bundle
from run import qemu
from run.boot import Boot

GIB = 1 << 30
LARGE = Variant("large", {"ram": 6 * GIB, "nodes": (2 * GIB, 4 * GIB),
                          "hole": (3 * GIB, GIB), "slot": "bay",
                          "setups": (Setup("fenced", "fence=on", ("-device", "fence")),
                                     Setup("plain"))}, ("KUnit", "setups"))
ROW = dataclasses.replace(common.SNOOPS, variants=(LARGE,))
PLACE = Path("/place")


class Varied(unittest.TestCase):
    def test_only_where_the_configuration_is_that_one(self):
        self.assertEqual(boards.varied(ROW, "large").ram, 6 * GIB)
        self.assertIs(boards.varied(ROW, "default"), ROW)
        self.assertIs(boards.varied(common.TWO, "large"), common.TWO)

    def test_twice_is_as_once(self):
        once = boards.varied(ROW, "large")
        self.assertEqual(boards.varied(once, "large"), once)

    def test_a_setup_adds_to_both_command_lines(self):
        row = boards.varied(ROW, "large", "fenced")
        self.assertEqual(row.setup, "fenced")
        self.assertEqual(row.cmdline, f"{ROW.cmdline} fence=on")
        self.assertEqual(row.options, ("-device", "fence", *ROW.options))
        self.assertEqual(boards.varied(ROW, "large", "plain").cmdline, ROW.cmdline)

    def test_an_unknown_setup(self):
        with self.assertRaisesRegex(Stop, "unknown SETUP=moat for BOARD=eniac "
                                          "CONFIG=large; valid: fenced, plain"):
            boards.varied(ROW, "large", "moat")
        with self.assertRaisesRegex(Stop, "valid: there are none"):
            boards.varied(ROW, "default", "fenced")

    def test_each_boot_has_a_log_of_its_own(self):
        bundle = Bundle(kernel=PLACE, initramfs=PLACE, tests=(), model=None,
                        config="large")
        names = {Boot(boards.varied(ROW, "large", setup), bundle, "run").log.name
                 for setup in (None, "fenced", "plain")}
        self.assertEqual(names, {"boot-eniac-run-large.log",
                                 "boot-eniac-run-large-fenced.log",
                                 "boot-eniac-run-large-plain.log"})

    def test_a_boot_in_each_setup(self):
        asked = []

        def suite(title, score):
            return lambda row, bundle: asked.append((title, row.setup, row.ram)) or score

        bundle = mock.Mock(config="large")
        with mock.patch("suites.kunit", suite("KUnit", Score(5))), \
                mock.patch("suites.run_score", suite("run", Score(0, 0, ["lost"]))), \
                mock.patch("suites.say"):
            score = suites.in_setups(boards.varied(ROW, "large"), bundle)
        self.assertEqual(asked, [("KUnit", "fenced", 6 * GIB), ("run", "fenced", 6 * GIB),
                                 ("KUnit", "plain", 6 * GIB), ("run", "plain", 6 * GIB)])
        self.assertEqual(score, Score(10, 0, ["fenced: lost", "plain: lost"]))


class Memory(unittest.TestCase):
    """Of the board in pieces, of the chip in one file with a hole in its addresses."""

    def words(self, row, **more):
        return " ".join(qemu.command(row, PLACE, "k", "i", "c", **more))

    def test_a_node_has_its_piece_of_the_file(self):
        said = self.words(boards.varied(ROW, "large"))
        file = f"memory-backend-file,id=%s,share=on,size=%d,mem-path={PLACE}/ram,offset=%d"
        for number, (size, at) in enumerate(((2 * GIB, 0), (4 * GIB, 2 * GIB))):
            self.assertIn(file % (f"ram{number}", size, at), said)
            self.assertIn(f"-numa node,nodeid={number},memdev=ram{number}", said)
        self.assertNotIn("memory-backend=", said)
        self.assertIn("-machine plain ", f"{said} ")

    def test_options_of_the_row_come_behind_the_nodes(self):
        row = dataclasses.replace(boards.varied(ROW, "large"),
                                  options=("-numa", "cpu,node-id=1"))
        said = self.words(row)
        self.assertLess(said.index("memdev=ram1"), said.index("cpu,node-id=1"))

    def test_without_nodes_it_is_the_machine_s(self):
        self.assertIn("-machine plain,memory-backend=ram", self.words(ROW))
        self.assertNotIn("-numa", self.words(ROW))

    def test_the_chip_knows_the_hole(self):
        def words(row):
            return " ".join(qemu.model_command(row, "model", PLACE))

        self.assertIn("--ram-hole 0xc0000000 --ram-hole-size 1073741824",
                      words(boards.varied(ROW, "large")))
        self.assertNotIn("hole", words(ROW))

    def test_the_chip_is_in_its_slot(self):
        for more in ({}, {"doorbell": 5}):
            self.assertRegex(self.words(boards.varied(ROW, "large"), **more),
                             r"-device ivshmem-\w+,\S*bus=bay")
            self.assertNotIn("bus=", self.words(ROW, **more))


class Rows(unittest.TestCase):
    """What the variants of all machines must say."""

    def rows(self):
        for board in boards.BOARDS.values():
            yield board
            yield from (boards.varied(board, variant.config) for variant in board.variants)

    def test_fields_configurations_and_checks_exist(self):
        fields = {field.name for field in dataclasses.fields(Board)}
        for board in boards.BOARDS.values():
            for variant in board.variants:
                self.assertLessEqual(set(variant.changes), fields, variant.config)
                self.assertLessEqual(set(variant.checks), set(check.VARIED))
                self.assertIn(variant.config, kernel.configs())
                self.assertTrue((boards.folder(board.name)
                                 / f"with-{variant.config}.config").exists())

    def test_setups_are_checked_where_there_are_some(self):
        for board in boards.BOARDS.values():
            for variant in board.variants:
                self.assertEqual("setups" in variant.checks,
                                 bool(variant.changes.get("setups")), variant.config)

    def test_nodes_have_all_of_the_ram(self):
        for row in self.rows():
            if row.nodes:
                self.assertEqual(sum(row.nodes), row.ram)

    def test_a_hole_is_inside_of_the_ram(self):
        for row in self.rows():
            if row.hole:
                self.assertLess(row.ram_base, row.hole[0])
                self.assertLess(row.hole[0], row.ram_base + row.ram)

    def test_names_of_setups_differ(self):
        for row in self.rows():
            names = [setup.name for setup in row.setups]
            self.assertEqual(len(set(names)), len(names))


if __name__ == "__main__":
    unittest.main()
