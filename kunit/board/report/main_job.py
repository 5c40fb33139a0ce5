# SPDX-License-Identifier: GPL-2.0
"""The main job's measured values: what must hold, and a table of it."""

from base.paths import say

KINDS = ("registers", "pio", "eager", "headers", "pio_avail")
MESSAGES = 1000             # at least so many must get through

# Title and key of each row; values come from the board, none from here.
ROWS = (
    ("kernel", "kernel"),
    ("strategy", "stats.strategy"),
    ("regions", "stats.regions"),
    ("frames flipped", "stats.frames_flipped"),
    *((f"behind {kind}", f"hca.kind.{kind}") for kind in KINDS),
    ("messages sent", "hca.messages.sent"),
    ("messages received", "hca.messages.received"),
    ("messages corrupt", "hca.messages.corrupt"),
    ("system calls on the way", "hca.data_path.syscalls"),
    ("frames looked at", "audit.frames"),
    ("cacheable translations left", "audit.cacheable"),
)


def number(values, key):
    """A measured integer; None when it is missing or no number."""
    try:
        return int(values[key].split()[0], 0)
    except (KeyError, ValueError, IndexError):
        return None


def verdicts(boot):
    """Sentences about what is wrong with a main job; none is good."""
    values = boot.console.values
    missing = [key for _, key in ROWS if not values.get(key)]
    if missing:
        yield f"not measured: {', '.join(missing)}"
    if values.get("stats.quarantined", "0") != "0":
        yield f"{values['stats.quarantined']} frames are in quarantine"
    yield from _wrong_numbers(values)


def _wrong_numbers(values):
    expected = (
        ("stats.regions", lambda n: n > 0, "no region was alive"),
        ("stats.frames_flipped", lambda n: n > 0, "no frame was flipped"),
        ("hca.messages.sent", lambda n: n >= MESSAGES,
         f"fewer than {MESSAGES} messages sent"),
        ("hca.messages.received", lambda n: n == number(values, "hca.messages.sent"),
         "messages got lost"),
        ("hca.messages.corrupt", lambda n: n == 0, "messages arrived corrupt"),
        ("hca.data_path.syscalls", lambda n: n == 0,
         "the data path made system calls"),
        ("audit.frames", lambda n: n > 0, "the audit saw no flipped frame"),
        ("audit.cacheable", lambda n: n == 0,
         "flipped frames still have cacheable translations"),
    )
    for key, good, sentence in expected:
        value = number(values, key)
        if value is not None and not good(value):
            yield f"{sentence} ({key} = {value})"


def table(boots):
    """One column a board."""
    rows = [("board", [boot.board.name for boot in boots])]
    for title, key in ROWS:
        rows.append((title, [boot.console.values.get(key, "-")
                             for boot in boots]))
    rows.append(("time", [f"{boot.seconds:.1f} s" for boot in boots]))
    rows.append(("result", ["good" if boot.ok() else "BAD"
                            for boot in boots]))
    width = [max(len(cells[i]) for _, cells in rows)
             for i in range(len(boots))]
    for title, cells in rows:
        columns = "   ".join(f"{cell:<{width[i]}}"
                             for i, cell in enumerate(cells))
        say(f"  {title:<28} {columns}".rstrip())
