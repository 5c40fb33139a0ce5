# SPDX-License-Identifier: GPL-2.0
"""Branch coverage of the layer by the host tests: what "make coverage" does.

What counts as covered: coverage_export.py.
"""

import json
import shutil
import subprocess

from base import logs
from base.paths import REPO, Stop, environment, say
from build import programs
from host import coverage_export

FOLDERS = ("dma/core", "dma/strategy")
# Command lines that run together; each names a program of the host.
PROGRAMS = (
    ("dmamap_test",),
)
CLANG = programs.COVERAGE_CLANG
TEXT = 70                   # characters of source to show


def run():
    """Build, run, print; true when no branch and no code is missing."""
    _check_tools()
    where = programs.build("coverage", *(words[0] for words in PROGRAMS))
    profile = _profile(where)
    names = sorted(str(path.relative_to(REPO)) for folder in FOLDERS
                   for path in (REPO / folder).glob("*.h"))
    headers = coverage_export.read(_export(where, profile), REPO, names)
    return show(list(headers.values()))


def _check_tools():
    for tool in (f"clang++-{CLANG}", f"llvm-cov-{CLANG}",
                 f"llvm-profdata-{CLANG}"):
        if not shutil.which(tool):
            raise Stop(f"{tool} is not installed; run: "
                       "kunit/board/build/deps.sh --with coverage")


def _profile(where):
    """Run all programs; returns what they counted, merged."""
    place = where / "profile"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for words in PROGRAMS:
        log = logs.place() / f"coverage-{words[0]}.log"
        with open(log, "w", encoding="utf-8") as file:
            done = subprocess.run(
                [str(where / "bin" / words[0]), *words[1:]],
                env=environment(LLVM_PROFILE_FILE=f"{place}/{words[0]}-%p.raw"),
                stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise Stop(f"{' '.join(words)} ended with code {done.returncode}: "
                       f"coverage is measured of tests that pass; see {log}")
    merged = place / "merged"
    _llvm("profdata", "merge", "-sparse", "-o", merged,
          *sorted(place.glob("*.raw")))
    return merged


def _export(where, profile):
    first, *more = (str(where / "bin" / words[0]) for words in PROGRAMS)
    objects = [f"-object={program}" for program in more]
    return json.loads(_llvm(
        "cov", "export", f"-instr-profile={profile}", first, *objects,
        *(REPO / folder for folder in FOLDERS)))


def _llvm(tool, *arguments):
    """Output of a tool of LLVM. Warnings are errors: they say what is lost."""
    done = subprocess.run([f"llvm-{tool}-{CLANG}", *map(str, arguments)],
                          env=environment(), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode or done.stderr.strip():
        raise Stop(f"llvm-{tool}-{CLANG}: {done.stderr.strip()[-500:]}")
    return done.stdout


def show(headers):
    """Print the table and all that is missing; true when that is nothing."""
    table(headers)
    folders = " and ".join(FOLDERS)
    constants = [line for header in headers for line in _constants(header)]
    unshown = [line for header in headers for line in _unshown(header)]
    missing = [line for header in headers for line in _missing(header)]
    _list("Constant in each instantiation, no outcomes to count:", constants)
    _list("MC/DC, not shown to decide alone:", unshown)
    _list("Missing:", missing)
    outcomes = [o for header in headers for o in header.outcomes()]
    say()
    if not outcomes:
        say(f"FAILED no branch of {folders} is in the profile")
    elif missing:
        say(f"FAILED branch coverage of {folders} must be 100 %, and all code "
            f"must run; it is {percent(outcomes)}, {len(missing)} missing")
    else:
        say(f"branch coverage of {folders}: 100 %")
    return bool(outcomes) and not missing


def _list(title, lines):
    if lines:
        say()
        say(title)
        for line in lines:
            say(f"  {line}")


def table(headers):
    """One line a file: covered of all."""
    rows = [("", "lines", "branches", "MC/DC")]
    total = ([], [], [])
    for header in headers:
        marks = (list(header.lines.values()), header.outcomes(),
                 header.conditions())
        for sums, some in zip(total, marks):
            sums += some
        rows.append((header.name, *map(_fraction, marks)))
    rows.append(("total", *map(_fraction, total)))
    rows.append(("", *map(percent, total)))
    for name, *cells in rows:
        say(f"  {name:<26}" + "".join(f"{cell:>12}" for cell in cells))


def _fraction(marks):
    return f"{sum(marks)} of {len(marks)}" if marks else "-"


def percent(marks):
    """Rounded down: 100 % is all."""
    if not marks:
        return "-"
    permille = 1000 * sum(marks) // len(marks)
    return f"{permille // 10}.{permille % 10} %"


def _at(header, place, sentence=""):
    text = header.source(place)
    if len(text) > TEXT:
        text = f"{text[:TEXT]}..."
    return (f"{header.name}:{place[0]}:{place[1]}: {text}"
            f"{sentence and ': '}{sentence}")


def _missing(header):
    """Sentences about branches and code that nothing takes."""
    for (place, *_), both in sorted(header.branches.items()):
        if not any(both):
            yield _at(header, place, "never reached")
        elif not all(both):
            yield _at(header, place, _never(header, place, both))
    for place in header.never_run():
        yield _at(header, place, "never runs")
    for place in header.never_compiled():
        yield _at(header, place, "no instantiation has this")


def _never(header, place, both):
    """The outcome that is missing. A switch without default has one for all
    values that have no case."""
    before = header.text[place[0] - 1][:place[1] - 1]
    if before.strip() == "switch (":
        return ("never a value without case" if not both[0]
                else "never a value with a case")
    return "never true" if not both[0] else "never false"


def _constants(header):
    for place in sorted(header.constants):
        yield _at(header, place)


def _unshown(header):
    for (place, *_), shown in sorted(header.decisions.items()):
        bad = [str(i) for i, good in enumerate(shown, 1) if not good]
        if bad:
            yield _at(header, place, f"condition {', '.join(bad)}")
