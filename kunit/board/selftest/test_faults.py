# SPDX-License-Identifier: GPL-2.0
"""What goes wrong in the runner itself is a failure with a sentence."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

import common
import check
from base import workspace
from base.paths import Stop, cache
from base.score import Score
from build.programs import Bundle
from report.figures import Figures
from run import fabric
from run.boot import Boot
from run.console import Console

# The rest of a line into which one of the kernel's own has fallen.
TORN = ("@dmamap ", "@dmamap done 0[    1.2] usb", "@dmamap done", "@dmamap rc NAME",
        "@dmamap rc", "@dmamap rc NAME zero", "@dmamap test")


def bundle(place):
    return Bundle(kernel=place, initramfs=place, model=None, tests=())


class Lines(unittest.TestCase):
    def test_a_torn_line_is_an_error_and_the_next_is_read(self):
        for line in TORN:
            console = Console()
            console.take(line)
            self.assertIsNone(console.code, line)
            self.assertEqual(len(console.errors), 1, line)
            self.assertIn("can't be read", console.errors[0])
            console.take("@dmamap kernel 6")
            self.assertEqual(console.values, {"kernel": "6"})

    def test_a_torn_figure_is_a_sentence(self):
        with self.assertRaisesRegex(Stop, "figures.warm.1.layer.*12.*can't be read"):
            Figures(common.TWO, {"figures.warm.1.layer": "12[    1.2]"})


class Judged(unittest.TestCase):
    def setUp(self):
        cache()
        self.place = Path(tempfile.mkdtemp(dir=common.CACHE.name))

    def boot(self):
        return Boot(common.SNOOPS, bundle(self.place), "fabric", label="selftest-faults")

    def test_what_never_ran_is_not_good(self):
        boot = self.boot()
        self.assertFalse(boot.ok())
        self.assertIn("not judged", boot.reasons())

    def test_an_exception_in_a_thread_of_the_fabric(self):
        boots = [self.boot() for _ in common.TABLE]
        boots[1].run = mock.Mock(side_effect=IndexError("list index out of range"))
        for boot in (boots[0], boots[2]):
            boot.run = mock.Mock()
        with mock.patch("base.boards.BOARDS", common.TABLE), \
                mock.patch("threading.excepthook"):
            run = fabric.Fabric([bundle(self.place)] * 3, self.place, 10, 0)
            run.boots = boots
            with contextlib.redirect_stdout(io.StringIO()):
                self.assertFalse(run.run())
            said = [sentence for good, sentence in run.verdicts() if not good]
        self.assertTrue(any("IndexError: list index out of range" in sentence
                            for sentence in said), said)

    def test_an_exception_in_a_phase_is_one_failure(self):
        one = check.Check("debug")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertFalse(one.phase("odd", lambda: [][0]))
            self.assertTrue(one.phase("even", lambda: Score(passed=1)))
        self.assertEqual(one.total.failures, ["odd: IndexError: list index out of range"])
        self.assertIn("Traceback", out.getvalue())


class Folders(unittest.TestCase):
    def test_a_folder_that_another_run_removes_meanwhile(self):
        cache()
        folder = workspace.SHM / f"{workspace.PREFIX}selftest-gone"
        folder.mkdir(exist_ok=True)
        self.addCleanup(shutil.rmtree, folder, True)
        is_dir = Path.is_dir

        def gone(path):
            there = is_dir(path)
            if path == folder and there:
                folder.rmdir()
            return there

        with mock.patch.object(Path, "is_dir", gone), \
                mock.patch.object(workspace, "SHM", mock.Mock(glob=lambda _: [folder])):
            workspace.remove_stale()
        self.assertFalse(folder.exists())


class Children(unittest.TestCase):
    def test_started_from_a_thread_without_code_between_fork_and_exec(self):
        with mock.patch("subprocess.Popen", wraps=subprocess.Popen) as popen, \
                workspace.Child(["true"]) as child:
            child.process.wait(20)
        self.assertIsNone(popen.call_args.kwargs.get("preexec_fn"))

    def test_the_code_of_the_program(self):
        with workspace.Child(["sh", "-c", "exit 7"]) as child:
            self.assertEqual(child.process.wait(20), 7)

    def test_words_arrive_as_they_are(self):
        with workspace.Child(["printf", "%s|", "a b", "$HOME", "", "'"],
                             stdout=subprocess.PIPE) as child:
            self.assertEqual(child.process.stdout.read(), b"a b|$HOME||'|")

    def test_a_parent_that_is_gone_already(self):
        """The child was not adopted in time for the signal: it must not start."""
        done = subprocess.run(workspace.with_us(["echo", "started"], parent=1),
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout, "")
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
