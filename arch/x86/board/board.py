# SPDX-License-Identifier: GPL-2.0
"""QEMU's "pc" with two CPUs."""

from base.board import MIB, Board, Limits, adopts

# Where the CPU claims that bytes are quick, the kernel fills and copies by bytes,
# of which QEMU makes one instruction each.
CPU = "max,-erms,-fsrm,-fsrs"

BOARD = Board(
    name="x86", order=1, effort=3,
    arch="x86_64", cross="x86_64-linux-gnu-",
    target="bzImage", image="arch/x86/boot/bzImage",
    strategies=("unmap",),
    qemu="qemu-system-x86_64", machine="pc",
    options=("-cpu", CPU, "-smp", "2"),
    cmdline="console=ttyS0 memmap=2M$0x10000000 " + adopts(0x10000000),
    ram=512 * MIB, ram_base=0,
    limits=Limits(goal=0.5, ceiling=0.4, map_faults=1),
    timers=("info lapic 0", "info lapic 1"))
