# SPDX-License-Identifier: GPL-2.0
"""Benchmarks of the layer's own source on the host: what "make bench" does."""

import subprocess

from base.paths import Stop, environment, locked, say
from build import kernel, programs
from base.score import Score

PROGRAM = "dmamap-bench"
# The kernel's memory is mapped with large pages: so that of the benchmark, too.
LARGE_PAGES = "glibc.malloc.hugetlb=1"


def run():
    """With its table on the terminal; true if the goals that it can judge are reached."""
    with locked("kernel"):
        kernel.unpack()
    where = programs.build("bench", PROGRAM)
    done = subprocess.run(
        [str(where / "bin" / PROGRAM)], stdin=subprocess.DEVNULL, check=False,
        env=environment(GLIBC_TUNABLES=LARGE_PAGES), capture_output=True, text=True)
    say(done.stdout.rstrip())
    if done.returncode not in (0, 1):
        raise Stop(f"{PROGRAM} ended with code {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.returncode == 0


def check():
    """A part of make check: one test, which fails if the ratio to std::map does."""
    score = Score()
    score.take(run(), "bench: the resolution costs more than its part of std::map")
    return score
