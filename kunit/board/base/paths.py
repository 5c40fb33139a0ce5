# SPDX-License-Identifier: GPL-2.0
"""Where things are, and how commands of this folder speak and stop."""

import contextlib
import fcntl
import os
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
BOARD_DIR = REPO / "kunit" / "board"
CACHE = Path(os.environ.get("DMAMAP_CACHE")
             or Path.home() / ".cache" / "dmamap").absolute()
LOGS = CACHE / "log"
MARKER = CACHE / ".dmamap-cache"

# Variables of an outer make or shell that would change a build behind its back.
FOREIGN = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "ARCH", "BOARD",
           "CROSS_COMPILE", "STRATEGY", "CONFIG", "FILTER", "KSRC", "O", "M",
           "CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS", "KBUILD_OUTPUT",
           "KCONFIG_CONFIG", "KCONFIG_ALLCONFIG", "KCFLAGS", "KCPPFLAGS",
           "CCACHE_BASEDIR")


class Stop(Exception):
    """Ends a command with one sentence that says what to do."""


def say(text=""):
    print(text, flush=True)


def jobs():
    return len(os.sched_getaffinity(0))


def cache():
    """The cache folder, made and marked as ours."""
    if CACHE == REPO or REPO in CACHE.parents:
        raise Stop(f"the cache folder {CACHE} is inside the repository; "
                   "set DMAMAP_CACHE to a folder outside")
    try:
        LOGS.mkdir(parents=True, exist_ok=True)
        MARKER.touch()
    except OSError as error:
        raise Stop(f"can't write the cache folder {CACHE} ({error.strerror}); "
                   "set DMAMAP_CACHE to another one") from error
    return CACHE


def environment(**more):
    """What every child gets: no foreign make variables, one ccache."""
    env = {k: v for k, v in os.environ.items() if k not in FOREIGN}
    # No CCACHE_BASEDIR: it would see through the links of the attached layer.
    env.update(LC_ALL="C", CCACHE_DIR=str(CACHE / "ccache"),
               PYTHONDONTWRITEBYTECODE="1")
    env.update(more)
    return env


@contextlib.contextmanager
def locked(what):
    """Hold one part of the cache: two builds in it would mix their files."""
    with open(cache() / f"{what}.lock", "w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"  waiting for another {what} build in {CACHE}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_if_changed(path, data):
    """Write bytes without touching an equal file; true if it was written."""
    with contextlib.suppress(FileNotFoundError):
        if path.read_bytes() == data:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_bytes(data)
    new.replace(path)
    return True


def tail(path, count):
    """The last lines of a text file."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().splitlines()[-count:]


def is_terminal():
    return sys.stdout.isatty()
