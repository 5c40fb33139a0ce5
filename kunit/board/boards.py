# SPDX-License-Identifier: GPL-2.0
"""The table of boards: compiler, kernel image, memory, QEMU."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import wires
from paths import Stop, environment

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


# The clock counts instructions, and nothing else can differ between two boots.
EXACT = ("-icount", "shift=0,sleep=off", "-seed", "1",
         "-rtc", "base=2026-01-01T00:00:00,clock=vm")
# It counts instructions while a CPU runs, and follows the host's while none does:
# else an idle board would be seconds ahead of its chip at once, and take it for dead.
EXACT_WITH_CHIP = ("-icount", "shift=0,sleep=on", *EXACT[2:])


def _quiet(board):
    """Options that leave nothing but the machine and its first serial port."""
    return [board.qemu, "-nodefaults", "-display", "none", "-monitor", "none",
            "-serial", "stdio", "-no-reboot", *board.options]


def _backend(name, size, folder):
    return ["-object", f"memory-backend-file,id={name},share=on,size={size},"
            f"mem-path={folder / name}"]


def _memory(board, folder):
    """RAM in a file that the chip shares."""
    return ["-m", f"size={board.ram}B", *_backend("ram", board.ram, folder)]


def _window(board, folder, doorbell):
    """The window where PCI has one: with an interrupt if there is a chip to ring."""
    if board.window_offset is not None:
        return []
    if doorbell is not None:
        return wires.doorbell_options(doorbell)
    return [*_backend("window", WINDOW_BYTES, folder),
            "-device", "ivshmem-plain,memdev=window"]


def make_files(board, folder):
    """Create the files that QEMU and the chip share."""
    sizes = {"ram": board.ram}
    if board.window_offset is None:
        sizes["window"] = WINDOW_BYTES
    for name, size in sizes.items():
        with open(folder / name, "wb") as file:
            file.truncate(size)


def qemu_command(board, folder, kernel, initramfs, cmdline, exact=(),
                 alone=False, doorbell=None, monitor=None):
    """The command that boots the board with its memory in folder.

    exact: EXACT or EXACT_WITH_CHIP, and its clock counts instructions.
    alone: one thread of the host is all CPUs in turn. A TLB purge of all CPUs
    costs much less then: threads have to be stopped for it.
    doorbell, monitor: descriptors of both, see wires.py; no doorbell where no chip is.
    """
    machine = f"{board.machine},memory-backend=ram"
    command = [*_quiet(board), *_memory(board, folder),
               *_window(board, folder, doorbell),
               *([] if monitor is None else wires.monitor_options(monitor)),
               "-kernel", str(kernel), "-initrd", str(initramfs),
               "-append", cmdline,
               *exact]
    if board.name == "arm":
        command += ["-dtb", str(_device_tree(board, folder, machine))]
    accelerator = "tcg,thread=single" if alone or exact else "tcg"
    return [*command, "-machine", machine, "-accel", accelerator]


def check_room(board, initramfs):
    """QEMU puts the initramfs at the end of the RAM, whatever lies there."""
    if board.window_offset is None:
        return
    room = board.ram - board.window_offset - WINDOW_BYTES
    size = os.path.getsize(initramfs)
    if size > room:
        raise Stop(f"the initramfs of {board.name} has {size} bytes and would lie over "
                   f"the chip's window; there is room for {room}: make programs "
                   "smaller, or move window_offset, mem= and hca.window= down")


def model_command(board, model, folder, trace=None, interrupt=None):
    """The command of the chip model beside that board.

    interrupt: descriptor of the eventfd that it rings, or none.
    """
    ram, window = folder / "ram", folder / "window"
    command = [str(model), "--ram", str(ram), "--ram-base", hex(board.ram_base),
               "--ram-size", str(board.window_offset or board.ram)]
    if board.window_offset is None:
        command += ["--window", str(window)]
    else:
        command += ["--window", str(ram),
                    "--window-offset", str(board.window_offset)]
    if trace:
        command += ["--trace", str(trace)]
    if interrupt is not None:
        command += ["--interrupt-fd", str(interrupt)]
    return [*command, "--die-with-parent"]


# A child of the tree's root.
RESERVED = f"""
	reserved-memory {{
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		adopted@{NO_MAP:x} {{
			reg = <0 {NO_MAP:#x} 0 {MIB:#x}>;
			no-map;
		}};
	}};
}};
"""


def _device_tree(board, folder, machine):
    """QEMU's own device tree, but no device snoops and some RAM is not the kernel's.

    With dma-coherent in it the kernel would take every device for a snooping
    one, and no buffer would ever be flipped.
    """
    blob = folder / "board.dtb"
    # A seed, because the tree has random numbers for the kernel in it.
    _output([*_quiet(board), *_memory(board, folder), "-seed", "1",
             "-machine", f"{machine},dumpdtb={blob}"])
    text = _output(["dtc", "-q", "-I", "dtb", "-O", "dts", str(blob)])
    text, count = re.subn(r"^\s*dma-coherent;\n", "", text, flags=re.MULTILINE)
    if not count:
        raise Stop("QEMU's device tree has no dma-coherent property any more; "
                   "check _device_tree() in kunit/board/boards.py")
    text = text.rstrip().removesuffix("};") + RESERVED
    source = Path(folder / "board.dts")
    source.write_text(text, encoding="utf-8")
    _output(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(blob),
             str(source)])
    return blob


def _output(command):
    """Standard output of a short command that must work."""
    done = subprocess.run(command, env=environment(), capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=60,
                          check=False)
    if done.returncode:
        raise Stop(f"{command[0]} failed: {done.stderr.strip()[-500:]}")
    return done.stdout
