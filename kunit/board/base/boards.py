# SPDX-License-Identifier: GPL-2.0
"""The table of boards: compiler, kernel image, memory, machine."""

from dataclasses import dataclass

from base.paths import Stop

MIB = 1 << 20
WINDOW_BYTES = MIB          # HCA_WINDOW_BYTES, see hca/include/hca_chip.h

# RAM that a board keeps from its kernel, for a driver that adopts it.
NO_MAP = 0x50000000         # ARM, by the device tree


def adopts(address, size=MIB):
    """Kernel parameters of the driver that adopts RAM."""
    return f"mapper.adopt_at={address:#x} mapper.adopt_bytes={size:#x}"


@dataclass(frozen=True)
class Board:
    """One machine: a row of the table."""
    name: str
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
    window_offset: int = None   # chip window inside the RAM file, or None: PCI
    places: tuple = ()      # (strategy, more kernel parameters for it)
    refusals: tuple = ()    # boots in which a strategy can't be kept: Refusal
    timers: tuple = ()      # what to ask QEMU's monitor about those of the CPUs


@dataclass(frozen=True)
class Refusal:
    """Kernel parameters under which a board can't keep a strategy."""
    strategy: str
    name: str
    parameters: str
    says: str               # part of the sentence why


BOARDS = {board.name: board for board in (
    # Where the CPU claims that bytes are quick, the kernel fills and copies by bytes,
    # of which QEMU makes one instruction each.
    Board(name="x86", arch="x86_64", cross="x86_64-linux-gnu-",
          target="bzImage", image="arch/x86/boot/bzImage",
          strategies=("unmap",),
          qemu="qemu-system-x86_64", machine="pc",
          options=("-cpu", "max,-erms,-fsrm,-fsrs", "-smp", "2"),
          cmdline="console=ttyS0 memmap=2M$0x10000000 " + adopts(0x10000000),
          ram=512 * MIB, ram_base=0,
          timers=("info lapic 0", "info lapic 1")),
    # 512 MiB of vmalloc space leave about 500 MiB of lowmem; the rest, with
    # CMA in it, is highmem. Short descriptors reach no PCI above 4 GiB.
    Board(name="arm", arch="arm", cross="arm-linux-gnueabihf-",
          target="zImage", image="arch/arm/boot/zImage",
          strategies=("highmem", "unmap"),
          # In lowmem, which ends a little below 0x60000000.
          places=(("unmap", "cma=64M@0x58000000"),),
          refusals=(
              Refusal("highmem", "no-cma", "cma=0",
                      "there is no contiguous memory"),
              Refusal("highmem", "no-highmem", "mem=400M",
                      "contiguous memory (CMA) lies in lowmem"),
              Refusal("unmap", "no-cma", "cma=0",
                      "there is no contiguous memory"),
              Refusal("unmap", "cma-in-highmem", "cma=64M@0x68000000",
                      "contiguous memory (CMA) lies in highmem"),
          ),
          qemu="qemu-system-arm", machine="virt,highmem=off",
          options=("-cpu", "cortex-a15", "-smp", "2"),
          cmdline="console=ttyAMA0 vmalloc=512M cma=64M " + adopts(NO_MAP),
          ram=768 * MIB, ram_base=0x40000000),
    # The kernel sees 240 of 256 MiB; the chip's window is the first MiB above.
    # QEMU puts the initramfs at the very end, so the kernel must not free it.
    Board(name="parisc", arch="parisc", cross="hppa-linux-gnu-",
          target="vmlinux", image="vmlinux",
          strategies=("purge",),
          qemu="qemu-system-hppa", machine="B160L",
          options=(),
          cmdline="console=ttyS0 mem=240M retain_initrd hca.window=0xf000000 "
                  + adopts(0xf200000),
          ram=256 * MIB, ram_base=0, window_offset=240 * MIB),
)}


def find(name):
    """The board of that name."""
    if name not in BOARDS:
        raise Stop(f"unknown BOARD={name}; valid: {', '.join(BOARDS)}")
    return BOARDS[name]


def find_all(name):
    """The boards that BOARD=name means."""
    if name == "all":
        return list(BOARDS.values())
    if name not in BOARDS:
        raise Stop(f"unknown BOARD={name}; valid: {', '.join(BOARDS)}, all")
    return [BOARDS[name]]


def strategy_of(board, name):
    """The strategy to configure: the one asked for, or the board's default."""
    name = name or board.strategies[0]
    if name not in board.strategies:
        raise Stop(f"unknown STRATEGY={name} for BOARD={board.name}; "
                   f"valid: {', '.join(board.strategies)}")
    return name


def cmdline_of(board, strategy):
    """The kernel parameters of a board with that strategy."""
    return " ".join([board.cmdline, *(more for name, more in board.places
                                      if name == strategy)])


def refusals_of(board, strategy):
    """The boots in which the kernel for that strategy can't keep it."""
    strategy = strategy_of(board, strategy)
    return [each for each in board.refusals if each.strategy == strategy]
