# SPDX-License-Identifier: GPL-2.0
"""What "make check" runs on which kernel, without building or booting any."""

import contextlib
import io
import unittest
from unittest import mock

import common                               # where the scripts are
import check
from base.paths import Stop
from base.score import Score


class Phases(unittest.TestCase):
    """A check whose suites only note that they were asked for."""

    def run_check(self, config="default", unbuilt=()):
        self.asked = []

        def build(which):
            if which in unbuilt:
                raise Stop("the kernel was not built:\nbecause")

        def suite(title):
            return lambda *_: self.asked.append(title) or Score(passed=1)

        def stages(table):
            return tuple((title, lambda board, bundle, title=title:
                          suite(f"{board.name} {bundle} {title}")())
                         for title, _ in table)

        with contextlib.ExitStack() as stack:
            for target, replacement in (
                    ("base.boards.BOARDS", common.TABLE),
                    ("check.Workspace", mock.MagicMock()),
                    ("check.Builds", mock.MagicMock()),
                    ("check.programs.with_programs",
                     lambda board, place, image, strategy, config:
                     f"{strategy}:{config}"),
                    ("check.suites.self_tests", suite("scripts")),
                    ("check.suites.host_tests", suite("host")),
                    ("check.judge.check", suite("judge")),
                    ("check.judge.check_murphi", suite("murphi")),
                    ("check.bench.check", suite("benchmarks")),
                    ("check.random_configs.run", lambda board, seed, count:
                     suite(f"{board.name} {count} random from {seed}")()),
                    ("check.suites.fabric_score", self.fabric),
                    ("check.BUILT_IN", stages(check.BUILT_IN)),
                    ("check.AS_MODULES", stages(check.AS_MODULES)),
                    ("check.VARIED", dict(stages(check.VARIED.items())))):
                stack.enter_context(mock.patch(target, replacement))
            check.Builds.return_value.__enter__.return_value.wait_for = build
            out = stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            good = check.run(config)
        return good, out.getvalue()

    def fabric(self, bundles, _):
        self.asked.append(f"fabric {' '.join(bundles)}")
        return Score(passed=1)

    def test_each_board_has_its_suites(self):
        good, said = self.run_check()
        self.assertTrue(good)
        for name in common.TABLE:
            for title in ("KUnit", "board tests", "X-ray", "main job", "figures",
                          "messages", "stress"):
                self.assertIn(f"{name} None:default {title}", self.asked)
            for title in ("KUnit", "driver tests", "main job"):
                self.assertIn(f"{name} None:module {title}", self.asked)
        for title in ("KUnit", "board tests", "refusals", "X-ray", "main job", "figures"):
            self.assertIn(f"zuse unmap:default {title}", self.asked)
        self.assertEqual(said.splitlines()[-1],
                         f"{len(self.asked)} passed, 0 failed")

    def test_a_handful_of_random_configurations(self):
        self.run_check()
        self.assertFalse([title for title in self.asked if "random" in title])
        self.run_check(config=check.WIDE)
        for name in common.TABLE:
            self.assertIn(f"{name} 2 random from 1", self.asked)

    def test_a_variant_has_what_its_row_asks_for(self):
        self.run_check()
        self.assertFalse([title for title in self.asked if ":large" in title])
        self.run_check(config=check.WIDE)
        self.assertEqual([title for title in self.asked if ":large" in title],
                         ["eniac None:large KUnit", "eniac None:large short tests"])

    def test_a_variant_boots_its_own_row(self):
        rows = []
        stages = [("KUnit", lambda board, _: rows.append(board) or Score(passed=1))]
        with mock.patch("base.boards.BOARDS", common.TABLE), \
                mock.patch.object(check.Check, "_bundle", lambda *_: "bundle"), \
                contextlib.redirect_stdout(io.StringIO()):
            for which in ("eniac", "eniac:large"):
                check.Check("default")._board(which, stages, None, None)
        self.assertEqual([row.ram // common.MIB for row in rows], [256, 1024])

    def test_quick(self):
        asked = []

        def suite(title):
            return lambda *_: asked.append(title) or Score(passed=1)

        with contextlib.redirect_stdout(io.StringIO()) as out, \
                mock.patch("check.Workspace", mock.MagicMock()), \
                mock.patch("check.programs.prepare", lambda *_: "bundle"), \
                mock.patch("check.suites.host_tests", suite("host")), \
                mock.patch("check.suites.kunit", suite("KUnit")), \
                mock.patch("check.suites.short_tests", suite("programs")):
            self.assertTrue(check.quick(common.TWO, None, "default"))
        self.assertEqual(asked, ["host", "KUnit", "programs"])
        self.assertTrue(out.getvalue().endswith("3 passed, 0 failed\n"))

    def test_quick_without_a_kernel_tests_the_host(self):
        def broken(*_):
            raise Stop("the kernel was not built")

        with contextlib.redirect_stdout(io.StringIO()) as out, \
                mock.patch("check.Workspace", mock.MagicMock()), \
                mock.patch("check.programs.prepare", broken), \
                mock.patch("check.suites.host_tests", lambda: Score(passed=5)):
            self.assertFalse(check.quick(common.TWO, None, "default"))
        self.assertTrue(out.getvalue().endswith("5 passed, 1 failed\n"))

    def test_where_the_time_went(self):
        one = check.Check("debug")
        one.spent = [(1.2, "quick"), (70.4, "slow"), (9.0, "middling")]
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertTrue(one.finish())
        lines = out.getvalue().splitlines()
        first = lines.index("where the time went, seconds:") + 1
        self.assertEqual(lines[first:first + 3],
                         ["      70  slow", "       9  middling", "       1  quick"])

    def test_every_phase_is_counted(self):
        said = self.run_check()[1].splitlines()
        table = said[said.index("where the time went, seconds:") + 1:]
        for title in ("scripts", "eniac KUnit", "fabric", "benchmarks"):
            self.assertTrue(any(line.endswith(f"  {title}") for line in table), title)

    def test_what_a_kernel_is_not_asked_for(self):
        self.run_check()
        self.assertNotIn("eniac None:default refusals", self.asked)   # has none
        self.assertNotIn("zuse unmap:default stress", self.asked)
        self.assertNotIn("eniac None:module figures", self.asked)

    def test_checkers_have_no_figures_and_no_modules(self):
        self.run_check("debug")
        self.assertIn("eniac None:debug stress", self.asked)
        self.assertFalse([title for title in self.asked
                          if "figures" in title or "messages" in title
                          or ":module" in title or ":large" in title])

    def test_the_fabric_is_of_the_boards_own_strategies(self):
        self.run_check()
        self.assertIn("fabric None:default None:default None:default", self.asked)

    def test_a_kernel_that_is_not_built_fails_and_the_rest_goes_on(self):
        good, said = self.run_check(unbuilt=("zuse",))
        self.assertFalse(good)
        self.assertIn("FAILED zuse build: the kernel was not built:", said)
        self.assertIn("FAILED fabric: was not built: zuse", said)
        self.assertIn("eniac None:default stress", self.asked)
        self.assertNotIn("zuse None:default KUnit", self.asked)
        self.assertTrue(said.rstrip().endswith("passed, 2 failed"))


if __name__ == "__main__":
    unittest.main()
