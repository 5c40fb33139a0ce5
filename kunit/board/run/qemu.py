# SPDX-License-Identifier: GPL-2.0
"""The commands of QEMU and of the chip model for a row of the table of boards."""

import os
import re
import subprocess
from pathlib import Path

from base.board import WINDOW_BYTES
from base.paths import Stop, environment
from run import wires

# The clock counts instructions, and nothing else can differ between two boots.
EXACT = ("-icount", "shift=0,sleep=off", "-seed", "1",
         "-rtc", "base=2026-01-01T00:00:00,clock=vm")
# It counts instructions while a CPU runs, and follows the host's while none does:
# else an idle board would be seconds ahead of its chip at once, and take it for dead.
EXACT_WITH_CHIP = ("-icount", "shift=0,sleep=on", *EXACT[2:])


def _quiet(board):
    """Options that leave nothing but the machine and its first serial port."""
    return [board.qemu, "-nodefaults", "-display", "none", "-monitor", "none",
            "-serial", "stdio", "-no-reboot"]


def _backend(name, size, file, more=""):
    return ["-object", f"memory-backend-file,id={name},share=on,size={size},"
            f"mem-path={file}{more}"]


def _memory(board, folder):
    """RAM in a file that the chip shares; nodes have one piece after another."""
    file, at = folder / "ram", 0
    words = ["-m", f"size={board.ram}B"]
    for number, size in enumerate(board.nodes):
        words += [*_backend(f"ram{number}", size, file, f",offset={at}"),
                  "-numa", f"node,nodeid={number},memdev=ram{number}"]
        at += size
    return words if at else [*words, *_backend("ram", board.ram, file)]


def _board(board, folder):
    """The machine, its RAM and what else the row has; options speak of nodes."""
    return [*_quiet(board), *_memory(board, folder), *board.options]


def _machine(board):
    """-machine; where there are nodes, each names its own memory."""
    return board.machine if board.nodes else f"{board.machine},memory-backend=ram"


def _window(board, folder, doorbell):
    """The window where PCI has one: with an interrupt if there is a chip to ring."""
    if board.window_offset is not None:
        return []
    if doorbell is not None:
        return wires.doorbell_options(doorbell, board.slot)
    where = f",bus={board.slot}" if board.slot else ""
    return [*_backend("window", WINDOW_BYTES, folder / "window"),
            "-device", f"ivshmem-plain,memdev=window{where}"]


def make_files(board, folder):
    """Create the files that QEMU and the chip share."""
    sizes = {"ram": board.ram}
    if board.window_offset is None:
        sizes["window"] = WINDOW_BYTES
    for name, size in sizes.items():
        with open(folder / name, "wb") as file:
            file.truncate(size)


def command(board, folder, kernel, initramfs, cmdline, exact=(),
            alone=False, doorbell=None, monitor=None):
    """The command that boots the board with its memory in folder.

    exact: EXACT or EXACT_WITH_CHIP, and its clock counts instructions.
    alone: one thread of the host is all CPUs in turn. A TLB purge of all CPUs
    costs much less then: threads have to be stopped for it.
    doorbell, monitor: descriptors of both, see wires.py; no doorbell where no chip is.
    """
    machine = _machine(board)
    words = [*_board(board, folder),
             *_window(board, folder, doorbell),
             *([] if monitor is None else wires.monitor_options(monitor)),
             "-kernel", str(kernel), "-initrd", str(initramfs),
             "-append", cmdline,
             *exact]
    if board.device_tree:
        words += ["-dtb", str(_device_tree(board, folder, machine))]
    accelerator = "tcg,thread=single" if alone or exact else "tcg"
    return [*words, "-machine", machine, "-accel", accelerator]


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
    if board.hole:
        at, size = board.hole
        command += ["--ram-hole", hex(at), "--ram-hole-size", str(size)]
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


# A child of the tree's root, and each of its own.
RESERVED = """
	reserved-memory {{
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
{pieces}
	}};
}};
"""
PIECE = """\
		adopted@{address:x} {{
			reg = <0 {address:#x} 0 {size:#x}>;
			no-map;
		}};"""
CONTIGUOUS = """\
		contiguous@{address:x} {{
			compatible = "shared-dma-pool";
			reusable;
			linux,cma-default;
			reg = <0 {address:#x} 0 {size:#x}>;
		}};"""


def _device_tree(board, folder, machine):
    """QEMU's own device tree, changed as the board's row says."""
    blob = folder / "board.dtb"
    # A seed, because the tree has random numbers for the kernel in it.
    _output([*_board(board, folder), "-seed", "1",
             "-machine", f"{machine},dumpdtb={blob}"])
    text = _output(["dtc", "-q", "-I", "dtb", "-O", "dts", str(blob)])
    text = edit(text, board.device_tree)
    source = Path(folder / "board.dts")
    source.write_text(text, encoding="utf-8")
    _output(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(blob),
             str(source)])
    return blob


def edit(text, changes):
    """The source of a device tree, with the changes of a row."""
    for name in changes.without:
        text, count = re.subn(rf"^\s*{name};\n", "", text, flags=re.MULTILINE)
        if not count:
            raise Stop(f"QEMU's device tree has no {name} property any more; look at "
                       "device_tree in the board's row, arch/*/board/board.py")
    pieces = "\n".join(
        kind.format(address=address, size=size)
        for kind, places in ((PIECE, changes.reserved), (CONTIGUOUS, changes.contiguous))
        for address, size in places)
    if not pieces:
        return text
    return text.rstrip().removesuffix("};") + RESERVED.format(pieces=pieces)


def _output(command):
    """Standard output of a short command that must work."""
    done = subprocess.run(command, env=environment(), capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=60,
                          check=False)
    if done.returncode:
        raise Stop(f"{command[0]} failed: {done.stderr.strip()[-500:]}")
    return done.stdout
