# SPDX-License-Identifier: GPL-2.0
"""Everything, once, with counts: what "make check" does."""

import subprocess
import sys
import time
import traceback
from pathlib import Path

import suites
from base import boards, logs
from base.paths import BOARD_DIR, Stop, say
from base.score import Score
from base.workspace import Child, Workspace
from build import kernel, programs, random_configs
from host import bench, judge
from report import xray

# What is run on them. Drivers that are modules: what needs the drivers.
BUILT_IN = (("KUnit", suites.kunit),
            ("board tests", suites.board_tests),
            ("refusals", suites.refusals),
            ("X-ray", xray.score),
            ("main job", suites.run_score),
            ("figures", suites.figures_score),
            ("messages", suites.messages_score),
            ("stress", suites.stress))
AS_MODULES = (("KUnit", suites.kunit),
              ("driver tests", suites.driver_tests),
              ("main job", suites.run_score))
# What a row may ask for where a configuration has a variant of it.
VARIED = {title: suite for title, suite in (
    *BUILT_IN, ("short tests", suites.short_tests), ("setups", suites.in_setups))}
# The value of CONFIG= for a check that has variants of boards and random configurations,
# too: kernels that are built from nothing.
WIDE = "wide"
LIFE = 15                   # seconds between signs of life while we wait


def kernels():
    """Names of all kernels with the drivers built in, in the order of their builds.

    The quickest comes first, so that its tests overlap the builds of the others. A
    strategy that is not the board's default has a kernel of its own.
    """
    rows = sorted(boards.BOARDS.values(), key=lambda board: board.effort)
    return [*(board.name for board in rows),
            *(f"{board.name}/{strategy}" for board in rows
              for strategy in board.strategies[1:])]


def modular():
    """Those whose drivers are modules."""
    return [f"{name}:module" for name in kernels() if "/" not in name]


def varied():
    """Those of configurations that vary the row of a board, with what is run on them."""
    rows = sorted(boards.BOARDS.values(), key=lambda board: board.effort)
    return {f"{board.name}:{variant.config}":
            [(title, VARIED[title]) for title in variant.checks]
            for board in rows for variant in board.variants}


class Check:
    """Runs phases one after another and sums up."""

    def __init__(self, config):
        self.wide = config == WIDE
        self.config = "default" if self.wide else config
        self.modular = modular() if self.config == "default" else []
        self.varied = varied() if self.wide else {}
        self.total = Score()
        self.bundles = {}       # of each board, with its default strategy
        self.spent = []         # (seconds, phase)
        self.start = time.monotonic()

    def phase(self, title, work):
        """One suite; whatever goes wrong in it is one failure, not the end."""
        say(f"== {title}")
        start = time.monotonic()
        try:
            score = work()
        except Stop as error:
            say(f"  {error}")
            score = Score(failures=[f"{title}: {str(error).splitlines()[0]}"])
        except Exception as error:  # pylint: disable=broad-except
            say(traceback.format_exc())
            score = Score(failures=[f"{title}: {type(error).__name__}: {error}"])
        self.total.add(score)
        seconds = time.monotonic() - start
        self.spent.append((seconds, title))
        say(f"== {title}: {score} ({seconds:.0f} s)")
        return not score.failures

    def run(self):
        """All phases; true when nothing failed."""
        with Workspace() as place, \
                Builds([*kernels(), *self.modular, *self.varied], self.config,
                       place) as builds:
            self.phase("scripts", suites.self_tests)
            self.phase("host tests", suites.host_tests)
            self.phase("judge", judge.check)
            self.phase("murphi", judge.check_murphi)
            for name in kernels():
                self._board(name, BUILT_IN, builds, place)
            for name in self.modular:
                self._board(name, AS_MODULES, builds, place)
            for name, stages in self.varied.items():
                self._board(name, stages, builds, place)
            self._fabric(place)
            for board in boards.BOARDS.values() if self.wide else ():
                self.phase(f"{board.name} random configurations",
                           lambda board=board: random_configs.run(
                               board, random_configs.FIRST, random_configs.CHECKED))
            self.phase("benchmarks", bench.check)
        return self.finish()

    def _bundle(self, which, builds, place):
        """What a board boots, once its kernel is built; None if it can't be."""
        name, strategy, config = kernel.named(which, self.config)
        board = boards.find(name)
        holder = []

        def prepare():
            image = builds.wait_for(which)
            holder.append(programs.with_programs(board, place, image, strategy,
                                                 config))
            return Score()

        return holder[0] if self.phase(f"{which} build", prepare) else None

    def _board(self, which, stages, builds, place):
        """What is run on the kernel of a board, once it is built."""
        name, strategy, config = kernel.named(which, self.config)
        board = boards.varied(boards.find(name), config)
        bundle = self._bundle(which, builds, place)
        if not bundle:
            return
        if not strategy and config == self.config:
            self.bundles[name] = bundle
        for title, suite in stages:
            if self._wanted(title, board, strategy):
                self.phase(f"{which} {title}",
                           lambda suite=suite: suite(board, bundle))

    def _wanted(self, title, board, strategy):
        """What is about messages does not depend on the strategy.

        Of a kernel that checks all it does, nobody wants to know what it costs.
        """
        if self.config == "debug" and title in ("figures", "messages"):
            return False
        if title == "refusals":
            return bool(boards.refusals_of(board, strategy))
        return not strategy or title not in ("messages", "stress")

    def _fabric(self, place):
        def run():
            missing = [name for name in boards.BOARDS if name not in self.bundles]
            if missing:
                raise Stop(f"was not built: {', '.join(missing)}")
            return suites.fabric_score([self.bundles[name]
                                        for name in boards.BOARDS], place)
        self.phase("fabric", run)

    def finish(self):
        say()
        say("where the time went, seconds:")
        for seconds, title in sorted(self.spent, reverse=True):
            say(f"  {seconds:>6.0f}  {title}")
        say()
        for failure in self.total.failures:
            say(f"FAILED {failure}")
        if self.total.skipped:
            say(f"{self.total.skipped} skipped")
        say(f"logs: {logs.place()}, time: {time.monotonic() - self.start:.0f} s")
        say(f"{self.total.passed} passed, {len(self.total.failures)} failed")
        return not self.total.failures


class Builds:
    """Kernels of all boards, built in the background, one after another."""

    def __init__(self, kernels, config, place):
        self._kernels = kernels
        self._config = config
        self._place = place
        self._log = logs.place() / "kernels.log"

    def __enter__(self):
        self._file = open(self._log, "wb")
        command = [sys.executable, str(BOARD_DIR / "cli.py"), "kernel",
                   "--keep-going", "--config", self._config,
                   "--copy-to", str(self._place),
                   *(f"--board={name}" for name in self._kernels)]
        self._child = Child(command, {logs.OF_COMMAND: str(logs.place())},
                            stdout=self._file, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *problem):
        self._child.__exit__(*problem)
        self._file.close()

    def wait_for(self, which):
        """The kernel's image in place, once its build is over."""
        shown = time.monotonic()
        while True:
            ended = self._child.ended()
            lines = Path(self._log).read_text(errors="replace").splitlines()
            if f"kernel {which}: done" in lines:
                name, strategy, config = kernel.named(which, self._config)
                return programs.image_in(self._place, boards.find(name), strategy, config)
            if f"kernel {which}: failed" in lines or ended:
                raise Stop("the kernel was not built:\n"
                           + "\n".join(lines[-30:]))
            if time.monotonic() - shown > LIFE and lines:
                shown = time.monotonic()
                say(lines[-1])
            time.sleep(0.2)


def quick(board, strategy, config):
    """What a change should not be without: host tests, one board's KUnit and programs.

    Not those that boot alone, and no search of the judge: make check has them.
    """
    one = Check(config)
    with Workspace() as place:
        bundle = []
        one.phase("build", lambda: bundle.append(
            programs.prepare(board, place, strategy, config)) or Score())
        one.phase("host tests", suites.host_tests)
        if bundle:
            for title, suite in (("KUnit", suites.kunit),
                                 ("programs", suites.short_tests)):
                one.phase(f"{board.name} {title}",
                          lambda suite=suite: suite(board, bundle[0]))
    return one.finish()


def run(config="default"):
    """Everything, and what is wide with CONFIG=wide; true when nothing failed."""
    return Check(config).run()
