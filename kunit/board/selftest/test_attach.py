# SPDX-License-Identifier: GPL-2.0
"""attach and detach: no trace, no half state, clear refusals."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from common import BOARD_DIR, REPO

MAKEFILE = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n"
KCONFIG = 'menu "Device Drivers"\nsource "drivers/amba/Kconfig"\n\nendmenu\n'
DRIVERS = "obj-y += irqchip/\nobj-$(CONFIG_DPLL)\t\t+= dpll/\n"


def snapshot(folder):
    """{path: bytes, or target of a link} of everything below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        else:
            found[name] = path.read_bytes() if path.is_file() else None
    return found


class Attach(unittest.TestCase):
    def setUp(self):
        self.place = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.place)
        self.tree = self.make_tree("linux")
        self.before = snapshot(self.tree)
        self.farm = self.tree / "drivers" / "dmamap"

    def make_tree(self, name):
        tree = self.place / name
        (tree / "drivers").mkdir(parents=True)
        (tree / "Makefile").write_text(MAKEFILE)
        (tree / "Kbuild").write_text("obj-y += drivers/\n")
        (tree / "drivers" / "Kconfig").write_text(KCONFIG)
        (tree / "drivers" / "Makefile").write_text(DRIVERS)
        return tree

    def make_checkout(self):
        """A second repository, just big enough."""
        other = self.place / "other"
        (other / "kunit" / "board" / "build").mkdir(parents=True)
        shutil.copy2(BOARD_DIR / "build" / "attach.sh",
                     other / "kunit" / "board" / "build")
        (other / "dma").mkdir()
        for name in ("Kbuild", "Kconfig", "dma/one.c", "dma/two.c",
                     "dma/README.md", "Makefile"):
            (other / name).write_text("#\n")
        return other

    def run_script(self, command, tree=None, repo=REPO):
        return subprocess.run(
            [repo / "kunit" / "board" / "build" / "attach.sh", command,
             str(self.tree if tree is None else tree)],
            capture_output=True, text=True, check=False)

    def attach(self, **more):
        done = self.run_script("attach", **more)
        self.assertEqual(done.returncode, 0, done.stderr)

    def detach(self, **more):
        done = self.run_script("detach", **more)
        self.assertEqual(done.returncode, 0, done.stderr)

    def refused(self, sentence, command="attach", **more):
        done = self.run_script(command, **more)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(sentence, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_no_trace(self):
        self.attach()
        self.assertNotEqual(snapshot(self.tree), self.before)
        self.detach()
        self.assertEqual(snapshot(self.tree), self.before)

    def test_no_trace_without_final_newline(self):
        (self.tree / "drivers" / "Kconfig").write_text(KCONFIG.rstrip("\n"))
        (self.tree / "drivers" / "Makefile").write_text(DRIVERS.rstrip("\n"))
        before = snapshot(self.tree)
        self.attach()
        self.detach()
        self.assertEqual(snapshot(self.tree), before)

    def test_lines(self):
        self.attach()
        self.assertEqual(
            (self.tree / "drivers" / "Kconfig").read_text(),
            KCONFIG.replace("endmenu",
                            'source "drivers/dmamap/Kconfig"\nendmenu'))
        self.assertIn("obj-$(CONFIG_DMAMAP)\t\t+= dmamap/\n",
                      (self.tree / "drivers" / "Makefile").read_text())

    def test_twice_is_once(self):
        self.attach()
        once = snapshot(self.tree)
        self.attach()
        self.assertEqual(snapshot(self.tree), once)
        self.detach()
        self.detach()
        self.assertEqual(snapshot(self.tree), self.before)

    def test_objects_stay_in_the_tree_and_go_with_it(self):
        self.attach()
        drop = self.farm / "dma" / "left-by-a-build.o"
        drop.write_text("object")
        self.assertFalse((REPO / "dma" / drop.name).exists())
        self.attach()
        self.assertTrue(drop.exists())
        self.detach()
        self.assertEqual(snapshot(self.tree), self.before)

    def test_only_what_the_kernel_needs(self):
        self.attach()
        self.assertFalse((self.farm / "Makefile").exists())
        self.assertFalse((self.farm / "kunit" / "board").exists())
        self.assertFalse(list(self.farm.rglob("*.md")))
        for path in self.farm.rglob("*"):
            self.assertTrue(path.is_dir() or path.is_symlink()
                            or path.name == ".dmamap-attached", path)

    def test_refresh_and_other_checkout(self):
        other = self.make_checkout()
        self.attach()
        self.attach(repo=other)
        links = {str(p.relative_to(self.farm)): p.resolve()
                 for p in self.farm.rglob("*") if p.is_symlink()}
        self.assertEqual(links, {name: (other / name).resolve() for name in
                                 ("Kbuild", "Kconfig", "dma/one.c",
                                  "dma/two.c")})
        (other / "dma" / "one.c").unlink()
        (other / "dma" / "three.c").write_text("#\n")
        self.attach(repo=other)
        self.assertEqual(sorted(p.name for p in (self.farm / "dma").iterdir()),
                         ["three.c", "two.c"])
        self.detach(repo=other)
        self.assertEqual(snapshot(self.tree), self.before)

    def test_failed_attach_leaves_nothing(self):
        (self.tree / "drivers" / "Makefile").write_text("# no objects\n")
        before = snapshot(self.tree)
        self.refused("drivers/Makefile has no line")
        self.assertEqual(snapshot(self.tree), before)

    def test_other_version(self):
        (self.tree / "Makefile").write_text(MAKEFILE.replace("12", "13"))
        self.refused("is Linux 6.13; the layer is for 6.12")

    def test_not_a_kernel(self):
        self.refused("is not a Linux source tree", tree=self.place)
        self.refused("is not a folder", tree=self.place / "nowhere")
        self.refused("no kernel tree given", tree="")

    def test_foreign_folder(self):
        self.farm.mkdir()
        (self.farm / "mine.c").write_text("precious")
        self.refused("is not ours")
        self.refused("is not ours", command="detach")
        self.assertEqual((self.farm / "mine.c").read_text(), "precious")


if __name__ == "__main__":
    unittest.main()
