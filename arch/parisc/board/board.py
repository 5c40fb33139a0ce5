# SPDX-License-Identifier: GPL-2.0
"""QEMU's B160L."""

from base.board import MIB, Board, Limits, adopts

# The kernel sees 240 of 256 MiB; the chip's window is the first MiB above. QEMU puts
# the initramfs at the very end, so the kernel must not free it.
BOARD = Board(
    name="parisc", order=3, effort=1,
    arch="parisc", cross="hppa-linux-gnu-",
    target="vmlinux", image="vmlinux",
    strategies=("purge",),
    qemu="qemu-system-hppa", machine="B160L",
    options=(),
    cmdline="console=ttyS0 mem=240M retain_initrd hca.window=0xf000000 "
            + adopts(0xf200000),
    ram=256 * MIB, ram_base=0, window_offset=240 * MIB,
    # The clock chip tells the host's time, so two boots are not quite alike. On a
    # busy host four boots differed by up to 280 of 99,700 and 440 of 584,000.
    limits=Limits(goal=0.25, ceiling=0.25, slack=(64, 1 / 200)),
    stock_aliases="")
