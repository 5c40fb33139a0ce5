# SPDX-License-Identifier: GPL-2.0
"""What the tests of the board scripts share."""

import os
import sys
import tempfile
from pathlib import Path

BOARD_DIR = Path(__file__).resolve().parents[1]
REPO = BOARD_DIR.parents[1]
sys.path.insert(0, str(BOARD_DIR))

# Tests write logs and folders; never into the real cache.
CACHE = tempfile.TemporaryDirectory(prefix="selftest-")
os.environ["DMAMAP_CACHE"] = CACHE.name
(Path(CACHE.name) / ".dmamap-cache").touch()

from base.board import (MIB, Board, DeviceTree, Limits, Refusal,  # noqa: E402
                        Variant)


def row(name="vax", **changes):
    """A board that no machine has."""
    settings = {
        "order": 1, "effort": 1, "arch": name, "cross": f"{name}-linux-gnu-",
        "target": "vmlinux", "image": "vmlinux", "strategies": ("unmap",),
        "qemu": f"qemu-system-{name}", "machine": "plain", "options": (),
        "cmdline": "console=ttyS0", "ram": 256 * MIB, "ram_base": 0,
        "limits": Limits(goal=0.25, ceiling=0.02)}
    return Board(name=name, **settings | changes)


# One whose devices snoop, and of which there is a large one; one that can keep two strategies, each but where it can't;
# one with the window inside of its RAM and a clock that tells the host's time.
SNOOPS = row("eniac", effort=3, limits=Limits(goal=0.5, ceiling=0.4, map_faults=1),
             timers=("info lapic 0", "info lapic 1"),
             variants=(Variant("large", {"ram": 1024 * MIB}, ("KUnit", "short tests")),))
TWO = row("zuse", order=2, effort=2, strategies=("highmem", "unmap"),
          refusals=(Refusal("highmem", "no-cma", "cma=0", "no contiguous memory"),
                    Refusal("highmem", "no-highmem", "mem=400M", "in lowmem"),
                    Refusal("unmap", "no-cma", "cma=0", "no contiguous memory")),
          device_tree=DeviceTree(("dma-coherent",), ((0x50000000, MIB),)),
          stock_aliases="cma=0")
INSIDE = row("vax", order=3, window_offset=240 * MIB, stock_aliases="",
             limits=Limits(goal=0.25, ceiling=0.25, slack=(64, 1 / 200)))
TABLE = {board.name: board for board in (SNOOPS, TWO, INSIDE)}
