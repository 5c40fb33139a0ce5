# SPDX-License-Identifier: GPL-2.0
"""How long a board is waited for does not depend on how busy the host is."""

import os
import unittest

import common  # noqa: F401  (sets the path)
from run.console import Console
from run.patience import LOOK, OwnTime, Patience, ready_seconds


class Host:
    """A clock, and threads that get a part of it."""

    def __init__(self, *shares):
        self.time, self.shares = 0.0, shares

    def now(self):
        return self.time

    def ready(self, _pid):
        return {str(i): self.time * (1 - share) for i, share in enumerate(self.shares)}

    def until(self, patience):
        """Seconds of the host until the board is given up."""
        while patience.left():
            self.time += min(LOOK, patience.left())
        return self.time

    def patience(self, seconds, quiet=1000, console=None):
        console = console or Console()
        return Patience(console, seconds, quiet, OwnTime(0, self.now, self.ready))


class Waits(unittest.TestCase):
    def test_an_idle_host(self):
        host = Host(1, 1)
        patience = host.patience(60)
        self.assertAlmostEqual(host.until(patience), 60, delta=2)
        self.assertIn("time-out after 60 s", patience.lost())

    def test_a_host_that_gives_a_twentieth(self):
        host = Host(0.05)
        patience = host.patience(60)
        host.time = 600.0                   # ten times what it has
        self.assertIsNone(patience.lost())
        self.assertAlmostEqual(host.until(patience), 1200, delta=40)

    def test_one_thread_that_waits_holds_up_the_others(self):
        self.assertAlmostEqual((host := Host(1, 0.5)).until(host.patience(60)), 120, delta=4)

    def test_silence_before_init(self):
        host = Host(0.1)
        patience = host.patience(600, quiet=30)
        self.assertAlmostEqual(host.until(patience), 300, delta=20)
        self.assertIn("not a word for 30 s", patience.lost())

    def test_programs_may_be_silent(self):
        console = Console()
        console.take("@dmamap test x")
        host = Host(1)
        self.assertAlmostEqual(host.until(host.patience(60, 10, console)), 60, delta=2)

    def test_after_the_job(self):
        console = Console()
        host = Host(1)
        patience = host.patience(60, console=console)
        console.take("@dmamap done 0")
        patience.heard()
        self.assertLess(host.until(patience), 5)


class Kernel(unittest.TestCase):
    def test_it_counts(self):
        found = ready_seconds(os.getpid())
        self.assertIn(str(os.getpid()), found)
        self.assertTrue(all(seconds >= 0 for seconds in found.values()))

    def test_a_process_that_is_gone(self):
        self.assertEqual(ready_seconds(2 ** 22 + 1), {})


if __name__ == "__main__":
    unittest.main()
