# SPDX-License-Identifier: GPL-2.0
"""What is built is copied before the lock of its build is given back."""

import argparse
import contextlib
import io
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import common
import cli
from base import paths
from build import kernel, programs


class Copies(unittest.TestCase):
    def setUp(self):
        self.place = Path(tempfile.mkdtemp(dir=common.CACHE.name))
        self.asked = []
        paths.cache()

    def note(self, what, result=None):
        """A stand-in that notes how many locks were held when it was called."""
        return lambda *_, **__: self.asked.append((what, len(paths.HELD))) or result

    def test_a_kernel(self):
        with mock.patch.object(kernel, "build", self.note("build", self.place)), \
                mock.patch.object(programs, "copy_kernel", self.note("copy")), \
                mock.patch.object(programs, "with_programs", self.note("rest")):
            programs.prepare(common.TWO, self.place)
        self.assertEqual(self.asked, [("build", 1), ("copy", 1), ("rest", 0)])

    def test_a_kernel_that_is_built_beside_the_check(self):
        args = argparse.Namespace(keep_going=True, copy_to=str(self.place))
        with mock.patch.object(kernel, "build", self.note("build", self.place)), \
                mock.patch.object(programs, "copy_kernel", self.note("copy")), \
                contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertTrue(cli._one_kernel("zuse", common.TWO, None, "default", args))
        self.assertEqual(self.asked, [("build", 1), ("copy", 1)])
        self.assertIn("kernel zuse: done", out.getvalue())

    def test_programs_and_chip_model(self):
        built = self.place / "built"
        (built / "bin").mkdir(parents=True)
        (built / "bin" / programs.MODEL).write_text("model")
        image = self.place / "zuse-kernel"
        with mock.patch.object(programs, "_build", self.note("build")), \
                mock.patch.object(programs, "_pack", self.note("pack", ())), \
                mock.patch.object(programs.shutil, "copy2", self.note("copy")), \
                mock.patch.object(programs, "folder", lambda name: built):
            programs.with_programs(common.TWO, self.place, image)
        self.assertEqual(self.asked, [("build", 1), ("build", 1), ("pack", 1), ("copy", 1)])
        self.assertEqual(paths.HELD, [])


if __name__ == "__main__":
    unittest.main()
