# SPDX-License-Identifier: GPL-2.0
"""The targets of libFuzzer, one after another: what "make fuzz" does."""

import contextlib
import os
import random
import re
import shutil
import subprocess
import time

from base import logs
from base.paths import CACHE, Stop, environment, is_terminal, say, tail
from build import programs

# How long an input is at first, and may become. An order has 40 steps of two
# bytes; those that are nearly right, with few of them, say most.
TARGETS = {"layer": (4096, 4096), "orders": (9, 81), "oracle": (300, 1200),
           "chip": (400, 4096)}
CLANG = programs.FUZZ_CLANG
SYMBOLIZER = f"/usr/lib/llvm-{CLANG}/bin/llvm-symbolizer"
SEEDS = 32                  # inputs to begin with, if there are none
PERIOD = 10                 # seconds between signs of life
LIVE_PERIOD = 1
COUNTS = re.compile(r"^#(\d+)\s+\S.* ft: (\d+) corp: (\d+)/")
ARTIFACT = re.compile(r"Test unit written to (\S+)")
STACK = re.compile(r"^==\d+==")


def run(target, seconds):
    """Fuzz one target or all; true when nothing was found."""
    names = list(TARGETS) if target == "all" else [target]
    if target not in ("all", *TARGETS):
        raise Stop(f"there is no target {target}; there are "
                   f"{', '.join(TARGETS)} and all")
    if not seconds.isdecimal() or not int(seconds):
        raise Stop(f"SECONDS={seconds} is no number of seconds")
    if not shutil.which(f"clang++-{CLANG}"):
        raise Stop(f"clang++-{CLANG} is not installed; run: "
                   "kunit/board/build/deps.sh --with fuzz")
    where = programs.build("fuzz", *(f"dmamap-fuzz-{name}" for name in names))
    good = [_fuzz(where / "bin" / f"dmamap-fuzz-{name}", name, int(seconds))
            for name in names]
    return all(good)


def _fuzz(program, name, seconds):
    corpus = CACHE / "corpus" / name
    crashes = CACHE / "crash"
    crashes.mkdir(exist_ok=True)
    first, longest = TARGETS[name]
    plant(corpus, first)
    log = logs.place() / f"fuzz-{name}.log"
    command = [str(program), str(corpus), f"-max_total_time={seconds}",
               f"-max_len={longest}", "-timeout=60",
               f"-artifact_prefix={crashes}/{name}-"]
    code, counts = _watch(command, log, name, seconds)
    if not code:
        say(f"  fuzz {name}: {said(counts)}, {seconds} s, nothing found")
        return True
    lines = tail(log, 100000)
    say("\n".join(found(lines)))
    say(f"FAILED fuzz {name}: {log}")
    artifact = next((m.group(1) for m in map(ARTIFACT.search, lines) if m), None)
    if artifact:
        say(f"  again: {program} {artifact}")
    return False


def plant(corpus, length):
    """libFuzzer's own first inputs are short, or the same byte again and again:
    a few at random are better to begin with."""
    corpus.mkdir(parents=True, exist_ok=True)
    if any(corpus.iterdir()):
        return
    source = random.Random(2004)
    for i in range(SEEDS):
        (corpus / f"seed-{i}").write_bytes(source.randbytes(length))


def _watch(command, log, name, seconds):
    """Run it with its output in the log; its exit code and last counts."""
    start = time.monotonic()
    with open(log, "w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, env=environment(ASAN_SYMBOLIZER_PATH=SYMBOLIZER),
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
    try:
        while process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LIVE_PERIOD if is_terminal() else PERIOD)
            _show(f"  fuzz {name}: {said(last_counts(log))}, "
                  f"{time.monotonic() - start:.0f} of {seconds} s")
    except BaseException:
        process.terminate()
        raise
    finally:
        code = process.wait()
        if is_terminal():
            print("\r\033[K", end="", flush=True)
    return code, last_counts(log)


def last_counts(log):
    """How far it is, of the last line that says so; None if none does."""
    with open(log, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
        lines = file.read().decode(errors="replace").splitlines()
    return next((found for line in reversed(lines)
                 if (found := COUNTS.match(line))), None)


def _show(line):
    print(f"\r\033[K{line[:100]}" if is_terminal() else line,
          end="" if is_terminal() else "\n", flush=True)


def said(counts):
    """What libFuzzer's line says, in words."""
    if not counts:
        return "starting"
    return f"{counts.group(1)} inputs, {counts.group(3)} kept"


def found(lines):
    """What the target itself has printed, before libFuzzer's report and stack;
    all of it if a sanitizer stopped it."""
    end = next((i for i, line in enumerate(lines) if STACK.match(line)), len(lines))
    start = max((i + 1 for i, line in enumerate(lines[:end])
                 if line.startswith(("#", "INFO:", "\t"))), default=0)
    return lines[start:end] or lines[end:end + 20]
