# SPDX-License-Identifier: GPL-2.0
"""What a row of the table of boards says: arch/MACHINE/board/board.py is one."""

from dataclasses import dataclass, field

MIB = 1 << 20
WINDOW_BYTES = MIB          # HCA_WINDOW_BYTES, see hca/include/hca_chip.h


def adopts(address, size=MIB):
    """Kernel parameters of the driver that adopts RAM."""
    return f"mapper.adopt_at={address:#x} mapper.adopt_bytes={size:#x}"


@dataclass(frozen=True)
class Refusal:
    """A boot in which a board can't keep a strategy."""
    strategy: str
    name: str
    parameters: str         # of the kernel, under which it can't
    says: str               # part of the sentence why
    changes: dict = field(default_factory=dict)     # of the row, as in a Variant


@dataclass(frozen=True)
class DeviceTree:
    """How QEMU's own device tree is changed for the kernel."""
    without: tuple = ()     # properties that are taken out
    reserved: tuple = ()    # (address, bytes) of RAM that is not the kernel's
    contiguous: tuple = ()  # the same, of what is to be its contiguous memory (CMA)


@dataclass(frozen=True)
class Limits:
    """What the figures of a board must hold; docs/figures.md has the measured ones."""
    goal: float             # part of the kernel's own that a warm 4 KiB should cost,
    ceiling: float          # and must not exceed: a little above what was measured
    # Faults when 2 MiB are mapped into a process and touched. Only a machine whose
    # page tables are that large can promise one: the place may lie in two of them.
    map_faults: int = 512 // 16
    # How far a second boot may be away: instructions, and part of what was measured.
    slack: tuple = (0, 0)


@dataclass(frozen=True)
class Setup:
    """One of several ways to boot a kernel: what QEMU and the kernel are told more."""
    name: str
    parameters: str = ""    # of the kernel
    options: tuple = ()     # of QEMU


@dataclass(frozen=True)
class Variant:
    """How the row differs where the kernel has a certain configuration."""
    config: str
    changes: dict           # fields of the row, and what stands in them instead
    checks: tuple           # what make check runs on that kernel; see check.VARIED


@dataclass(frozen=True)
class Board:
    """One machine: a row of the table."""
    name: str               # of its folder below arch, too
    order: int              # its place in tables
    effort: int             # of its kernel's build: the quickest is built first
    arch: str               # ARCH of the kernel
    cross: str              # prefix of the compiler
    target: str             # what to make
    image: str              # where make leaves it
    strategies: tuple       # that this board can keep, the default first
    qemu: str
    machine: str            # -machine, without the memory
    options: tuple          # more options of QEMU
    cmdline: str            # kernel parameters
    ram: int                # bytes
    ram_base: int           # physical address of the first byte
    limits: Limits          # of its figures
    # Kernel parameters under which the stock kernel's coherent memory has a second,
    # cacheable translation; "" is as the board boots anyway. None: it has none, for
    # the kernel takes every device for a snooping one, and the memory is cacheable.
    stock_aliases: str = None
    window_offset: int = None   # chip window inside the RAM file, or None: PCI
    device_tree: DeviceTree = None  # or the kernel needs none
    places: tuple = ()      # (strategy, more kernel parameters for it)
    refusals: tuple = ()    # boots in which a strategy can't be kept: Refusal
    timers: tuple = ()      # what to ask QEMU's monitor about those of the CPUs
    hole: tuple = None      # (address, bytes) in the middle of the RAM that are none
    nodes: tuple = ()       # bytes of RAM of each NUMA node; none: all are alike
    slot: str = None        # QEMU's name of the bus that takes the chip; None: any
    setups: tuple = ()      # Setup, of which a boot may take one
    setup: str = None       # the one that was taken
    variants: tuple = ()    # Variant, for other configurations of the kernel
