# SPDX-License-Identifier: GPL-2.0
"""One line that says how far a run is, and how long it will take."""

import threading
import time

from base.paths import is_terminal, say

PERIOD = 10                 # seconds between lines if the output is no terminal


class Meter:
    """Counts mutants; remembered ones cost nothing and predict nothing."""

    def __init__(self, total):
        self._total, self._count, self._new = total, 0, 0
        self._killed = 0
        self._start = self._shown = time.monotonic()
        self._lock = threading.Lock()

    def step(self, result):
        with self._lock:
            if result.state == "survived":
                # Said at once, so that mending need not wait for the last mutant.
                one = result.mutant
                self._clear()
                say(f"  survivor {one.id} {one.file}: {one.what}")
            self._count += 1
            self._new += result.new
            self._killed += result.killed()
            now = time.monotonic()
            if now - self._shown >= (0.2 if is_terminal() else PERIOD):
                self._shown = now
                self._show(f"{self._count} of {self._total}, "
                           f"{self._killed} killed, {self._left(now)}")

    def _left(self, now):
        left = self._total - self._count
        if not self._new or not left:
            return "almost done"
        seconds = (now - self._start) / self._new * left
        return f"at most {seconds / 60:.0f} min left" if seconds >= 90 else \
            f"at most {seconds:.0f} s left"

    @staticmethod
    def _show(line):
        print(f"\r\033[K  {line}" if is_terminal() else f"  {line}",
              end="" if is_terminal() else "\n", flush=True)

    @staticmethod
    def _clear():
        if is_terminal():
            print("\r\033[K", end="")

    def finish(self):
        self._clear()
        say(f"  {self._count} mutants, "
            f"{time.monotonic() - self._start:.0f} s, {self._new} of them new")
