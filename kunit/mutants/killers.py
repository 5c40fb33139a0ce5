# SPDX-License-Identifier: GPL-2.0
"""The checks that must kill a mutant: what they are, how they are built and run.

A killer is one program. One of its translation units sees the mutant and is
compiled anew for each; the others are compiled once from the original.
"""

import hashlib
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import schemata
from mutant import REPO, Stop, bare
from base.paths import environment

PATIENCE = 6                # times as long by the clock: the host may be busy
MEMORY = 4 << 20            # KiB; a mutant that needs more runs away
COMPILER = "g++"
COMMON = ("-std=gnu++23", "-w", "-D_GLIBCXX_ASSERTIONS")
# For the source with the mutant: optimising takes many times longer than it saves
# in a program that runs for milliseconds.
QUICK = (*COMMON, "-O0", "-Winvalid-pch", "-Werror=invalid-pch")
# Optimised, so that small functions of the original are inlined: the simulated
# machine and the checks stay right whatever becomes of the functions they share.
PREBUILT = (*COMMON, "-O2", "-DDMAMAP_MUTANT=0")
HEADERS = """#include <gtest/gtest.h>
#include <algorithm>
#include <concepts>
#include <expected>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
"""

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Killer:
    """One row of the table. Paths are relative to the repository."""
    stage: str
    name: str
    source: str             # compiled with the mutant
    support: tuple          # globs; compiled once, without
    libraries: tuple
    arguments: tuple        # of the program
    seconds: int            # of CPU; a mutant that needs more hangs
    failed: str             # lines that name a check that failed, as group 1
    started: str = None     # lines that name a check that begins

    def checks(self, output):
        """Checks that failed; the one that was at work if there is none."""
        found = [_plain(name) for name in
                 re.findall(self.failed, output, re.MULTILINE)]
        if not found and self.started:
            found = [_plain(name) for name in
                     re.findall(self.started, output, re.MULTILINE)][-1:]
        return list(dict.fromkeys(found)) or [self.name]


def _plain(name):
    """A typed test without its type: FlipTest/arm.Order is FlipTest.Order."""
    return re.sub(r"/\w+", "", name)


def _test(name):
    """A source of kunit/host as a program of its own."""
    return Killer("tests", f"{name}_test", f"kunit/host/{name}_test.cc",
                  ("kunit/machine/*.cc", "kunit/judge/*.cc", "kunit/host/fixture.cc"),
                  ("-lgtest_main", "-lgtest", "-pthread"),
                  ("--gtest_brief=0", "--gtest_color=no"), 5,
                  r"^\[  FAILED  \] (\S+?)(?:,| \(|$)",
                  r"^\[ RUN      \] (\S+)")


# Exhaustive search: independent of what the authors of tests thought of.
JUDGE = Killer("judge", "judge", "kunit/prove/programs.cc",
               ("kunit/judge/*.cc", "kunit/machine/primitives.cc",
                *(f"kunit/prove/{name}.cc" for name in (
                    "main", "plan", "program", "prove", "search",
                    "search_machine", "soak", "verdict", "walk")),
                "hca/tools/arguments.cc"), ("-pthread",),
               ("prove", "--part", "quick", "--jobs", "1"), 20, r"^  (\w[\w ]*): ")

# The tests for each file, those first that kill most for their time.
TESTS = {
    "dma/core/address.h": ("address", "user_map", "resolve", "adopt", "layer", "page_set"),
    "dma/core/result.h": ("result", "failure", "adopt"),
    "dma/core/region.h": ("resolve", "adopt", "flip", "layer"),
    "dma/core/user_map.h": ("user_map",),
    "dma/core/layer.h": ("flip", "adopt", "failure", "probe", "layer"),
    "dma/core/pool.h": ("page_set", "pool", "pool_limits", "pool_dirty"),
    "dma/core/pooled_layer.h": ("pool", "pool_limits", "pool_dirty", "pool_lock",
                                "pool_failure"),
    "dma/core/resting.h": ("resting", "resting_layer"),
    "dma/core/resting_layer.h": ("resting_layer",),
    "dma/core/flip.h": ("flip", "failure", "layer"),
    "dma/strategy/snooped.h": ("probe", "layer"),
    "dma/strategy/highmem.h": ("flip", "probe", "layer", "failure", "machine"),
}
ANY_OTHER = ("flip", "probe", "layer", "failure")

# The cheapest first: a test kills in 3 s, the search takes 10 s to find nothing.
STAGES = ("tests", "judge")


def table(stages=STAGES):
    """The killers of each mutated file, in order, and notes on what is missing."""
    notes, judge = [], []
    if "judge" in stages:
        if (REPO / JUDGE.source).exists():
            judge.append(JUDGE)
        else:
            notes.append(f"stage judge skipped: there is no {JUDGE.source}")

    def killers_of(file):
        rows = {"judge": judge,
                "tests": [_test(name) for name in TESTS.get(file, ANY_OTHER)]}
        return [killer for stage in STAGES if stage in stages
                for killer in rows[stage]]
    return killers_of, notes


@dataclass
class Verdict:
    """What one killer says of one mutant."""
    state: str              # killed, survived, not compiled
    checks: list
    seconds: float
    log: str = ""


class Tree:
    """A copy of everything that killers are compiled from, and their programs.

    A copy, because sources may change while a long run is at work.
    """

    def __init__(self, folder, texts):
        self.folder = folder
        self.source = folder / "source"
        self.texts = texts          # of the mutated files, as they are
        self._copied = {}           # name: text of all the others
        self._closures = {}
        self._objects = {}
        self._gathered = {}         # killer: one program with many mutants
        self._key = None

    def prepare(self, killers):
        """Copies sources, then builds what mutants do not change."""
        for killer in killers:
            for name in (killer.source, *self._support(killer)):
                self.closure(name)
        self._precompile()
        for killer in killers:
            for name in self._support(killer):
                self._object(name)

    def closure(self, name):
        """All files of the repository that a source is made of."""
        if name not in self._closures:
            seen, todo = [], [name]
            while todo:
                at = todo.pop()
                if at not in seen:
                    seen.append(at)
                    todo += self._includes(at)
            self._closures[name] = sorted(seen)
        return self._closures[name]

    def _includes(self, name):
        for header in INCLUDE.findall(self._text(name)):
            for path in (str(Path(name).parent / header), header):
                if path in self.texts or (REPO / path).is_file():
                    yield path
                    break
            else:
                raise Stop(f"{name} includes {header}, which is nowhere")

    def _text(self, name):
        if name in self.texts:
            return self.texts[name]
        if name not in self._copied:
            text = (REPO / name).read_text(encoding="utf-8")
            self._copied[name] = text
            path = self.source / name
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        return self._copied[name]

    @staticmethod
    def _support(killer):
        found = {str(path.relative_to(REPO)) for glob in killer.support
                 for path in REPO.glob(glob)}
        return sorted(found - {killer.source})

    def _precompile(self):
        """The headers of all tests, read once."""
        version = _output([COMPILER, "--version"])
        self._key = _hash(version, HEADERS, *QUICK, *PREBUILT)
        header = self.folder / "all.h"
        self.precompiled = header
        stamp = self.folder / "all.stamp"
        if stamp.exists() and stamp.read_text(encoding="ascii") == self._key:
            return
        header.write_text(HEADERS, encoding="ascii")
        _must([COMPILER, *QUICK, "-x", "c++-header", str(header),
               "-o", f"{header}.gch"])
        stamp.write_text(self._key, encoding="ascii")

    def has(self, killer, check):
        """Whether the check is one of this killer."""
        suite = re.escape(check.split(".")[0])
        return check == killer.name or bool(check) and bool(re.search(
            rf"^(TYPED_)?TEST(_F|_P)?\({suite},", self._text(killer.source),
            re.MULTILINE))

    def _object(self, name):
        if name in self._objects:
            return self._objects[name]
        key = _hash(self._key, *(bare(self._text(file))
                                 for file in self.closure(name)))
        path = self.folder / "support" / f"{Path(name).stem}-{key[:16]}.o"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_suffix(".new")
            _must([COMPILER, *PREBUILT, f"-I{self.source}", "-c",
                   str(self.source / name), "-o", str(new)])
            new.replace(path)
        self._objects[name] = path
        return path

    def key(self, killer, mutant):
        """What a verdict depends on; None if the killer can't see the mutant."""
        closure = self.closure(killer.source)
        if mutant and mutant.file not in closure:
            return None
        texts = [mutant.apply(self.texts[file])
                 if mutant and file == mutant.file else self._text(file)
                 for file in closure]
        support = [self._text(file) for name in self._support(killer)
                   for file in self.closure(name)]
        program = repr((killer.name, killer.source, self._support(killer),
                        killer.libraries, killer.arguments))
        return _hash(self._key, program, *map(bare, texts), *map(bare, support))

    def run(self, killer, number):
        """Builds a killer with that mutant and runs it."""
        start = time.monotonic()
        base = self.folder / f"{killer.name}-{number}"
        try:
            error = self._build(killer, base, f"-DDMAMAP_MUTANT={number}")
            if error:
                return Verdict("not compiled", [], time.monotonic() - start, error)
            return self._verdict(killer, base, start)
        finally:
            for path in (base, base.with_suffix(".o")):
                path.unlink(missing_ok=True)

    @staticmethod
    def _verdict(killer, base, start, **variables):
        killed, output = _run([str(base), *killer.arguments], killer.seconds,
                              **variables)
        checks = killer.checks(output) if killed else []
        return Verdict("killed" if killed else "survived", checks,
                       time.monotonic() - start, output)

    def gather(self, killer, found):
        """One program with those mutants; (how many are in it, an error)."""
        base = self.folder / f"{killer.name}-all"
        folder = base.with_suffix(".source")
        program = schemata.Program(folder, lambda: self._build(
            killer, base, "-fmax-errors=0", f"-I{folder}"))
        error = program.build(self.texts, found)
        base.with_suffix(".o").unlink(missing_ok=True)
        self._gathered[killer] = program
        return len(program), error

    def run_gathered(self, killer, mutant):
        """A verdict if that kills; nothing is known of a mutant that lives.

        What the compiler evaluates is the original there.
        """
        program = self._gathered.get(killer)
        if not program or mutant not in program:
            return None
        found = self._verdict(killer, self.folder / f"{killer.name}-all",
                              time.monotonic(),
                              **{schemata.VARIABLE: str(mutant.id)})
        return found if found.state == "killed" else None

    def forget_gathered(self):
        for killer in self._gathered:
            base = self.folder / f"{killer.name}-all"
            base.unlink(missing_ok=True)
            shutil.rmtree(base.with_suffix(".source"), ignore_errors=True)
        self._gathered = {}

    def _build(self, killer, base, *flags):
        """What the compiler says if it refuses, or nothing."""
        done = _try([COMPILER, *QUICK, "-include", str(self.precompiled),
                     *flags, f"-I{self.source}", "-c",
                     str(self.source / killer.source), "-o", f"{base}.o"])
        if done.returncode < 0:
            raise Stop(f"{COMPILER} was killed by signal {-done.returncode}")
        if done.returncode:
            return done.stderr or "the compiler failed"
        # The object with the mutant comes first: its copies of functions that
        # several objects have are the ones that the linker takes.
        done = _try([COMPILER, f"{base}.o",
                     *(str(self._object(name)) for name in self._support(killer)),
                     *killer.libraries, "-o", str(base)])
        return done.stderr if done.returncode else ""


def _hash(*parts):
    found = hashlib.sha256()
    for part in parts:
        found.update(part.encode() + b"\0")
    return found.hexdigest()


def _try(command):
    # In a session of its own: Ctrl-C ends the run, and must not look like a
    # mutant that does not compile, or one that crashes.
    return subprocess.run(command, env=environment(), capture_output=True,
                          text=True, errors="replace", check=False,
                          stdin=subprocess.DEVNULL, start_new_session=True)


def _output(command):
    return _must(command).stdout


def _must(command):
    done = _try(command)
    if done.returncode:
        raise Stop(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return done


def _run(command, seconds, **variables):
    """(whether it failed, what it printed); a program that hangs has failed."""
    limits = f"ulimit -c 0; ulimit -t {seconds}; ulimit -v {MEMORY}"
    limited = ["sh", "-c", f'{limits}; exec "$0" "$@"', *command]
    try:
        done = subprocess.run(limited, env=environment() | variables, check=False,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE * seconds,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              start_new_session=True)
    except subprocess.TimeoutExpired as late:
        return True, (late.stdout or b"").decode(errors="replace")
    return done.returncode != 0, done.stdout.decode(errors="replace")
