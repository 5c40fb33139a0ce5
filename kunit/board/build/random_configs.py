# SPDX-License-Identifier: GPL-2.0
"""The layer alone, compiled against kernels whose configuration is drawn at random.

A configuration comes from a number, the seed: the same source and the same number give
the same one again. Only drivers/dmamap is compiled, and what its headers need.
"""

import shutil
import subprocess

from base import boards, logs, progress
from base.paths import (BOARD_DIR, CACHE, HELD, Stop, environment, locked, say,
                        write_if_changed)
from base.score import Score
from build import kernel

FRAGMENT = "random.config"
LAYER = "drivers/dmamap/"
FIRST, CHECKED = 1, 2       # make check takes so many of each board, from that seed on
MOST = (1 << 32) - 1        # seeds that Kconfig takes


def folder(board):
    """One for all of a board: make then builds what the next one changes."""
    return CACHE / "build" / f"{board.name}-random"


def fragment(board):
    """What each configuration of a board has, as text."""
    return "".join((place / FRAGMENT).read_text()
                   for place in (BOARD_DIR, boards.folder(board.name)))


def again(board, seed):
    """The command that draws and compiles one of them again."""
    return f"make randconfig BOARD={board.name} SEED={seed} N=1"


def run(board, seed, count):
    """So many configurations from that seed on; one that fails does not end it."""
    if count < 1 or seed + count - 1 > MOST:
        raise Stop(f"N={count} from SEED={seed} on is no range of seeds; "
                   f"they go from 0 to {MOST}")
    score = Score()
    with locked("kernel"):
        kernel.unpack()
        kernel.attach(folder(board))
        for number in range(seed, seed + count):
            score.add(_one(board, number))
    return score


def _one(board, seed):
    label = f"{board.name} configuration {seed}"
    try:
        _draw(board, seed)
        progress.run(kernel.make(board, folder(board), LAYER), _log(board, seed),
                     label, kernel.STEP)
    except Stop as error:
        say(str(error))
        say(f"  {label}: {_kept(board, seed)}; again: {again(board, seed)}")
        return Score(failures=[f"{label}: the layer is not compiled without warnings; "
                               f"again: {again(board, seed)}"])
    return Score(passed=1)


def _log(board, seed):
    return logs.place() / f"random-{board.name}-{seed}.log"


def _draw(board, seed):
    """Write .config: what the fragments name, and the rest by that seed."""
    place, wanted = folder(board), fragment(board)
    source = place / ".dmamap-fragment"
    write_if_changed(source, wanted.encode())
    (place / ".config").unlink(missing_ok=True)
    log = _log(board, seed).with_suffix(".config.log")
    with open(log, "w", encoding="utf-8") as file:
        done = subprocess.run(
            kernel.make(board, place, "randconfig"), stdin=subprocess.DEVNULL,
            env=environment(KCONFIG_SEED=str(seed), KCONFIG_ALLCONFIG=str(source)),
            stdout=file, stderr=subprocess.STDOUT, check=False, pass_fds=HELD)
    if done.returncode:
        raise Stop(progress.explain(log, f"{place.name} {seed}"))
    kernel.check(wanted, place / ".config")


def _kept(board, seed):
    """A copy of the configuration, which the next one would write over."""
    have = folder(board) / ".config"
    if not have.exists():
        return "it could not be drawn"
    copy = _log(board, seed).with_suffix(".config")
    shutil.copyfile(have, copy)
    return f"it is {copy}"
