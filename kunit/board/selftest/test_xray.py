# SPDX-License-Identifier: GPL-2.0
"""What the runner says of a board's X-ray."""

import unittest

import common
from report import xray

GOOD = {
    "xray.snooping": "0", "xray.all.microseconds": "1000",
    "audit.cacheable": "0", "xray.frame.early": "Invalid argument",
    "xray.frame.word": "Invalid argument",
    "xray.frame.beyond": "Numerical result out of range",
    "xray.frame.0": "0x1000 pfn 0x1 pages 1 uncached by 4K own vmap VM_MAP",
    **{f"xray.{whose}.{size}":
       f"frames {size // 4096} translations {size // 4096} "
       f"cacheable {alias} conflicts {alias}"
       for whose, alias in (("stock", 1), ("layer", 0))
       for size in xray.SIZES},
}


def wrong(board=common.INSIDE, **changes):
    values = GOOD | {key.replace("_", "."): value
                     for key, value in changes.items()}
    return list(xray.verdicts(board, values))


class Verdicts(unittest.TestCase):
    def test_good(self):
        self.assertEqual(wrong(), [])

    def test_layer_conflicts(self):
        self.assertIn("conflicting", wrong(xray_layer_4096="frames 1 "
                      "translations 2 cacheable 1 conflicts 1")[0])

    def test_stock_without_alias(self):
        none = {f"xray_stock_{size}": f"frames 1 translations {size} "
                "cacheable 0 conflicts 0" for size in xray.SIZES}
        self.assertIn("blind", wrong(**none)[0])

    def test_refused(self):
        self.assertEqual(xray.counts({"xray.layer.4096": "refused -19"},
                                     "layer", 4096), {})

    def test_where_parameters_are_needed_a_boot_without_them_says_nothing(self):
        none = {f"xray_stock_{size}": f"frames 1 translations {size} "
                "cacheable 0 conflicts 0" for size in xray.SIZES}
        self.assertEqual(wrong(common.TWO, **none), [])

    def test_a_snooping_one(self):
        self.assertEqual(len(wrong(common.SNOOPS)), 2)
        fine = {f"xray_stock_{size}": f"frames 1 translations {size} "
                "cacheable 9 conflicts 0" for size in xray.SIZES}
        self.assertEqual(wrong(common.SNOOPS, xray_snooping="1", **fine), [])

    def test_not_seen(self):
        self.assertIn("not all seen", wrong(xray_layer_65536="")[0])

    def test_slow(self):
        self.assertIn("took 2000000 us", wrong(xray_all_microseconds="2000000")[0])
        self.assertIn("took None us", wrong(xray_all_microseconds="")[0])

    def test_frame(self):
        self.assertIn("frame: beyond", wrong(xray_frame_beyond="accepted")[0])
        self.assertIn("own mapping", wrong(xray_frame_0="")[0])


if __name__ == "__main__":
    unittest.main()
