# SPDX-License-Identifier: GPL-2.0
"""Boot a board with its chip beside it, listen, and leave nothing behind."""

import contextlib
import os
import select
import signal
import subprocess
import time

from base import boards, logs
from base.paths import Stop, say
from base.workspace import Child, Workspace
from run import qemu
from run.console import Console
from run.patience import OwnTime, Patience
from run.wires import Doorbell, Monitor, Slot

QUIET = 120                 # seconds without a word before init: it hangs
CONSOLE_TAIL = 40
SIGNALS = {"pull-cable": signal.SIGUSR1, "plug-cable": signal.SIGUSR2}
SLOT = {"unplug-device": Slot.unplug, "plug-device": Slot.plug}


class Boot:
    """What one boot is to do, and afterwards how it went."""

    def __init__(self, board, bundle, job, parameters="", chip=True,
                 timeout=120, quiet=QUIET, label=None, fabric=None, **machine):
        self.board, self.bundle, self.job = board, bundle, job
        self.parameters, self.chip = parameters, chip
        self.fabric = fabric        # options that put the chip on a fabric
        self.machine = machine      # more for qemu.command()
        self.timeout = timeout * bundle.slower
        self.quiet = quiet * bundle.slower
        self.label = label or f"{board.name}-{job}"
        if bundle.strategy:
            self.label += f"-{bundle.strategy}"
        if bundle.config != "default":
            self.label += f"-{bundle.config}"
        if board.setup:
            self.label += f"-{board.setup}"
        self.log = logs.place() / f"boot-{self.label}.log"
        self.chip_log = self.log.with_name(f"chip-{self.label}.log")
        self.console = Console()
        self.errors = []
        self.seconds = 0.0
        self.judged = False     # else there is no verdict, whatever the errors
        self._chip = self._restart = self._qemu = None
        self._doorbell = self._monitor = self._slot = None

    def cmdline(self):
        line = boards.cmdline_of(self.board, self.bundle.strategy)
        slower = self.bundle.slower
        return (f"{line} panic=-1 kunit.enable=0 dmamap.job={self.job} "
                + (f"SLOWER={slower} " if slower > 1 else "")
                + self.parameters).strip()

    def run(self):
        """Boot, follow the console to the end; returns self."""
        start = time.monotonic()
        with Workspace(self.board.ram) as folder, contextlib.ExitStack() as stack:
            qemu.make_files(self.board, folder)
            self._monitor = stack.enter_context(Monitor())
            if self.chip and self.board.window_offset is None:
                self._draw_lines(stack, folder)
            self._chip = self._start_chip(stack, folder)
            self._restart = lambda: self._start_chip(stack, folder, "ab")
            self._qemu = stack.enter_context(self._start_qemu(folder))
            self._listen(self._qemu)
        self.seconds = time.monotonic() - start
        self._judge()
        return self

    def stop(self):
        """Ends the boot from another thread, as if the power went off."""
        if self._qemu:
            self._qemu.kill()

    def _draw_lines(self, stack, folder):
        """From the chip to the board, and what we pull it out with."""
        self._doorbell = stack.enter_context(Doorbell(folder / "window"))
        self._slot = Slot(self._doorbell, self._monitor, self.board.slot)

    def _start_chip(self, stack, folder, mode="wb"):
        if not self.chip:
            return None
        if not self.bundle.model:
            raise Stop("the chip model is not built; run: make host")
        log = stack.enter_context(open(self.chip_log, mode))
        rings = self._doorbell and self._doorbell.eventfd
        command = qemu.model_command(self.board, self.bundle.model, folder,
                                       interrupt=rings)
        # Alone on a fabric of its own, unless it is to be with others.
        command += self.fabric or ["--fabric", str(folder), "--node", "0"]
        return stack.enter_context(Child(
            command, stdout=log, stderr=log,
            pass_fds=[rings] if self._doorbell else []))

    def _start_qemu(self, folder):
        qemu.check_room(self.board, self.bundle.initramfs)
        lines = {"monitor": self._monitor.fileno()}
        if self._doorbell:
            lines["doorbell"] = self._doorbell.connect()
        command = qemu.command(
            self.board, folder, self.bundle.kernel, self.bundle.initramfs,
            self.cmdline(), **lines, **self.machine)
        return Child(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                     pass_fds=list(lines.values()))

    def _listen(self, machine):
        """Read the console until the power is off, or patience is."""
        patience = Patience(self.console, self.timeout, self.quiet,
                            OwnTime(machine.process.pid))
        # Not buffered: of a board that hangs, the last line is what matters.
        with open(self.log, "wb", buffering=0) as log:
            for line in _lines(machine.process.stdout, patience):
                log.write(line)
                self.console.take(line.decode("utf-8", "replace"))
                patience.heard()
                while self.console.wants:
                    self._grant(self.console.wants.pop(0))
            if self.console.code is None and not machine.ended() \
                    and (why := patience.lost()):
                self.errors.append(
                    f"{why}; where its CPUs were is at the end of the log")
                log.write(self._asked().encode())
        if self._chip and self._chip.ended():
            self.errors.append(
                f"the chip model ended by itself, code "
                f"{self._chip.process.returncode}; "
                f"see {self.chip_log}")

    def _asked(self):
        """Of a board that hangs: where its CPUs are, and what they wait for."""
        text = ""
        for question in ("info registers -a", "info pic", *self.board.timers):
            try:
                answer = self._monitor.ask(question)
            except Stop as error:
                return f"{text}{error}\n"
            text += f"\n--- QEMU: {question} ---\n{answer}"
        return text

    def _grant(self, wish):
        """What a program asks to be done with the chip beside the board."""
        if wish == "start-model" and not self._chip:
            self._chip = self._restart()
        elif wish == "kill-model" and self._chip:
            self._chip.kill()
            self._chip = None
        elif wish in SIGNALS and self._chip:
            self._chip.process.send_signal(SIGNALS[wish])
        elif wish in SLOT and self._slot:
            self._use_slot(SLOT[wish])
        else:
            self.errors.append(f"the board wants {wish!r}: unknown, or not now")

    def _use_slot(self, deed):
        try:
            deed(self._slot)
        except Stop as error:
            self.errors.append(str(error))

    def _judge(self):
        self.judged = True
        self.errors += self.console.faults[:3] + self.console.errors[:3]
        if self.console.code is None and not self.errors:
            self.errors.append("the board stopped before its job was done")
        elif self.console.code:
            self.errors.append(f"the job {self.job} ended with code "
                               f"{self.console.code}")

    def fail(self, problem):
        """Something in the runner went wrong, of which the board knows nothing."""
        text = str(problem)
        self.errors.append(text if isinstance(problem, Stop)
                           else f"{type(problem).__name__}: {text}")

    def ok(self):
        return self.judged and not self.errors

    def reasons(self):
        """Why it is not good, in one line."""
        return "; ".join(self.errors) or ("" if self.judged else "it was not judged")

    def show_failure(self):
        """The end of the console, and why it is a failure."""
        say(f"  --- last lines of the {self.label} console ---")
        for line in self.console.lines[-CONSOLE_TAIL:]:
            say(f"  | {line}")
        say(f"  --- everything: {self.log} ---")
        for error in self.errors or [self.reasons()]:
            say(f"  {self.label}: {error}")


def _lines(stream, patience):
    """Lines of a pipe as they come, until it closes or patience is over."""
    rest = b""
    while left := patience.left():
        if not select.select([stream], [], [], left)[0]:
            continue
        data = os.read(stream.fileno(), 65536)
        if not data:
            break
        *whole, rest = (rest + data).split(b"\n")
        yield from (line + b"\n" for line in whole)
    if rest:
        yield rest + b"\n"
