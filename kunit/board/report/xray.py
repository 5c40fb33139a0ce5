# SPDX-License-Identifier: GPL-2.0
"""Stock beside the layer: which translations of coherent memory a board has."""

import re

from base.paths import say
from report.main_job import number
from run.boot import Boot
from base.score import Score

SIZES = (4096, 65536, 131072)
WHOLE = 1_000_000           # microseconds that an X-ray of all memory may take
COUNT = re.compile(r"(\w+) (\d+)")
# What the file for one frame answers, by key.
REFUSED = {"early": "Invalid argument", "word": "Invalid argument",
           "beyond": "Numerical result out of range"}
COLUMNS = ("frames", "translations", "cacheable", "conflicts")


def counts(values, whose, size):
    """{word: number} of one buffer; empty when it was refused."""
    return {word: int(n) for word, n in
            COUNT.findall(values.get(f"xray.{whose}.{size}", ""))}


def conflicts(values, whose):
    return sum(counts(values, whose, size).get("conflicts", 0)
               for size in SIZES)


def verdicts(board, values, slower=1):
    """Sentences about what is wrong; none is good."""
    for whose in ("stock", "layer"):
        for size in SIZES:
            found = counts(values, whose, size)
            if found.get("translations", 0) < size // 4096:
                yield f"{whose}'s {size} bytes were not all seen"
    if board.stock_aliases is None:
        yield from _snooping_stock(values)
    elif not board.stock_aliases:
        yield from stock_verdicts(values)
    if conflicts(values, "layer"):
        yield "the layer's memory has conflicting translations"
    if number(values, "audit.cacheable") != 0:
        yield "the audit found cacheable translations"
    took = number(values, "xray.all.microseconds")
    if took is None or took >= WHOLE * slower:
        yield f"an X-ray of all memory took {took} us"
    yield from _frame(values)


def _snooping_stock(values):
    if number(values, "xray.snooping") != 1:
        yield "the board should take every device for a snooping one"
    if conflicts(values, "stock"):
        yield "ordinary memory of a snooping device was called conflicting"
    if not counts(values, "stock", SIZES[0]).get("cacheable"):
        yield "stock's memory should be cacheable where devices snoop"


def stock_verdicts(values):
    """Stock has its aliases, as measured: else we would be blind."""
    if number(values, "xray.snooping") != 0:
        yield "the device should not be taken for a snooping one"
    if not conflicts(values, "stock"):
        yield "stock's aliases were not seen: is the X-ray blind?"


def _frame(values):
    for key, answer in REFUSED.items():
        got = values.get(f"xray.frame.{key}")
        if got != answer:
            yield f"frame: {key}: {got!r} instead of {answer!r}"
    lines = [value for key, value in values.items()
             if re.fullmatch(r"xray\.frame\.\d+", key)]
    if not any(" own vmap" in line for line in lines):
        yield "frame: no line for the region's own mapping"


def table(values):
    """The two side by side, then each translation."""
    say(f"  {'bytes':>8}   " + "   ".join(
        f"{whose + ': ' + ', '.join(COLUMNS):<46}" for whose in
        ("stock", "layer")).rstrip())
    for size in SIZES:
        cells = []
        for whose in ("stock", "layer"):
            found = counts(values, whose, size)
            cells.append("  ".join(f"{found.get(word, '-'):>{len(word)}}"
                                   for word in COLUMNS) if found else "refused")
        say(f"  {size:>8}   {cells[0]:<46}   {cells[1]}".rstrip())
    say("  conflicting, all sizes: " + ", ".join(
        f"{whose} {conflicts(values, whose)}" for whose in ("stock", "layer")))
    if number(values, "xray.snooping"):
        say("  stock takes the device for a snooping one: ordinary memory, "
            "cacheable, and so for a device that doesn't snoop")
    for key, value in values.items():
        if key.startswith("xray.see."):
            say(f"  {value}")
        elif key.startswith("xray.frame.") and key[11:].isdigit():
            say(f"  live frame: {value}" if key.endswith(".0") else f"    {value}")


def times(values):
    for what, key in (("six buffers", "xray.buffers"), ("all memory", "xray.all"),
                      ("all coherent frames", "audit")):
        took = number(values, f"{key}.microseconds")
        if took is not None:
            say(f"  X-ray of {what}: {took / 1000:.1f} ms")
    places = [f"{key[15:]} {value}" for key, value in values.items()
              if key.startswith("xray.all.place.") and value != "0"]
    say(f"  all memory, {values.get('xray.all.frames')} frames, is translated by: "
        f"{', '.join(places)}")


def score(board, bundle, show=False):
    """One counted test: boots the board for the job, judges, shows."""
    boots = [Boot(board, bundle, "xray").run()]
    if boots[0].ok():
        boots[0].errors += verdicts(board, boots[0].console.values,
                                    bundle.slower)
    if board.stock_aliases:
        boots.append(_boot_with_aliases(board, bundle))
    for boot in boots:
        if boot.ok():
            _say(boot, show)
        else:
            boot.show_failure()
    failures = [f"{boot.label}: {e}" for boot in boots for e in boot.errors]
    return Score(passed=int(not failures), failures=failures)


def _boot_with_aliases(board, bundle):
    """The same where the layer refuses, and stock does not."""
    parameters = board.stock_aliases
    boot = Boot(board, bundle, "stock", parameters, chip=False,
                label=f"{board.name}-xray-{parameters}").run()
    if boot.ok():
        values = boot.console.values
        boot.errors += stock_verdicts(values)
        if any("refused" not in values.get(f"xray.layer.{size}", "")
               for size in SIZES):
            boot.errors.append("the layer should have refused")
    return boot


def _say(boot, show):
    values = boot.console.values
    title = f"{boot.board.name} {boot.parameters}".rstrip()
    if show:
        say(f"  {title}:")
        table(values)
        times(values)
    else:
        say(f"  {title}: conflicting: stock {conflicts(values, 'stock')}, "
            f"layer {conflicts(values, 'layer')}")
