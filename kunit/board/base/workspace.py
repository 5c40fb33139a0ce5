# SPDX-License-Identifier: GPL-2.0
"""Private folders for a board's memory, and processes that never stay behind."""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from base.paths import cache, environment

SHM = Path("/dev/shm")
PREFIX = "dmamap-"


def on_signals():
    """Let SIGTERM and SIGHUP unwind like Ctrl-C, so that everything is undone."""
    def stop(number, _frame):
        raise SystemExit(128 + number)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _place(need):
    """Memory if there is room, else the cache folder."""
    if SHM.is_dir() and os.access(SHM, os.W_OK):
        if shutil.disk_usage(SHM).free > need + (64 << 20):
            return SHM
    place = cache() / "tmp"
    place.mkdir(exist_ok=True)
    return place


def hold(folder):
    """Its descriptor, locked for as long as it is open; None if others have it.

    A lock ends with its process, however that ends, and children that we start
    don't inherit it: it tells a living run from what a dead one left.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _is_ours(folder):
    """A folder of this user; false, too, if another run has removed it meanwhile."""
    try:
        return folder.is_dir() and folder.stat().st_uid == os.getuid()
    except FileNotFoundError:
        return False


def remove_stale():
    """Remove what a run that was killed outright could not."""
    for place in (SHM, cache() / "tmp"):
        for folder in place.glob(PREFIX + "*"):
            held = hold(folder) if _is_ours(folder) else None
            if held is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(held)


class Workspace:
    """A folder that goes away with its owner."""

    def __init__(self, need=0):
        remove_stale()
        self._need = need

    def __enter__(self):
        self._held = None
        while self._held is None:
            self.path = Path(tempfile.mkdtemp(
                prefix=f"{PREFIX}{os.getpid()}-", dir=_place(self._need)))
            self._held = hold(self.path)
            if self._held is not None and not self.path.is_dir():
                os.close(self._held)        # another run was quicker
                self._held = None
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._held)


def with_us(command, parent=None):
    """The command, in such words that SIGKILL reaches it when this process ends.

    Programs do it, not code of ours between fork() and exec(): threads may start
    children, and such code would inherit a lock that one of the others holds. If
    this process was gone before the signal was asked for, the child has another
    parent by now, and does not start.
    """
    return ["setpriv", "--pdeathsig", "KILL", "--", "sh", "-c",
            '[ $PPID = "$0" ] && exec "$@"', str(parent or os.getpid()), *command]


class Child:
    """A process in a group of its own that dies with us, whatever happens.

    more: variables of its environment.
    """

    def __init__(self, command, more=None, **pipes):
        self.process = subprocess.Popen(
            with_us(command), env=environment(**more or {}), start_new_session=True,
            stdin=subprocess.DEVNULL, **pipes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        """SIGKILL to the group; waits until nothing of it is left."""
        if self.process.poll() is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def ended(self):
        return self.process.poll() is not None
