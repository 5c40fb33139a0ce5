# SPDX-License-Identifier: GPL-2.0
"""What the layer costs on a board, in instructions, beside the kernel's own.

The board's clock counts instructions (QEMU's -icount): the same kernel gives
the same integers on every host, however busy.
"""

import json
from dataclasses import dataclass

from base.paths import Stop, say
from run import qemu
from run.boot import Boot

PREFIX = "figures."

# Mapping 2 MiB into a process and touching each of its 512 pages: instructions, as
# part of what one page a fault and what remap_pfn_range() take.
MAP_OF_SINGLE, MAP_OF_REMAP = 0.15, 1.1

BOOTS = 3       # until one has the right clock


@dataclass(frozen=True)
class Line:
    """instructions = fixed + each * frames."""
    fixed: float
    each: float
    worst: float            # largest distance from a point, as part of it

    def __str__(self):
        return (f"{self.fixed:.0f} + {self.each:.1f} * frames, "
                f"off by {100 * self.worst:.1f} % at most")


def fit(points):
    """The line through points (frames, instructions), by least squares.

    Distances count relative to the point: else the largest decided alone.
    """
    weights = [1 / cost ** 2 for _, cost in points]
    total = sum(weights)
    mean_x = sum(w * x for w, (x, _) in zip(weights, points)) / total
    mean_y = sum(w * y for w, (_, y) in zip(weights, points)) / total
    spread = sum(w * (x - mean_x) ** 2 for w, (x, _) in zip(weights, points))
    each = sum(w * (x - mean_x) * (y - mean_y)
               for w, (x, y) in zip(weights, points)) / spread
    fixed = mean_y - each * mean_x
    return Line(fixed, each, max(abs(fixed + each * x - y) / y
                                 for x, y in points))


def _integer(key, value):
    try:
        return int(value)
    except ValueError as error:
        raise Stop(f"{key} {value!r} can't be read as a number") from error


class Figures:
    """The integers that one boot measured."""

    def __init__(self, board, values):
        self.board = board
        self.values = {key.removeprefix(PREFIX): _integer(key, value)
                       for key, value in values.items()
                       if key.startswith(PREFIX)}

    def get(self, key):
        return self.values.get(key)

    def sizes(self, kind):
        """Pages of the lines KIND.PAGES.layer, ascending."""
        return sorted(int(key.split(".")[1]) for key in self.values
                      if key.startswith(f"{kind}.") and key.endswith(".layer"))

    def ratio(self, kind, pages):
        """Of the kernel's own, or None where that can't be measured."""
        stock = self.get(f"{kind}.{pages}.stock")
        return self.get(f"{kind}.{pages}.layer") / stock if stock else None

    def flips(self):
        """(frames, instructions) of every number of frames that was flipped."""
        points = {}
        for pages in self.sizes("cold"):
            points[self.get(f"cold.{pages}.frames")] = \
                self.get(f"cold.{pages}.layer")
        return sorted(points.items())

    def verdicts(self):
        """(good, sentence) of all that must hold."""
        if self.get("clock.exact") != 1:
            return [(False, "the clock does not count instructions")]
        if self.get("error") != 0 or not self.sizes("warm") or not self.flips():
            return [(False, f"an allocation failed: {self.get('error')}")]
        ratio, ceiling = self.ratio("warm", 1), self.board.limits.ceiling
        bad = [pages for pages in self.sizes("cold")
               if self.get(f"cold.{pages}.purges")
               != 2 * self.get(f"cold.{pages}.flips")]
        return [(ratio <= ceiling, f"4 KiB, warm: {ratio:.2f} of the kernel's own, "
                                   f"at most {ceiling}; {self._goal(ratio)}"),
                (not bad, "one purge for each change of use, whatever its size"
                 + (f": not so for {bad} pages" if bad else "")),
                *self._map_verdicts()]

    def _map_verdicts(self):
        cost = {way: self.get(f"map.{way}.instructions")
                for way in ("layer", "single", "remap")}
        if not all(cost.values()):
            return [(False, "2 MiB were not mapped")]
        most = self.board.limits.map_faults
        faults = self.get("map.layer.faults")
        single, remap = (cost["layer"] / cost[way] for way in ("single", "remap"))
        return [(faults <= most, f"2 MiB touched: {faults} faults, at most {most}"),
                (single <= MAP_OF_SINGLE,
                 f"2 MiB touched: {single:.3f} of one page a fault, "
                 f"at most {MAP_OF_SINGLE}"),
                (remap <= MAP_OF_REMAP,
                 f"2 MiB touched: {remap:.3f} of remap_pfn_range(), "
                 f"at most {MAP_OF_REMAP}")]

    def unlike(self, other):
        """Keys of what another boot measured otherwise."""
        least, part = self.board.limits.slack
        return sorted(key for key in self.values.keys() | other.values.keys()
                      if key not in self.values or key not in other.values
                      or abs(self.values[key] - other.values[key])
                      > max(least, part * self.values[key]))

    def _goal(self, ratio):
        goal = self.board.limits.goal
        return f"the goal {goal} is {'reached' if ratio <= goal else 'MISSED'}"


def measure(board, bundle):
    """One boot, or another one if its clock is not the one that counts.

    On a busy host a kernel sometimes fails to calibrate its timer, and then has no
    clock that is fine enough; it says so and measures nothing.
    """
    for _ in range(BOOTS):
        boot = Boot(board, bundle, "figures", chip=False,
                    exact=qemu.EXACT, timeout=300).run()
        if not boot.ok():
            boot.show_failure()
            raise Stop(f"{boot.label}: {boot.reasons()}")
        figures = Figures(board, boot.console.values)
        if figures.get("clock.exact") == 1:
            return figures
        say(f"  {boot.label}: the clock of this boot does not count "
            "instructions; once more")
    raise Stop(f"{boot.label}: in {BOOTS} boots the clock did not count "
               f"instructions; see {boot.log}")


def _row(figures, kind, pages):
    ratio = figures.ratio(kind, pages)
    stock = figures.get(f"{kind}.{pages}.stock")
    frames = figures.get(f"{kind}.{pages}.frames")
    worker = figures.get(f"{kind}.{pages}.with_worker")
    return (f"  {kind:<5} {pages:>6} {'-' if frames is None else frames:>7} "
            f"{figures.get(f'{kind}.{pages}.layer'):>10} "
            f"{'-' if worker is None else worker:>11} "
            f"{'-' if stock is None else stock:>10} "
            f"{'-' if ratio is None else f'{ratio:.3f}':>7}")


def _parts(figures, prefix):
    return ", ".join(f"{key.removeprefix(prefix)} {value}"
                     for key, value in figures.values.items()
                     if key.startswith(prefix))


def table(figures):
    """What a person reads."""
    say(f"{figures.board.name}: instructions of an allocation and its release")
    say(f"  {'':<5} {'pages':>6} {'flipped':>7} {'layer':>10} "
        f"{'with worker':>11} {'stock':>10} "
        f"{'ratio':>7}")
    for kind in ("warm", "cold"):
        for pages in figures.sizes(kind):
            say(_row(figures, kind, pages))
    say(f"  cold: {fit(figures.flips())}")
    say(f"  parts of a warm one, 1 page: {_parts(figures, 'part.')}")
    say(f"  steps of a flip and back, 512 pages: {_parts(figures, 'step.')}")
    say(f"  mapping 2 MiB and touching it: {_parts(figures, 'map.')}")
    for good, sentence in figures.verdicts():
        say(f"  {'holds' if good else 'BROKEN'}: {sentence}")


def write_json(path, all_figures):
    """Everything that was measured, for programs."""
    boards_of = {}
    for one in all_figures:
        boards_of.setdefault(one.board.name, {}).update(one.values)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(boards_of, file, indent=1, sort_keys=True)
        file.write("\n")
