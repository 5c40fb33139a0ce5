# SPDX-License-Identifier: GPL-2.0
"""The cache folder: what may be one, what is removed of it, and two commands in it."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from common import BOARD_DIR, REPO

BEGIN = "import sys; sys.path.insert(0, {path!r})\n"
BUILD = """
import re, sys
from pathlib import Path
from base import progress
from base.paths import locked
with locked("kernel"):
    progress.run(["sh", "-c", "echo $$ > pid; exec sleep 1000"], Path("log"), "x",
                 re.compile("(x)"))
"""
LOG = """
import sys
from base import logs
(logs.place() / "boot.log").write_text(sys.argv[1])
print(logs.place(), flush=True)
sys.stdin.read()
print((logs.place() / "boot.log").read_text())
"""


class InFolder(unittest.TestCase):
    """Commands of a copy of the scripts: a wrong one must not remove this checkout."""

    def setUp(self):
        self.place = Path(tempfile.mkdtemp(prefix="selftest-cache-"))
        self.addCleanup(shutil.rmtree, self.place, True)
        self.cache = self.place / "cache"
        self.repo = self.place / "work" / "repo"
        for folder in (BOARD_DIR, *REPO.glob("arch/*/board")):
            shutil.copytree(folder, self.repo / folder.relative_to(REPO),
                            ignore=shutil.ignore_patterns("tests", "selftest", "__pycache__"))
        self.begin = BEGIN.format(path=str(self.repo / "kunit" / "board"))

    def environment(self, cache=None, home=None):
        return os.environ | {"DMAMAP_CACHE": str(cache or self.cache),
                             "HOME": str(home or self.place / "home")}

    def run_code(self, code, *words, cache=None, **more):
        return subprocess.run([sys.executable, "-c", self.begin + code, *words],
                              env=self.environment(cache, **more), text=True,
                              capture_output=True, check=False, cwd=self.place)

    def start_code(self, code, *words):
        process = subprocess.Popen([sys.executable, "-c", self.begin + code, *words],
                                   env=self.environment(), cwd=self.place, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        return process

    def command(self, name, cache=None, **more):
        return self.run_code(f"import cli; sys.argv[1:] = [{name!r}]; sys.exit(cli.main())",
                             cache=cache, **more)

    def make_cache(self, cache=None):
        done = self.run_code("from base.paths import cache; cache()", cache=cache)
        self.assertEqual(done.returncode, 0, done.stderr)

    def fill(self, folder, *names):
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)

    def left(self):
        return sorted(str(path.relative_to(self.cache)) for path in self.cache.rglob("*")
                      if path.is_file())


class Places(InFolder):
    """What can't be a cache folder, and that nothing happens to it."""

    def refused(self, cache, sentence, **more):
        for name in ("clean", "distclean", "user"):
            done = self.command(name, cache=cache, **more)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(sentence, done.stderr)
            self.assertNotIn("Traceback", done.stderr)
        self.assertFalse((Path(cache) / ".dmamap-cache").exists())

    def test_what_has_the_checkout_in_it(self):
        self.refused(self.repo.parent, "has the repository in it")
        link = self.place / "link"
        link.symlink_to(self.repo.parent)
        self.refused(link, "has the repository in it")

    def test_what_is_in_the_checkout(self):
        self.refused(self.repo / "cache", "inside the repository")

    def test_home_and_root(self):
        home = self.place / "home"
        home.mkdir()
        self.refused(home, "all that you own", home=home)

    def test_names_that_end_where_they_should_not(self):
        for name in ("a b", "a,b", "a:b", "a'b", "a$b"):
            self.refused(self.place / name, "in its name")
            self.assertFalse((self.place / name).exists())


class Removed(InFolder):
    def test_a_folder_with_files_is_no_cache_of_ours(self):
        self.fill(self.cache, "thesis.txt", "tmp/keep", "build/keep")
        before = self.left()
        for name in ("clean", "distclean", "user"):
            done = self.command(name)
            self.assertEqual(done.returncode, 1, name)
            self.assertIn("not made by this project", done.stderr)
        self.assertEqual(self.left(), before)

    def test_an_empty_folder_becomes_one(self):
        self.cache.mkdir()
        self.make_cache()
        self.assertTrue((self.cache / ".dmamap-cache").exists())

    def test_clean_keeps_source_and_compiler_cache(self):
        self.make_cache()
        self.fill(self.cache, "build/vax/vmlinux", "user/host/a", "log/old.log",
                  "ccache/a", "linux-source-6.12/Makefile", "thesis.txt")
        self.assertEqual(self.command("clean").returncode, 0)
        self.assertEqual(self.left(), [".dmamap-cache", "ccache/a", "kernel.lock",
                                       "linux-source-6.12/Makefile", "thesis.txt",
                                       "user.lock"])

    def test_distclean_keeps_what_is_not_ours(self):
        self.make_cache()
        self.fill(self.cache, "build/a", "ccache/a", "crash/a", "thesis.txt", "mine/a")
        done = self.command("distclean")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("mine, thesis.txt", done.stdout)
        self.assertEqual(self.left(), [".dmamap-cache", "kernel.lock", "mine/a",
                                       "thesis.txt", "user.lock"])

    def test_distclean_removes_all_of_ours(self):
        self.make_cache()
        self.fill(self.cache, "build/a", "user/a", "ccache/a", "corpus/a", "crash/a",
                  "log/a", "tmp/dmamap-1-x/a", "linux-source-6.12/a",
                  "linux-source-6.12.version", "compile_commands.json")
        done = self.command("distclean")
        self.assertFalse(self.cache.exists(), done.stdout + done.stderr)

    def test_nothing_is_made_to_be_removed(self):
        for name in ("clean", "distclean"):
            self.assertEqual(self.command(name).returncode, 0)
            self.assertFalse(self.cache.exists())

    def test_a_link_is_removed_and_not_what_it_leads_to(self):
        self.make_cache()
        self.fill(self.place / "elsewhere", "keep")
        (self.cache / "build").symlink_to(self.place / "elsewhere")
        self.assertEqual(self.command("clean").returncode, 0)
        self.assertFalse((self.cache / "build").is_symlink())
        self.assertTrue((self.place / "elsewhere" / "keep").exists())


class TwoCommands(InFolder):
    def test_each_reads_its_own_logs(self):
        first, second = (self.start_code(LOG, word) for word in ("first", "second"))
        places = [process.stdout.readline().strip() for process in (first, second)]
        self.assertNotEqual(*places)
        said = [process.communicate("")[0].strip() for process in (first, second)]
        self.assertEqual(said, ["first", "second"])
        self.assertIn(str((self.cache / "log" / "latest").resolve()), places)

    def test_clean_leaves_the_logs_of_a_command_that_goes_on(self):
        command = self.start_code(LOG, "alive")
        place = Path(command.stdout.readline().strip())
        self.assertEqual(self.command("clean").returncode, 0)
        self.assertTrue((place / "boot.log").exists())
        self.assertEqual(command.communicate("")[0].strip(), "alive")
        self.assertEqual(self.command("clean").returncode, 0)
        self.assertFalse(place.exists())

    def test_the_lock_lives_as_long_as_the_build(self):
        runner = self.start_code(BUILD)
        pid = self.place / "pid"
        end = time.monotonic() + 60
        while not (pid.exists() and pid.read_text()) and time.monotonic() < end:
            time.sleep(0.05)
        build = int(pid.read_text())
        self.addCleanup(lambda: os.path.exists(f"/proc/{build}")
                        and os.kill(build, signal.SIGKILL))
        runner.kill()
        runner.wait(60)
        with open(self.cache / "kernel.lock", "w", encoding="ascii") as file:
            if os.path.exists(f"/proc/{build}"):
                with self.assertRaises(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.kill(build, signal.SIGKILL)
            fcntl.flock(file, fcntl.LOCK_EX)    # and is free after it

    def test_who_waits_for_a_lock_that_distclean_removes(self):
        code = ("from base.paths import locked\n"
                "with locked('kernel'): print(sys.argv[1], flush=True)\n")
        self.make_cache()
        with open(self.cache / "kernel.lock", "w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            waits = self.start_code(code, "done")
            self.assertIn("waiting", waits.stdout.readline())
            (self.cache / "kernel.lock").unlink()
        self.assertEqual(waits.communicate()[0].strip(), "done")
        self.assertTrue((self.cache / "kernel.lock").exists())


if __name__ == "__main__":
    unittest.main()
