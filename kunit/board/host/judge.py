# SPDX-License-Identifier: GPL-2.0
"""The judge on the host: make prove, soak and murphi, and their part of make check."""

import re
import subprocess
import sys

from base import logs
from base.paths import REPO, Stop, environment, say
from build import programs
from base.score import Score

PROGRAM = "dmamap-judge"
KEPT = re.compile(r"  kept$")
SEARCH = re.compile(r"^\S+ on \S+, .* s  (\S.*)$")
SUM = re.compile(r"^\d+ searches, .*")
AGREED = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)


def command(*words):
    """Bring the program up to date; its command line."""
    where = programs.build("host", PROGRAM)
    return [str(where / "bin" / PROGRAM), *words]


def run(*words):
    """With its output on the terminal; true when nothing was broken."""
    done = subprocess.run(command(*words), env=environment(),
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode == 2:
        raise Stop(f"{PROGRAM} refused its options, see above")
    return done.returncode == 0


def prove(part, strategy, profile):
    return run("prove", f"--part={part}", *_only(strategy, profile))


def soak(steps, seed, strategy, profile):
    return run("soak", f"--steps={steps}", f"--seed={seed}",
               *_only(strategy, profile))


def _only(strategy, profile):
    return [f"--{name}={value}" for name, value in
            (("strategy", strategy), ("profile", profile)) if value]


def check():
    """The searches for every day: each that kept all rules has passed."""
    log = logs.place() / "judge.log"
    with open(log, "w", encoding="utf-8") as file:
        done = subprocess.run(command("prove", "--part=check"), stdout=file,
                              stderr=subprocess.STDOUT, env=environment(),
                              stdin=subprocess.DEVNULL, check=False)
    return score_of(log.read_text().splitlines(), done.returncode)


def score_of(lines, code):
    """Counts from what the program printed, and from how it ended."""
    score = Score()
    for line in lines:
        found = SEARCH.match(line)
        if found:
            score.take(KEPT.search(line), f"judge: {line}")
        elif SUM.match(line):
            say(f"  {line}")
    if code and not score.failures:
        score.failures.append(f"judge: ended with code {code}")
    if not score.passed and not score.failures:
        score.failures.append("judge: no search ran")
    if score.failures:
        say("\n".join(lines[-60:]))
    return score


def _agree(*words, **how):
    judge = command()[0]
    return subprocess.run(
        [sys.executable, "-B", str(REPO / "kunit/murphi/agree.py"),
         "--judge", judge, *words], env=environment(),
        stdin=subprocess.DEVNULL, check=False, **how)


def murphi(pattern):
    """The models and the judge on every order, or on some."""
    return _agree("--jobs=2", *(["--only", pattern] if pattern else [])
                  ).returncode == 0


def check_murphi():
    """The orders as designed: models and judge accept each."""
    done = _agree("--only=*/*as-designed", capture_output=True, text=True)
    (logs.place() / "murphi.log").write_text(done.stdout + done.stderr)
    found = AGREED.search(done.stdout)
    score = Score()
    if found:
        score.passed = int(found.group(1))
    for line in done.stdout.splitlines():
        if line.startswith("FAIL"):
            score.failures.append(f"murphi: {line}")
    if done.returncode and not score.failures or not score.passed:
        score.failures.append(f"murphi: ended with code {done.returncode}: "
                              f"{done.stderr.strip()[-300:]}")
    return score
