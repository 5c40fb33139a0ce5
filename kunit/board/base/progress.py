# SPDX-License-Identifier: GPL-2.0
"""Run a long command: everything into a log, a sign of life on the terminal."""

import re
import subprocess
import time

from base.paths import HELD, Stop, environment, is_terminal, say, tail

PERIOD = 10                 # seconds between lines when nobody watches live
LIVE_PERIOD = 1
BROKEN = re.compile(r"error:|Error \d|undefined reference|\*\*\*|FAILED:")


class Meter:
    """One line that says how far a command is."""

    def __init__(self, label, unit):
        self.label, self.unit = label, unit
        self.count, self.last = 0, ""
        self.start = self.shown = time.monotonic()

    def seconds(self):
        return time.monotonic() - self.start

    def step(self, what):
        self.count += 1
        self.last = what
        period = LIVE_PERIOD if is_terminal() else PERIOD
        if time.monotonic() - self.shown >= period:
            self.shown = time.monotonic()
            line = (f"  {self.label}: {self.count} {self.unit}, "
                    f"{self.seconds():.0f} s, {self.last}")
            print(f"\r\033[K{line[:100]}" if is_terminal() else line,
                  end="" if is_terminal() else "\n", flush=True)

    def finish(self, result):
        clear = "\r\033[K" if is_terminal() else ""
        say(f"{clear}  {self.label}: {result}")


def run(command, log, label, steps, unit="objects", cwd=None):
    """Run a command; lines that match steps (with group 1) count as progress.

    Returns the number of steps. Raises Stop with the end of the log.
    """
    meter = Meter(label, unit)
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", pass_fds=HELD)
        try:
            with process.stdout:
                for line in process.stdout:
                    file.write(line)
                    found = steps.search(line)
                    if found:
                        meter.step(found.group(1))
        except BaseException:
            process.terminate()
            raise
        finally:
            code = process.wait()
    if code:
        meter.finish("failed")
        raise Stop(explain(log, label))
    meter.finish(f"{meter.count} {unit}, {meter.seconds():.0f} s"
                 if meter.count else f"up to date, {meter.seconds():.0f} s")
    return meter.count


def explain(log, label):
    """What to show of the log of a failed command."""
    lines = tail(log, 100000)
    end = lines[-20:]
    early = [line for line in lines[:-20] if BROKEN.search(line)][:10]
    body = "\n".join(f"    {line}" for line in early + end)
    return f"{label} failed:\n{body}\n  everything: {log}"
