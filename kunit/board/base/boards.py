# SPDX-License-Identifier: GPL-2.0
"""The table of boards. Each machine brings its row: arch/MACHINE/board/board.py."""

import dataclasses
import importlib.util

from base.paths import REPO, Stop


def folder(name):
    """Where the row of a board is, and its fragments of a configuration."""
    return REPO / "arch" / name / "board"


def _row(path):
    """The Board that a file describes."""
    name = path.parents[1].name
    spec = importlib.util.spec_from_file_location(f"board_of_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if module.BOARD.name != name:
        raise Stop(f"{path} describes {module.BOARD.name}; the folder is {name}")
    return module.BOARD


def collect():
    """{name: Board} of all machines, in the order of tables."""
    rows = [_row(path) for path in sorted(REPO.glob("arch/*/board/board.py"))]
    return {row.name: row for row in sorted(rows, key=lambda row: row.order)}


BOARDS = collect()


def find(name):
    """The board of that name."""
    if name not in BOARDS:
        raise Stop(f"unknown BOARD={name}; valid: {', '.join(BOARDS)}")
    return BOARDS[name]


def find_all(name):
    """The boards that BOARD=name means."""
    if name == "all":
        return list(BOARDS.values())
    if name not in BOARDS:
        raise Stop(f"unknown BOARD={name}; valid: {', '.join(BOARDS)}, all")
    return [BOARDS[name]]


def varied(board, config, setup=None):
    """The row as it boots a kernel of that configuration, and in that setup."""
    for variant in board.variants:
        if variant.config == config:
            board = dataclasses.replace(board, **variant.changes)
    return board if setup is None else _set_up(board, config, setup)


def _set_up(board, config, name):
    for setup in board.setups:
        if setup.name == name:
            return dataclasses.replace(
                board, setup=name, options=setup.options + board.options,
                cmdline=f"{board.cmdline} {setup.parameters}".strip())
    valid = ", ".join(setup.name for setup in board.setups) or "there are none"
    raise Stop(f"unknown SETUP={name} for BOARD={board.name} CONFIG={config}; "
               f"valid: {valid}")


def strategy_of(board, name):
    """The strategy to configure: the one asked for, or the board's default."""
    name = name or board.strategies[0]
    if name not in board.strategies:
        raise Stop(f"unknown STRATEGY={name} for BOARD={board.name}; "
                   f"valid: {', '.join(board.strategies)}")
    return name


def cmdline_of(board, strategy):
    """The kernel parameters of a board with that strategy."""
    return " ".join([board.cmdline, *(more for name, more in board.places
                                      if name == strategy)])


def refusals_of(board, strategy):
    """The boots in which the kernel for that strategy can't keep it."""
    strategy = strategy_of(board, strategy)
    return [each for each in board.refusals if each.strategy == strategy]
