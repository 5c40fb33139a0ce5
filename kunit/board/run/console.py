# SPDX-License-Identifier: GPL-2.0
"""What a board's console says: faults, values, tests.

The board's init speaks in lines that begin with "@dmamap":

    @dmamap KEY VALUE               a measured value
    @dmamap test NAME               a test program starts
    @dmamap rc NAME CODE            it ended
    @dmamap error SENTENCE          something did not work
    @dmamap want kill-model         a program asks for the chip to die; also
                                    start-model, pull-cable, plug-cable,
                                    unplug-device, plug-device
    @dmamap done CODE               the job is over
"""

import re
from dataclasses import dataclass, field

MARK = "@dmamap "
STAMP = re.compile(r"^(?:<\d+>)?\[\s*\d+\.\d+\](?:\[[^\]]*\])? ?")
FAULT = re.compile(
    r"^(Kernel panic|Internal error|Oops\b|BUG:|WARNING:|Kernel Fault|"
    r"Kernel BUG|kernel BUG|Unable to handle kernel|general protection fault|"
    r"Bad page|INFO: task .* blocked|rcu: INFO:|HPMC|turning off the locking|"
    r"High Priority Machine Check)|KASAN:|UBSAN:")
TAP_RESULT = re.compile(r"^(ok|not ok)\b(?:\s+(\d+))?(?:\s+-?\s*(.*))?$")
TAP_PLAN = re.compile(r"^1\.\.(\d+)")


@dataclass
class Program:
    """One test program of the board: its TAP and how it ended."""
    name: str
    passed: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    plan: int = None
    code: int = None
    _failing: bool = False      # comments belong to the failure before them

    def take(self, line):
        result, plan = TAP_RESULT.match(line), TAP_PLAN.match(line)
        if plan:
            self.plan = int(plan.group(1))
        elif result:
            self._take_result(result)
        elif line.startswith("# ") and self._failing:
            self.failed[-1] += f" ({line[2:]})"

    def _take_result(self, result):
        text = result.group(3) or f"test {result.group(2)}"
        self._failing = False
        if "# SKIP" in text.upper():
            self.skipped.append(text)
        else:
            self._failing = result.group(1) != "ok"
            (self.failed if self._failing else self.passed).append(text)

    def complaints(self):
        """Sentences about what is wrong beyond failed tests."""
        ran = len(self.passed) + len(self.failed) + len(self.skipped)
        if self.plan is None:
            yield f"{self.name}: no TAP plan"
        elif ran != self.plan:
            yield f"{self.name}: {ran} results, {self.plan} planned"
        if self.code is None:
            yield f"{self.name}: did not end"
        elif self.code and not self.failed:
            yield f"{self.name}: exit code {self.code}"


class Console:
    """Takes lines one by one and keeps what they mean."""

    def __init__(self):
        self.lines = []
        self.values = {}
        self.programs = []
        self.faults = []
        self.wants = []
        self.errors = []
        self.code = None
        self.started = False    # init has said something
        self._program = None

    def take(self, raw):
        line = raw.rstrip("\r\n")
        self.lines.append(line)
        bare = STAMP.sub("", line)
        if bare.startswith(MARK):
            self._mark(bare[len(MARK):])
        elif FAULT.search(bare):
            self.faults.append(bare)
        elif self._program:
            self._program.take(bare)

    def _mark(self, text):
        """A line of init. The kernel's own may fall into it at any place."""
        self.started = True
        try:
            self._take_mark(*text.split(None, 1))
        except (TypeError, ValueError):
            self.errors.append(f"a line of init can't be read: {text!r}")

    def _take_mark(self, key, value=""):
        if key in ("test", "rc", "done") and not value:
            raise ValueError(key)
        if key == "test":
            self._program = Program(value)
            self.programs.append(self._program)
        elif key == "rc":
            self._end_program(value)
        elif key == "error":
            self.errors.append(value)
        elif key == "want":
            self.wants.append(value)
        elif key == "done":
            self.code = int(value)
        else:
            self.values[key] = value

    def _end_program(self, value):
        name, code = value.rsplit(None, 1)
        code = int(code)
        if self._program and self._program.name == name:
            self._program.code = code
        self._program = None

    def find(self, pattern):
        """The first line that matches, without its time stamp, or None."""
        for line in self.lines:
            if re.search(pattern, line):
                return STAMP.sub("", line)
        return None
