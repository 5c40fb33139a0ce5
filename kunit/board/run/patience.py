# SPDX-License-Identifier: GPL-2.0
"""Until when a board is waited for, in time that it could have used.

Seconds of the host are no measure of a board: on a host with many other things to
do QEMU gets a small part of them, and a time-out by the clock on the wall would be a
verdict about the host. The kernel counts for each thread how long it was ready to
run and no CPU took it (/proc/PID/task/TID/schedstat, the second number). That time is
not counted against the board. What is left are the seconds in which its CPUs ran and
those in which they slept on their own account: one that spins and one that waits for
what never comes are both given up after the same time, which on an idle host is that
of the clock, and which a busy host stretches by as much as it is busy.
"""

import contextlib
import time
from pathlib import Path

GRACE = 2                   # seconds from the end of the job to power off
LOOK = 1                    # seconds between looks at how busy the host is


def ready_seconds(pid):
    """{thread: seconds that it was ready and did not run} of a process that lives."""
    found = {}
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError, ValueError, IndexError):
                found[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
    return found


class OwnTime:
    """A clock that stands while the threads of a process wait for a CPU."""

    def __init__(self, pid, now=time.monotonic, ready=ready_seconds):
        self._pid, self._now, self._ready = pid, now, ready
        self._start = self._looked = now()
        self._before = ready(pid)
        self._lost = 0.0

    def seconds(self):
        """Since the start, but for what was lost; looks once a second at most."""
        now = self._now()
        if now - self._looked >= LOOK:
            self._looked = now
            after = self._ready(self._pid)
            # Of threads that wait for each other one is enough to hold up the board.
            self._lost += max((seconds - self._before.get(thread, 0.0)
                               for thread, seconds in after.items()), default=0.0)
            self._before = after
        return max(0.0, now - self._start - self._lost)


class Patience:
    """Until when a board is waited for, and why not for longer."""

    def __init__(self, console, seconds, quiet, clock):
        self._console, self._clock = console, clock
        self._seconds, self._quiet = seconds, quiet
        self._heard = clock.seconds()
        self._end = self._heard + seconds

    def heard(self):
        """It has said something."""
        self._heard = self._clock.seconds()
        if self._console.code is not None:
            self._end = min(self._end, self._heard + GRACE)

    def _quiet_end(self):
        """Of its programs we don't know how long they say nothing."""
        return self._end if self._console.started else self._heard + self._quiet

    def left(self):
        """Seconds to wait before the next question; none when it is given up."""
        left = min(self._end, self._quiet_end()) - self._clock.seconds()
        return min(max(left, 0.0), LOOK)

    def lost(self):
        """Why it is given up, or None."""
        now = self._clock.seconds()
        if now >= self._end:
            return f"time-out after {self._seconds} s of its own time"
        if now >= self._quiet_end():
            return (f"it hangs: not a word for {self._quiet} s of its own time, "
                    "and init has not begun")
        return None
