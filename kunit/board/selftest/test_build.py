# SPDX-License-Identifier: GPL-2.0
"""Builds: tables, configuration, archives, source lists."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from common import BOARD_DIR, INSIDE, MIB, REPO, SNOOPS, TABLE, TWO, DeviceTree
import suites
from base import boards
from base.paths import Stop
from build import compile_commands, initramfs, kernel, programs
from run import qemu

DEB822 = """\
Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/own.gpg
"""
OTHER = """\
Types: deb
URIs: http://other.example/debian-security
Suites: bookworm-security
Components: main
"""


class Names(unittest.TestCase):
    def test_unknown_board(self):
        with mock.patch.object(boards, "BOARDS", TABLE):
            for find in (boards.find, boards.find_all):
                with self.assertRaisesRegex(Stop, "unknown BOARD=cray; valid: eniac, "
                                                  "zuse, vax"):
                    find("cray")

    def test_all(self):
        with mock.patch.object(boards, "BOARDS", TABLE):
            self.assertEqual(boards.find_all("all"), [SNOOPS, TWO, INSIDE])

    def test_strategy(self):
        self.assertEqual(boards.strategy_of(TWO, None), "highmem")
        with self.assertRaisesRegex(Stop, "valid: highmem"):
            boards.strategy_of(TWO, "purge")

    def test_make_passes_the_sentence_on(self):
        done = subprocess.run(
            ["make", "-C", str(REPO), "kernel", "BOARD=vax"],
            capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"unknown BOARD=vax; valid: {', '.join(boards.BOARDS)}, all",
                      done.stderr)


class Configuration(unittest.TestCase):
    def setUp(self):
        self.place = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.place)
        self.config = self.place / ".config"

    def test_taken(self):
        self.config.write_text('CONFIG_A=y\n# CONFIG_B is not set\n'
                               'CONFIG_C="x"\n')
        kernel.check('CONFIG_A=y\nCONFIG_B=n\n# no\nCONFIG_C="x"\n',
                     self.config)

    def test_dropped(self):
        self.config.write_text("# CONFIG_A is not set\nCONFIG_B=y\n")
        with self.assertRaisesRegex(Stop, "CONFIG_A=y became n(.|\n)*"
                                          "CONFIG_B=n became y"):
            kernel.check("CONFIG_A=y\nCONFIG_B=n\n", self.config)

    def test_every_board_has_a_fragment(self):
        for board in boards.BOARDS.values():
            text = kernel.fragment(board, board.strategies[0], "default")
            self.assertEqual(kernel.settings(text)["CONFIG_DMAMAP"], "y")

    def test_fragments_of_the_machine_come_last(self):
        (self.place / "board.config").write_text("CONFIG_OWN=y\n")
        (self.place / "with-debug.config").write_text("CONFIG_OWN_DEBUG=y\n")
        (self.place / "with-odd.config").write_text("CONFIG_ODD=y\n")
        with mock.patch.object(boards, "folder", lambda name: self.place):
            self.assertIn("odd", kernel.configs())
            names = list(kernel.settings(kernel.fragment(TWO, "unmap", "debug")))
            odd = kernel.settings(kernel.fragment(TWO, "unmap", "odd"))
        self.assertLess(names.index("CONFIG_DMAMAP"), names.index("CONFIG_OWN"))
        self.assertLess(names.index("CONFIG_DEBUG_LIST"), names.index("CONFIG_OWN_DEBUG"))
        self.assertEqual(names[-1], "CONFIG_DMAMAP_STRATEGY_UNMAP")
        self.assertEqual(odd["CONFIG_ODD"], "y")

    def test_name_of_a_kernel(self):
        for name, meant in (("zuse", ("zuse", None, "default")),
                            ("zuse/unmap", ("zuse", "unmap", "default")),
                            ("vax:module", ("vax", None, "module")),
                            ("zuse/unmap:debug", ("zuse", "unmap", "debug"))):
            self.assertEqual(kernel.named(name), meant)
        self.assertEqual(kernel.named("vax", "debug"), ("vax", None, "debug"))


class Modules(unittest.TestCase):
    """What is built and loaded when the configuration makes something a module."""

    def setUp(self):
        self.place = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.place)
        self.board = INSIDE
        patch = mock.patch.object(kernel, "CACHE", self.place)
        patch.start()
        self.addCleanup(patch.stop)
        self.folder = kernel.build_folder(self.board, "module")
        (self.folder / "drivers").mkdir(parents=True)
        (self.folder / "modules.order").write_text("drivers/b.o\ndrivers/a.o\n")
        for name in ("a", "b"):
            (self.folder / "drivers" / f"{name}.ko").write_text(name)
        (self.folder / self.board.image).write_text("kernel")
        (self.folder / kernel.OWNER).write_text(str(REPO))

    def modules(self, config):
        (self.folder / ".config").write_text(config)
        return [file.name for file in kernel.modules(self.board, config="module")]

    def test_listed_by_the_kernel(self):
        self.assertEqual(self.modules("CONFIG_A=m\n"), ["b.ko", "a.ko"])

    def test_none(self):
        self.assertEqual(self.modules("CONFIG_A=y\n# CONFIG_B=m\n"), [])

    def test_copied_beside_the_kernel(self):
        self.modules("CONFIG_A=m\n")
        place = self.place / "place"
        place.mkdir()
        image = programs.copy_kernel(self.board, place, config="module")
        self.assertEqual(image.read_text(), "kernel")
        copied = sorted(file.name for file in place.rglob("*.ko"))
        self.assertEqual(copied, ["a.ko", "b.ko"])


    def test_of_another_checkout(self):
        self.modules("CONFIG_A=m\n")
        (self.folder / kernel.OWNER).write_text("/somewhere/else")
        with self.assertRaisesRegex(Stop, "is of another checkout"):
            programs.copy_kernel(self.board, self.place, config="module")
        (self.folder / kernel.OWNER).unlink()
        with self.assertRaisesRegex(Stop, "is of another checkout"):
            programs.copy_kernel(self.board, self.place, config="module")

    def test_programs_of_two_checkouts(self):
        mine = programs.folder("host")
        with mock.patch.object(programs, "REPO", self.place):
            self.assertNotEqual(programs.folder("host").parent, mine.parent)


class Room(unittest.TestCase):
    """QEMU puts the initramfs at the end of the RAM, where a window may be."""

    def check(self, board, size):
        with tempfile.TemporaryDirectory() as place:
            file = Path(place) / "initramfs"
            with open(file, "wb") as out:
                out.truncate(size)
            qemu.check_room(board, file)

    def test_below_the_window(self):
        self.check(INSIDE, 15 * MIB)

    def test_over_the_window(self):
        with self.assertRaisesRegex(Stop, "initramfs of vax has 15728641 bytes"):
            self.check(INSIDE, 15 * MIB + 1)

    def test_a_window_of_its_own(self):
        self.check(SNOOPS, 100 * MIB)


class Trees(unittest.TestCase):
    """What a row changes in QEMU's device tree."""

    TREE = "/ {\n\tpcie {\n\t\tdma-coherent;\n\t\treg = <1>;\n\t};\n};\n"

    def test_both_changes(self):
        text = qemu.edit(self.TREE, TWO.device_tree)
        self.assertNotIn("dma-coherent", text)
        self.assertIn("reg = <1>;", text)
        self.assertIn("\t\tadopted@50000000 {\n"
                      "\t\t\treg = <0 0x50000000 0 0x100000>;\n", text)
        self.assertEqual(text.count("{"), text.count("}"))
        self.assertTrue(text.endswith("\n\t};\n};\n"))

    def test_what_is_not_there_can_not_be_taken_out(self):
        with self.assertRaisesRegex(Stop, "no dma-coherent property any more"):
            qemu.edit("/ {\n};\n", TWO.device_tree)

    def test_contiguous_memory(self):
        text = qemu.edit(self.TREE, DeviceTree(contiguous=((0x5e000000, 64 * MIB),)))
        self.assertIn("\t\tcontiguous@5e000000 {\n", text)
        self.assertIn("\t\t\tlinux,cma-default;\n"
                      "\t\t\treg = <0 0x5e000000 0 0x4000000>;\n", text)
        self.assertNotIn("no-map", text)
        self.assertEqual(text.count("{"), text.count("}"))

    def test_nothing_reserved(self):
        self.assertEqual(qemu.edit(self.TREE, DeviceTree()), self.TREE)


class Seed(unittest.TestCase):
    """A second configuration of a board begins with the objects of the first."""

    def setUp(self):
        self.place = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.place)
        patch = mock.patch.object(kernel, "CACHE", self.place)
        patch.start()
        self.addCleanup(patch.stop)
        self.board = TWO
        self.origin = kernel.build_folder(self.board)
        self.folder = kernel.build_folder(self.board, "module")
        (self.origin / "mm").mkdir(parents=True)
        self.object = self.origin / "mm" / "page.o"
        self.object.write_text("object")
        os.utime(self.object, (1000, 1000))
        (self.origin / kernel.STAMP).write_text("default")

    def test_copied_with_its_times_but_not_as_configured(self):
        kernel.seed(self.board, self.folder)
        copy = self.folder / "mm" / "page.o"
        self.assertEqual(copy.read_text(), "object")
        self.assertEqual(copy.stat().st_mtime, 1000)
        self.assertFalse((self.folder / kernel.STAMP).exists())
        self.assertEqual(len(list(self.folder.parent.iterdir())), 2)

    def test_tools_are_where_they_say(self):
        tool = self.origin / "tools" / ".tool.o.cmd"
        tool.parent.mkdir()
        tool.write_text(f"cc -o {self.origin}/tool.o {self.origin}-debug/a.c")
        os.utime(tool, (1000, 1000))
        kernel.seed(self.board, self.folder)
        copy = self.folder / "tools" / ".tool.o.cmd"
        self.assertEqual(copy.read_text(),
                         f"cc -o {self.folder}/tool.o {self.origin}-debug/a.c")
        self.assertEqual(copy.stat().st_mtime, 1000)

    def test_what_was_cut_short_is_begun_again(self):
        (self.folder.with_name(f"{self.folder.name}.part") / "mm").mkdir(parents=True)
        kernel.seed(self.board, self.folder)
        self.assertTrue((self.folder / "mm" / "page.o").exists())

    def test_a_folder_that_is_there_stays(self):
        self.folder.mkdir()
        kernel.seed(self.board, self.folder)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_no_default_build(self):
        (self.origin / kernel.STAMP).unlink()
        kernel.seed(self.board, self.folder)
        kernel.seed(self.board, self.origin)
        self.assertFalse(self.folder.exists())


class Reports(unittest.TestCase):
    """KUnit's output: the kernel's report and those of modules."""

    def test_each_report_alone(self):
        log = ("boot\nKTAP version 1\n1..1\n    KTAP version 1\nok 1 a\n"
               "KTAP version 1\r\n1..1\nok 1 b\n")
        first, second = suites.ktap_reports(log)
        self.assertIn("ok 1 a", first)
        self.assertNotIn("boot", first)
        self.assertNotIn("ok 1 b", first)
        self.assertIn("ok 1 b", second)

    def test_a_log_without_one_fails(self):
        self.assertEqual(suites.ktap_reports("panic\n"), ["panic\n"])


class Archives(unittest.TestCase):
    def test_same_bytes_and_readable(self):
        with tempfile.TemporaryDirectory() as place:
            init = Path(place) / "init"
            init.write_bytes(b"#!init")
            programs = {"bin/b": init, "tests/a_test": init}
            data = initramfs.pack(init, programs)
            self.assertEqual(data, initramfs.pack(init, programs))
            done = subprocess.run(["sh", "-c", "gzip -d | cpio -t"],
                                  input=data, capture_output=True, check=True)
        self.assertEqual(done.stdout.decode().split(),
                         ["dev", "proc", "sys", "tmp", "bin", "tests",
                          "modules", "dev/console", "init", "bin/b", "tests/a_test"])


class CompileCommands(unittest.TestCase):
    def test_cxx_object(self):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place).resolve()
            room = folder / "drivers" / "dmamap" / "dma"
            room.mkdir(parents=True)
            (folder / "x.cc").write_text("")
            (room / ".x.o.cmd").write_text(
                "savedcmd_drivers/dmamap/dma/x.o := ccache g++ -DX='a b' -c "
                "-o x.o ../x.cc ; ld -r -o y x.o\n\n"
                f"source_drivers/dmamap/dma/x.o := {folder}/x.cc\n")
            entries = compile_commands.of_kernel(folder, folder)
            written = json.loads((folder / "compile_commands.json").read_text())
        self.assertEqual(entries, written)
        self.assertEqual(entries, [{
            "directory": str(folder), "file": str(folder / "x.cc"),
            "command": "g++ -DX='a b' -c -o x.o ../x.cc"}])


class Packages(unittest.TestCase):
    """deps.sh derives the backports entry from the machine's own."""

    def setUp(self):
        self.place = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.place)
        (self.place / "sources.list.d").mkdir()

    def call(self, command):
        return subprocess.run(
            ["bash", "-c", f". {BOARD_DIR}/build/deps.sh; etc_apt={self.place}; "
                           f"debian=12; {command}"],
            capture_output=True, text=True, check=False)

    def write(self, name, text):
        (self.place / name).write_text(text)

    def test_deb822(self):
        self.write("sources.list.d/a.sources", OTHER)
        self.write("sources.list.d/debian.sources", DEB822)
        self.assertEqual(self.call("entry_of_sources").stdout,
                         "http://mirror.example/debian "
                         "/usr/share/keyrings/own.gpg\n")

    def test_one_line(self):
        self.write("sources.list",
                   "deb http://o.example/debian-security bookworm-security main\n"
                   "deb [lang=en signed-by=/k.gpg] http://m.example/debian "
                   "bookworm main\n")
        self.assertEqual(self.call("entry_of_lists").stdout.split(),
                         ["http://m.example/debian", "/k.gpg"])

    def test_one_line_without_key(self):
        self.write("sources.list", "deb http://m.example/debian bookworm main\n")
        self.assertEqual(self.call("entry_of_lists").stdout.split(),
                         ["http://m.example/debian"])

    def test_writes_once(self):
        self.write("sources.list.d/debian.sources", DEB822)
        file = self.place / "sources.list.d" / "dmamap-backports.sources"
        self.assertEqual(self.call("add_backports").returncode, 0)
        text = file.read_text()
        self.assertIn("URIs: http://mirror.example/debian\n"
                      "Suites: bookworm-backports\n", text)
        self.assertIn("Signed-By: /usr/share/keyrings/own.gpg\n", text)
        self.assertEqual(self.call("add_backports").stdout, "")
        self.assertEqual(file.read_text(), text)

    def test_a_machine_with_only_the_one_line_format(self):
        self.write("sources.list", "deb http://m.example/debian bookworm main\n")
        done = self.call("add_backports")
        self.assertEqual(done.returncode, 0, done.stderr)
        file = self.place / "sources.list.d" / "dmamap-backports.sources"
        self.assertIn("URIs: http://m.example/debian\n", file.read_text())

    def test_nothing_to_derive_from(self):
        self.write("sources.list.d/a.sources", OTHER)
        done = self.call("add_backports")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no apt source of suite bookworm", done.stderr)

    def test_missing(self):
        done = self.call("missing bash no-such-package-here coreutils")
        self.assertEqual(done.stdout, "no-such-package-here\n")

    def test_coverage_has_more(self):
        plain = self.call("list_packages").stdout.split()
        more = self.call("with=coverage; list_packages").stdout.split()
        clang = programs.COVERAGE_CLANG
        self.assertEqual(set(more) - set(plain),
                         {f"clang-{clang}", f"llvm-{clang}",
                          f"libclang-rt-{clang}-dev"})

    def test_fuzz_has_the_same(self):
        self.assertEqual(self.call("with=fuzz; list_packages").stdout,
                         self.call("with=coverage; list_packages").stdout)

    def test_no_root_no_sudo(self):
        done = self.call("id() { echo 1000; }; command() { false; }; "
                         "become_root some-package")
        self.assertEqual(done.returncode, 1)
        self.assertIn("run 'make deps' as root", done.stderr)


if __name__ == "__main__":
    unittest.main()
