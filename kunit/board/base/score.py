# SPDX-License-Identifier: GPL-2.0
"""Counts of what passed."""

from dataclasses import dataclass, field


@dataclass
class Score:
    """Counts of one suite, and sentences about what failed."""
    passed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.skipped += other.skipped
        self.failures += other.failures

    def take(self, good, sentence):
        if good:
            self.passed += 1
        else:
            self.failures.append(sentence)

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {len(self.failures)} failed{skipped}"
