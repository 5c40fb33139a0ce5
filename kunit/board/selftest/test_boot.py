# SPDX-License-Identifier: GPL-2.0
"""Boots of a pretended board: shell scripts stand for QEMU and the chip."""

import contextlib
import dataclasses
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import common
from base import logs, workspace
from base.paths import cache
from build import programs
from build.programs import Bundle
from run.boot import Boot

HOLD = """
import sys; sys.path[:0] = [{path!r}]
from base import workspace
workspace.on_signals()
with workspace.Workspace() as place, \\
        workspace.Child(["sh", "-c", "sleep 1000 & wait"]) as child:
    print(place, child.process.pid, flush=True)
    child.process.wait()
"""


PATIENT = 300       # seconds: more than a busy host needs, less than the sleeps in here


def kill_group(leader):
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


def process_group_lives(leader):
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition, seconds=300):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


class Pretended(unittest.TestCase):
    def setUp(self):
        cache()
        self.place = Path(tempfile.mkdtemp(dir=common.CACHE.name))
        # The pretended QEMU has no monitor to answer with.
        hurry = mock.patch("run.wires.PATIENCE", 0.2)
        hurry.start()
        self.addCleanup(hurry.stop)

    def script(self, name, text):
        path = self.place / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def boot(self, qemu, model="exec sleep 1000", **more):
        board = dataclasses.replace(common.SNOOPS,
                                    qemu=str(self.script("qemu", qemu)))
        bundle = Bundle(kernel=self.place, initramfs=self.place, tests=(),
                        model=self.script("model", model))
        return Boot(board, bundle, "test", label="selftest", **more).run()

    def leftovers(self):
        mine = f"{workspace.PREFIX}{os.getpid()}-*"
        return list(workspace.SHM.glob(mine))

    def test_each_kernel_has_logs_of_its_own(self):
        names = {Boot(common.TWO, Bundle(
            kernel=self.place, initramfs=self.place, tests=(), model=None,
            strategy=strategy, config=config), "run").log.name
            for strategy in (None, "unmap") for config in ("default", "module")}
        self.assertEqual(names, {"boot-zuse-run.log", "boot-zuse-run-unmap.log",
                                 "boot-zuse-run-module.log",
                                 "boot-zuse-run-unmap-module.log"})

    def test_a_kernel_that_checks_all_it_does_has_longer(self):
        bundle = Bundle(kernel=self.place, initramfs=self.place, tests=(),
                        model=None, slower=programs.SLOWER["debug"])
        boot = Boot(common.SNOOPS, bundle, "test", timeout=7)
        self.assertEqual(boot.timeout, 35)
        self.assertIn(" SLOWER=5", boot.cmdline())

    def test_good(self):
        got = self.boot("echo '@dmamap kernel 6'; echo '@dmamap done 0'")
        self.assertEqual(got.errors, [])
        self.assertEqual(got.console.values["kernel"], "6")
        self.assertEqual(self.leftovers(), [])

    def test_job_failed(self):
        got = self.boot("echo '@dmamap done 7'")
        self.assertIn("ended with code 7", got.errors[0])

    def test_panic(self):
        got = self.boot("echo 'Kernel panic - not syncing: no'")
        self.assertEqual(got.errors, ["Kernel panic - not syncing: no"])
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            got.show_failure()
        self.assertIn("| Kernel panic", out.getvalue())

    def test_stops_early(self):
        self.assertIn("stopped before its job", self.boot("exit 0").errors[0])

    def test_qemu_complains(self):
        got = self.boot("echo 'qemu: no such machine' >&2; exit 1")
        self.assertEqual(got.console.lines, ["qemu: no such machine"])
        self.assertFalse(got.ok())

    def test_time_out(self):
        start = time.monotonic()
        got = self.boot("echo hello; sleep 1000", timeout=0.5)
        self.assertIn("time-out", got.errors[0])
        self.assertLess(time.monotonic() - start, PATIENT)
        self.assertEqual(self.leftovers(), [])

    def test_hangs_before_its_init(self):
        got = self.boot("echo hello; sleep 1000", timeout=PATIENT, quiet=0.5)
        self.assertIn("not a word for 0.5 s of its own time", got.errors[0])
        self.assertIn("at the end of the log", got.errors[0])
        self.assertLess(got.seconds, PATIENT)

    def test_programs_may_be_quiet(self):
        got = self.boot("echo '@dmamap test x'; sleep 5; echo '@dmamap done 0'",
                        timeout=PATIENT, quiet=4)
        self.assertEqual(got.errors, [])

    def test_says_where_a_hanging_board_is(self):
        with mock.patch("run.wires.Monitor.ask", "answer to {0}".format):
            self.boot("exec sleep 1000", timeout=0.3)
        log = (logs.place() / "boot-selftest.log").read_text()
        self.assertIn("answer to info registers -a", log)
        self.assertIn("answer to info lapic 1", log)

    def test_says_that_qemu_hangs_too(self):
        self.boot("exec sleep 1000", timeout=0.3)
        self.assertIn("does not answer", (logs.place() / "boot-selftest.log").read_text())

    def test_hangs_after_its_job(self):
        got = self.boot("echo '@dmamap done 0'; sleep 1000", timeout=PATIENT)
        self.assertEqual(got.errors, [])
        self.assertLess(got.seconds, PATIENT)

    def test_chip_dies_by_itself(self):
        ends = self.place / "ends"
        got = self.boot(f"until [ -e {ends} ]; do sleep 0.05; done; sleep 1;"
                        "echo '@dmamap done 0'; sleep 0.1",
                        model=f": > {ends}; exit 4")
        self.assertIn("the chip model ended by itself, code 4", got.errors[0])

    def test_chip_killed_on_wish(self):
        pid = self.place / "pid"
        got = self.boot(f"while ! [ -s {pid} ]; do sleep 0.05; done;"
                        "echo '@dmamap want kill-model';"
                        f"while kill -0 $(cat {pid}); do sleep 0.05; done;"
                        "echo '@dmamap done 0'",
                        model=f"echo $$ > {pid}; exec sleep 1000", timeout=PATIENT)
        self.assertEqual(got.errors, [])

    def test_chip_comes_back_on_wish(self):
        lives = self.place / "lives"
        got = self.boot(f"until [ -s {lives} ]; do sleep 0.05; done;"
                        "echo '@dmamap want kill-model';"
                        "echo '@dmamap want start-model';"
                        f"until [ $(wc -l < {lives}) = 2 ]; do sleep 0.05; done;"
                        "echo '@dmamap done 0'",
                        model=f"echo life >> {lives}; exec sleep 1000",
                        timeout=PATIENT)
        self.assertEqual(got.errors, [])

    def test_cable(self):
        seen = self.place / "seen"
        got = self.boot(f"until [ -s {seen} ]; do sleep 0.05; done;"
                        "echo '@dmamap want pull-cable'; sleep 0.3;"
                        "echo '@dmamap want plug-cable';"
                        f"until [ $(wc -l < {seen}) = 3 ]; do sleep 0.05; done;"
                        "echo '@dmamap done 0'",
                        model=f"trap 'echo out >> {seen}' USR1;"
                              f"trap 'echo in >> {seen}' USR2;"
                              f"echo up >> {seen};"
                              "while :; do sleep 0.05; done", timeout=PATIENT)
        self.assertEqual(got.errors, [])
        self.assertEqual(seen.read_text().split(), ["up", "out", "in"])

    def test_wishes_out_of_turn(self):
        got = self.boot("echo '@dmamap want start-model'; echo '@dmamap done 0'")
        self.assertIn("not now", got.errors[0])

    def test_unknown_wish(self):
        got = self.boot("echo '@dmamap want peace'; echo '@dmamap done 0'")
        self.assertIn("unknown", got.errors[0])

    def test_log(self):
        self.boot("echo one line; echo '@dmamap done 0'")
        self.assertIn("one line", (logs.place() / "boot-selftest.log").read_text())


def default_interrupt():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Interrupted(unittest.TestCase):
    """However a run ends, neither process nor folder stays."""

    def start(self):
        code = HOLD.format(path=str(common.BOARD_DIR))
        # A shell starts what runs in the background with SIGINT ignored.
        process = subprocess.Popen([sys.executable, "-c", code],
                                   preexec_fn=default_interrupt,
                                   stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        place, leader = process.stdout.readline().split()
        self.assertTrue(Path(place).is_dir())
        return process, Path(place), int(leader)

    def ends_clean(self, number):
        process, place, leader = self.start()
        process.send_signal(number)
        process.wait(300)
        self.assertFalse(place.exists())
        self.assertTrue(wait_until(lambda: not process_group_lives(leader)))

    def test_interrupt(self):
        self.ends_clean(signal.SIGINT)

    def test_terminate(self):
        self.ends_clean(signal.SIGTERM)

    def test_hang_up(self):
        self.ends_clean(signal.SIGHUP)

    def test_kill(self):
        """The child dies at once; the folder goes when the next run starts."""
        process, place, leader = self.start()
        self.addCleanup(kill_group, leader)     # the child's own children live
        process.kill()
        process.wait(300)
        self.assertTrue(wait_until(lambda: not Path(f"/proc/{leader}").exists()
                                   or "Z" in Path(f"/proc/{leader}/stat")
                                   .read_text().split()[2]))
        with workspace.Workspace():
            pass
        self.assertFalse(place.exists())

    def test_folder_of_a_living_run_stays(self):
        process, place, _ = self.start()
        workspace.remove_stale()
        self.assertTrue(place.is_dir())
        process.terminate()
        process.wait(300)


if __name__ == "__main__":
    unittest.main()
