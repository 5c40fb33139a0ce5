# SPDX-License-Identifier: GPL-2.0
"""Where things are, and how commands of this folder speak and stop."""

import contextlib
import fcntl
import os
import re
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
BOARD_DIR = REPO / "kunit" / "board"
CACHE = Path(os.environ.get("DMAMAP_CACHE")
             or Path.home() / ".cache" / "dmamap").absolute()
LOGS = CACHE / "log"
MARKER = CACHE / ".dmamap-cache"

# Where a name ends for make, the shell, Kbuild (blanks, colons) or QEMU's options (commas).
ODD = re.compile(r"[^\w./+@=~^-]")

# Variables of an outer make or shell that would change a build behind its back.
FOREIGN = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "ARCH", "BOARD",
           "CROSS_COMPILE", "STRATEGY", "CONFIG", "SETUP", "FILTER", "KSRC", "O", "M",
           "CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS", "KBUILD_OUTPUT",
           "KCONFIG_CONFIG", "KCONFIG_ALLCONFIG", "KCONFIG_SEED",
           "KCONFIG_PROBABILITY", "N", "SEED", "KCFLAGS", "KCPPFLAGS",
           "CCACHE_BASEDIR", "DMAMAP_LOG_FOLDER")


# Descriptors of the locks that this process holds. What is built under them inherits
# them (pass_fds): a lock ends when the last process that has it does, so one of a
# runner that was killed stays until its build has ended, too.
HELD = []


class Stop(Exception):
    """Ends a command with one sentence that says what to do."""


def say(text=""):
    print(text, flush=True)


def jobs():
    return len(os.sched_getaffinity(0))


def check_cache_place():
    """Refuse a cache folder that can't be one, before anything is made or removed."""
    place, repo = CACHE.resolve(), REPO.resolve()
    if place == repo or repo in place.parents:
        raise Stop(f"the cache folder {CACHE} is inside the repository; "
                   "set DMAMAP_CACHE to a folder outside")
    if place in repo.parents:
        raise Stop(f"the cache folder {CACHE} has the repository in it; "
                   "set DMAMAP_CACHE to a folder of its own")
    if place in (Path("/"), Path.home().resolve()):
        raise Stop(f"the cache folder {CACHE} has all that you own in it; "
                   "set DMAMAP_CACHE to a folder of its own")
    odd = ODD.search(str(CACHE))
    if odd:
        raise Stop(f"the cache folder {CACHE} has {odd.group()!r} in its name, where make, "
                   "Kbuild or QEMU would see an end; set DMAMAP_CACHE to a plain name")


def cache():
    """The cache folder, made and marked as ours if it was missing or empty."""
    check_cache_place()
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        there = os.listdir(CACHE)
        if there and MARKER.name not in there:
            raise Stop(f"the cache folder {CACHE} has files in it and no {MARKER.name}: "
                       "not made by this project; set DMAMAP_CACHE to a folder that "
                       "is missing or empty")
        MARKER.touch()
        LOGS.mkdir(exist_ok=True)
    except OSError as error:
        raise Stop(f"can't write the cache folder {CACHE} ({error.strerror}); "
                   "set DMAMAP_CACHE to another one") from error
    return CACHE


def have_cache():
    """Whether there is a cache folder to remove from; refuses one that is not ours."""
    check_cache_place()
    if CACHE.exists() and not MARKER.exists():
        raise Stop(f"{CACHE} has no {MARKER.name}: not made by this "
                   "project, so all in it stays; remove it by hand")
    return CACHE.exists()


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
    path = cache() / f"{what}.lock"
    file = _lock(path, what)
    while not _is_file_of(path, file):      # distclean removed it while we waited
        file.close()
        path = cache() / f"{what}.lock"
        file = _lock(path, what)
    with file:
        HELD.append(file.fileno())
        try:
            yield
        finally:
            HELD.remove(file.fileno())


def _lock(path, what):
    """The file, open and locked."""
    file = open(path, "w", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"  waiting for another {what} build in {CACHE}")
        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _is_file_of(path, file):
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    return False


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
