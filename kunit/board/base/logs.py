# SPDX-License-Identifier: GPL-2.0
"""Logs of one command: a folder that no other writes to, log/latest leads to it."""

import datetime
import os
import shutil
from pathlib import Path

from base import workspace
from base.paths import LOGS, cache

KEPT = 20                       # folders of commands that have ended
LATEST = "latest"
# A process that a command starts writes to the folder of the command.
OF_COMMAND = "DMAMAP_LOG_FOLDER"

_mine = None


def place():
    """The folder, made when the first log is written."""
    global _mine                # pylint: disable=global-statement
    given = os.environ.get(OF_COMMAND)
    if given:
        return Path(given)
    if not _mine:
        _mine = _make()
    return _mine[0]


def _make():
    """(folder, descriptor that holds it until this process ends)"""
    cache()
    remove_ended(KEPT)
    held = None
    while held is None:         # another command may take a new folder for an old one
        time = datetime.datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        folder = LOGS / f"{time}-{os.getpid()}"
        folder.mkdir(parents=True)
        held = workspace.hold(folder)
        if held is not None and not folder.is_dir():
            os.close(held)
            held = None
    link = LOGS / f"{LATEST}.{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name)
    link.replace(LOGS / LATEST)
    return folder, held


def remove_ended(kept=0):
    """Remove folders of commands that have ended but the last ones.

    Files in LOGS itself are of an older version, which had no folders there.
    """
    if not LOGS.is_dir():
        return
    folders = sorted(path for path in LOGS.iterdir()
                     if path.is_dir() and not path.is_symlink())
    for folder in folders[:max(0, len(folders) - kept)]:
        held = workspace.hold(folder)
        if held is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)
    for path in LOGS.iterdir():
        if not path.is_dir():       # a link to what is gone, too
            path.unlink(missing_ok=True)
