# SPDX-License-Identifier: GPL-2.0
"""What counts as covered, on exports as llvm-cov writes them."""

import contextlib
import io
import shutil
import tempfile
import unittest
from pathlib import Path

import common  # noqa: F401  (sets the path)
from host import coverage, coverage_export

SOURCE = """\
template <bool kA>
bool f(int x)
{
	if (x > 3 && x < 9)
		return kA ? one() : two();
	TRY(x);
	return false;	/* no */
}
bool g() noexcept { return f<true>(1); }
"""
BODY = [3, 1, 8, 2]
FIRST, SECOND = [4, 6, 4, 11], [4, 15, 4, 20]
THEN = [5, 3, 5, 28]
ONE, TWO = [5, 15, 5, 20], [5, 23, 5, 28]
USE = [6, 2, 6, 5]
IN_MACRO = [20, 3, 20, 8]
CODE, EXPANSION, SKIPPED, GAP, BRANCH = range(5)


class Exports(unittest.TestCase):
    def setUp(self):
        self.tree = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.tree)
        (self.tree / "a.h").write_text(SOURCE)
        self.functions, self.listed = [], []

    def function(self, branches=(), code=((BODY, 1),), shown=None, more=(),
                 files=("a.h", "macro.h")):
        """One instantiation: branches (place, true, false[, file]), code
        (place, count), MC/DC of FIRST && SECOND, other regions."""
        found = [[*at, *counts[:2], *(counts[2:] or [0]), 0, BRANCH]
                 for at, *counts in branches]
        self.functions.append({
            "filenames": [str(self.tree / name) for name in files],
            "branches": found,
            "regions": [[*at, n, 0, 0, CODE] for at, n in code] + list(more),
            "mcdc_records": [[*FIRST[:2], *SECOND[2:], 0, 5, shown]]
                            if shown else []})
        self.listed += found

    def read(self):
        export = {"data": [{
            "functions": self.functions,
            "files": [{"filename": str(self.tree / "a.h"),
                       "branches": self.listed}]}]}
        return coverage_export.read(export, self.tree, ["a.h"])["a.h"]

    def missing(self):
        return [line for line in coverage._missing(self.read())
                if "bool g()" not in line]


class Branches(Exports):
    def test_outcomes_of_all_instantiations_are_summed(self):
        self.function([(FIRST, 2, 0), (SECOND, 1, 1)])
        self.function([(FIRST, 0, 3), (SECOND, 0, 0)])
        self.assertEqual(self.missing(), [])
        self.assertEqual(self.read().outcomes(), [True] * 4)

    def test_missing_outcomes_are_named(self):
        self.function([(FIRST, 2, 0), (SECOND, 0, 2)])
        self.assertEqual(self.missing(), ["a.h:4:6: x > 3: never false",
                                          "a.h:4:15: x < 9: never true"])

    def test_never_reached(self):
        self.function([(FIRST, 0, 2), (SECOND, 0, 0)])
        self.assertIn("a.h:4:15: x < 9: never reached", self.missing())

    def test_a_macro_counts_at_each_use(self):
        second = [7, 2, 7, 14]
        self.function(
            [(IN_MACRO, 1, 1, 1), (IN_MACRO, 0, 2, 2)],
            files=("a.h", "macro.h", "macro.h"),
            more=([*USE, 1, 0, 1, EXPANSION], [*second, 1, 0, 2, EXPANSION]))
        self.assertEqual(self.missing(),
                         ["a.h:7:2: return false: never true"])

    def test_other_files_do_not_count(self):
        self.function([(FIRST, 0, 1)], files=("test.cc",))
        self.function()
        self.assertEqual(self.read().branches, {})

    def test_switch_without_default(self):
        (self.tree / "a.h").write_text("\tswitch (x) {\n\tcase 1:\n")
        self.function([([1, 10, 1, 11], 0, 2), ([2, 2, 2, 9], 0, 2)], code=())
        self.assertEqual(self.missing(),
                         ["a.h:1:10: x: never a value without case",
                          "a.h:2:2: case 1:: never true"])


class Constants(Exports):
    def one_side(self, one, two):
        self.function(code=[(BODY, 1), (THEN, 1), (ONE, one), (TWO, two)])
        self.listed.append([5, 10, 5, 12, 0, 0, 0, 0, BRANCH])

    def test_have_no_outcomes_but_both_sides_run(self):
        self.one_side(1, 0)
        self.one_side(0, 1)
        self.assertEqual(self.read().outcomes(), [])
        self.assertEqual(self.missing(), [])
        self.assertEqual(list(coverage._constants(self.read())),
                         ["a.h:5:10: kA"])

    def test_a_side_that_never_runs_is_missing(self):
        self.one_side(1, 0)
        self.assertEqual(self.missing(), ["a.h:5:23: two(): never runs"])

    def test_one_instantiation_may_have_outcomes(self):
        self.one_side(1, 1)
        self.function([([5, 10, 5, 12], 1, 1)])
        self.assertEqual(self.read().constants, set())


class Code(Exports):
    def test_the_outermost_place_is_named(self):
        self.function(code=[(BODY, 1), (THEN, 0), (ONE, 0), (TWO, 0)])
        self.assertEqual(self.missing(),
                         ["a.h:5:3: return kA ? one() : two(): never runs"])

    def test_a_template_without_instantiation(self):
        missing = list(coverage._missing(self.read()))
        self.assertEqual(missing, [
            "a.h:2:1: bool f(int x): no instantiation has this",
            "a.h:9:1: bool g() noexcept { return f<true>(1); }: "
            "no instantiation has this"])

    def test_a_side_that_each_instantiation_discards(self):
        self.function(more=[[*THEN[:3], 29, 0, 0, 0, SKIPPED]])
        self.assertEqual(self.missing(),
                         ["a.h:5:3: return kA ? one() : two();: "
                          "no instantiation has this"])
        self.function(code=[(BODY, 1), (THEN, 1)])
        self.assertEqual(self.missing(), [])

    def test_comments_are_no_code(self):
        self.function(more=[[7, 16, 7, 24, 0, 0, 0, SKIPPED]])
        self.assertEqual(self.missing(), [])

    def test_lines(self):
        self.function(code=[(BODY, 1)],
                      more=[[4, 21, 5, 3, 0, 0, 0, GAP],
                            [*THEN, 0, 0, 0, CODE],
                            [6, 1, 6, 9, 0, 0, 0, SKIPPED]])
        self.assertEqual(self.read().lines, {3: True, 4: True, 5: False,
                                             7: True, 8: True})


class Decisions(Exports):
    def test_a_condition_is_shown_in_some_instantiation(self):
        self.function(shown=[True, False])
        self.function(shown=[False, False])
        self.assertEqual(list(coverage._unshown(self.read())),
                         ["a.h:4:6: x > 3 && x < 9: condition 2"])
        self.function(shown=[False, True])
        self.assertEqual(list(coverage._unshown(self.read())), [])


class Verdicts(Exports):
    def show(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            good = coverage.show([self.read()])
        return good, out.getvalue()

    def whole(self, false):
        self.function([(FIRST, 1, false)],
                      code=[(BODY, 1), ([9, 19, 9, 41], 1)])

    def test_good(self):
        self.whole(1)
        good, text = self.show()
        self.assertTrue(good)
        self.assertRegex(text, r"a\.h +7 of 7 +2 of 2 +-\n")
        self.assertIn("dma/core and dma/strategy: 100 %", text)

    def test_bad(self):
        self.whole(0)
        good, text = self.show()
        self.assertFalse(good)
        self.assertIn("it is 50.0 %, 1 missing", text)

    def test_nothing_was_measured(self):
        good, text = self.show()
        self.assertFalse(good)
        self.assertIn("no branch", text)

    def test_never_rounded_up(self):
        self.assertEqual(coverage.percent([True] * 9999 + [False]), "99.9 %")


if __name__ == "__main__":
    unittest.main()
