# SPDX-License-Identifier: GPL-2.0
"""Random configurations: what is drawn, what is said; no compiler runs."""

import contextlib
import io
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import common
import cli
from base import boards, logs
from base.paths import Stop, environment
from build import kernel, random_configs


class Drawn(unittest.TestCase):
    """kernel.make() is a shell that stands for Kconfig and the compiler."""

    def setUp(self):
        self.place = Path(tempfile.mkdtemp(dir=common.CACHE.name))
        self.addCleanup(shutil.rmtree, self.place)
        self.folder = self.place / "build" / "vax-random"
        self.folder.mkdir(parents=True)
        self.fails = ()
        for target, replacement in (
                ("build.random_configs.CACHE", self.place),
                ("build.random_configs.fragment", lambda _: "CONFIG_DMAMAP=y\n"),
                ("build.kernel.unpack", lambda: None),
                ("build.kernel.attach", lambda _: None),
                ("build.kernel.make", self.make)):
            patch = mock.patch(target, replacement)
            patch.start()
            self.addCleanup(patch.stop)

    def make(self, _board, folder, target):
        if target == "randconfig":
            return ["sh", "-c", f"{{ cat $KCONFIG_ALLCONFIG; echo CONFIG_SEED=$KCONFIG_SEED; "
                                f"}} > {folder}/.config"]
        bad = "|".join(map(str, self.fails)) or "none"
        return ["sh", "-c", f"grep -qE 'SEED=({bad})$' {folder}/.config || exit 0; "
                            "echo 'x.cc:1: error: no'; exit 1"]

    def run_from(self, seed, count):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            score = random_configs.run(common.INSIDE, seed, count)
        return score, out.getvalue()

    def test_each_seed_gives_one(self):
        score, said = self.run_from(7, 3)
        self.assertEqual((score.passed, score.failures), (3, []))
        for seed in (7, 8, 9):
            self.assertIn(f"vax configuration {seed}", said)
        self.assertIn("CONFIG_SEED=9", (self.folder / ".config").read_text())

    def test_a_failure_says_how_to_have_it_again_and_the_rest_goes_on(self):
        self.fails = (8,)
        score, said = self.run_from(7, 3)
        self.assertEqual(score.passed, 2)
        self.assertEqual(len(score.failures), 1)
        self.assertIn("make randconfig BOARD=vax SEED=8 N=1", score.failures[0])
        self.assertIn("x.cc:1: error: no", said)
        kept = logs.place() / "random-vax-8.config"
        self.assertIn(str(kept), said)
        self.assertIn("CONFIG_SEED=8", kept.read_text())

    def test_what_the_fragment_names_must_be_there(self):
        def make(board, folder, target):
            if target == "randconfig":
                return ["sh", "-c", f"echo '# nothing' > {folder}/.config"]
            return self.make(board, folder, target)

        with mock.patch("build.kernel.make", make):
            score, said = self.run_from(1, 1)
        self.assertEqual(len(score.failures), 1)
        self.assertIn("CONFIG_DMAMAP=y became n", said)

    def test_no_range(self):
        for seed, count in ((1, 0), (random_configs.MOST, 2)):
            with self.assertRaisesRegex(Stop, "is no range of seeds"):
                random_configs.run(common.INSIDE, seed, count)

    def test_the_shell_of_the_user_draws_nothing(self):
        with mock.patch.dict("os.environ", KCONFIG_SEED="5", KCONFIG_PROBABILITY="9"):
            self.assertFalse({"KCONFIG_SEED", "KCONFIG_PROBABILITY"} & set(environment()))


class Command(unittest.TestCase):
    def command(self, *words):
        args = cli.parser().parse_args(["randconfig", *words])
        asked = []

        def run(board, seed, count):
            asked.append((board.name, seed, count))
            return random_configs.Score(passed=count)

        with mock.patch.object(random_configs, "run", run), \
                mock.patch.object(boards, "BOARDS", common.TABLE), \
                contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertTrue(cli.do_randconfig(args))
        return asked, out.getvalue()

    def test_twenty_from_one_on(self):
        asked, said = self.command("--board", "vax")
        self.assertEqual(asked, [("vax", 1, 20)])
        self.assertIn("20 passed, 0 failed; 20 configurations of each board, from SEED=1 on",
                      said)

    def test_all_boards(self):
        asked, _ = self.command("--board", "all", "--seed", "5", "--count", "3")
        self.assertEqual(asked, [(name, 5, 3) for name in common.TABLE])

    def test_no_number(self):
        for words in (["--count", "some"], ["--seed", "-1"]):
            with self.assertRaisesRegex(Stop, "is no number up to"):
                self.command("--board", "vax", *words)


class Fragments(unittest.TestCase):
    def test_each_board_has_one(self):
        for board in boards.BOARDS.values():
            text = random_configs.fragment(board)
            self.assertIn("CONFIG_DMAMAP=y", text)
            self.assertIn("CONFIG_WERROR=y", text)
            self.assertNotIn("STRATEGY", text)
        self.assertNotIn("random", kernel.configs())


if __name__ == "__main__":
    unittest.main()
