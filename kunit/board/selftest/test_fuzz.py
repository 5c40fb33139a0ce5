# SPDX-License-Identifier: GPL-2.0
"""What is understood of libFuzzer's output, and what it starts with."""

import tempfile
import unittest
from pathlib import Path

import common  # noqa: F401  (sets the path)
from base.paths import Stop
from host import fuzz

START = ["INFO: Seed: 1", "#2\tINITED cov: 5 ft: 6 corp: 1/1b exec/s: 0",
         "\tNEW_FUNC[1/2]: 0x1 in f", "#80\tNEW    cov: 9 ft: 12 corp: 7/40b lim: 4"]
BROKEN = ["unmap on worst", "  I1: a translation"]
CRASH = ["==7== ERROR: libFuzzer: deadly signal", "    #0 0x1 in f"]


class FuzzTest(unittest.TestCase):
    def test_counts(self):
        self.assertEqual(fuzz.said(fuzz.COUNTS.match(START[-1])),
                         "80 inputs, 7 kept")
        self.assertIsNone(fuzz.COUNTS.match(START[0]))
        self.assertEqual(fuzz.said(None), "starting")

    def test_the_last_counts_of_a_log(self):
        with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as log:
            self.assertIsNone(fuzz.last_counts(log.name))
            log.write("\n".join(START + BROKEN))
            log.flush()
            self.assertEqual(fuzz.said(fuzz.last_counts(log.name)),
                             "80 inputs, 7 kept")

    def test_what_the_target_printed_is_shown(self):
        self.assertEqual(fuzz.found(START + BROKEN + CRASH), BROKEN)

    def test_what_a_sanitizer_printed_is_shown(self):
        self.assertEqual(fuzz.found(START + CRASH), CRASH)

    def test_where_the_input_is(self):
        line = "x; Test unit written to /c/crash/layer-crash-1f"
        self.assertEqual(fuzz.ARTIFACT.search(line).group(1),
                         "/c/crash/layer-crash-1f")

    def test_first_inputs_are_planted_once(self):
        with tempfile.TemporaryDirectory() as place:
            corpus = Path(place) / "corpus" / "layer"
            fuzz.plant(corpus, 10)
            files = sorted(corpus.iterdir())
            self.assertEqual(len(files), fuzz.SEEDS)
            self.assertEqual({file.stat().st_size for file in files}, {10})
            files[0].unlink()
            fuzz.plant(corpus, 10)
            self.assertEqual(len(list(corpus.iterdir())), fuzz.SEEDS - 1)

    def test_wrong_options_are_refused(self):
        for target, seconds in (("driver", "60"), ("all", "soon"), ("all", "0")):
            with self.assertRaises(Stop):
                fuzz.run(target, seconds)


if __name__ == "__main__":
    unittest.main()
