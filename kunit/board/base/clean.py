# SPDX-License-Identifier: GPL-2.0
"""Remove from the cache folder what this project made there, and nothing else."""

import shutil

from base import logs, workspace
from base.paths import CACHE, MARKER, have_cache, locked, say

BUILDS = ("build", "user")          # what clean removes
# Removed beside them by distclean. All that is ever made in the cache folder
# stands here or above, so that a file of somebody else's is known by its name.
REST = ("ccache", "corpus", "crash", "unpack", "linux-source-6.12",
        "linux-source-6.12.version", "compile_commands.json")
LOCKS = ("kernel", "user")


def clean():
    """Builds, and the logs and folders of runs that have ended."""
    if not have_cache():
        say(f"  {CACHE} is not there")
        return
    with locked("kernel"), locked("user"):
        _remove(BUILDS)
        _remove_runs()
    say(f"  removed the builds in {CACHE}")


def distclean():
    """All of it, and the folder if nothing else is in it."""
    if not have_cache():
        say(f"  {CACHE} is not there")
        return
    with locked("kernel"), locked("user"):
        _remove(BUILDS)
        _remove(REST)
        _remove_runs()
        # A command that waits for one of these sees that it is gone, and takes a new one.
        left = sorted({path.name for path in CACHE.iterdir()}
                      - {MARKER.name, *(f"{name}.lock" for name in LOCKS)})
        if not left:
            _remove([MARKER.name, *(f"{name}.lock" for name in LOCKS)])
            CACHE.rmdir()
    if left:
        say(f"  {CACHE} stays: in it is {', '.join(left)}, which is in use or was not "
            "made by this project")
    else:
        say(f"  removed {CACHE}")


def _remove(names):
    for name in names:
        path = CACHE / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _remove_runs():
    """Not what a run that still goes on writes to."""
    workspace.remove_stale()
    logs.remove_ended()
    for place in (CACHE / "tmp", CACHE / "log"):
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
