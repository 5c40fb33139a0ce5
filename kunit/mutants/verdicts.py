# SPDX-License-Identifier: GPL-2.0
"""Verdicts: remembered between runs, counted, reported."""

import json
import threading
from dataclasses import asdict, dataclass, field

from killers import Verdict
from mutant import Mutant, words
from base.paths import say

MECHANICAL_PERCENT = 95     # of the generated mutants that compile
LOG = 4000                  # how much of a log is worth remembering


class Memory:
    """Verdicts by the hash of all they depend on, one line of a file each."""

    def __init__(self, path):
        self.path = path
        self._lock = threading.Lock()
        self._known = {}
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for line in text.splitlines():
            self._take(line)
        if not text.endswith("\n"):
            self._append("\n")

    def _take(self, line):
        try:
            entry = json.loads(line)
            key = entry.pop("key")
            self._known[key] = Verdict(**entry)
        except (ValueError, TypeError, KeyError):
            pass            # the line that an interruption cut

    def find(self, key):
        return self._known.get(key)

    def add(self, key, verdict):
        verdict.log = verdict.log[-LOG:] if verdict.state == "not compiled" else ""
        line = json.dumps({"key": key, **asdict(verdict)})
        with self._lock:
            self._known[key] = verdict
            self._append(line + "\n")

    def _append(self, text):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text)


@dataclass
class Result:
    """The verdict on one mutant, and how it was reached."""
    mutant: Mutant
    state: str = "survived"
    checks: list = field(default_factory=list)
    seconds: float = 0
    new: bool = False       # whether anything had to run
    log: str = ""

    def take(self, verdict):
        self.state, self.checks = verdict.state, verdict.checks
        self.log = verdict.log

    def killed(self):
        return self.state == "killed"

    def ended(self):
        """One phrase for the table."""
        if not self.killed():
            return self.state.upper() if self.state == "survived" else self.state
        more = f" and {len(self.checks) - 1} more" if len(self.checks) > 1 else ""
        return f"{self.checks[0]}{more}"


class Report:
    """The table, the summary, and what is wrong."""

    def __init__(self, results, texts, equivalents, everything,
                 check_names=True):
        self.results, self.texts = results, texts
        self.check_names = check_names  # whether the named check must kill
        self.equivalents = equivalents
        self.everything = everything
        self.hand = [r for r in results if r.mutant.is_hand_written()]
        self.mechanical = [r for r in results if not r.mutant.is_hand_written()]

    def print(self):
        for line in self._table():
            say(line)
        say()
        for line in self._end():
            say(line)

    def write(self, path):
        """Everything that is printed, the changes, and logs of what is odd."""
        lines = [*self._table(), "", *self._end(), ""]
        for result in self.results:
            lines += self._details(result)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _place(self, mutant):
        return f"{mutant.file}:{mutant.line(self.texts[mutant.file])}"

    def _table(self):
        for result in self.results:
            one = result.mutant
            yield (f"{one.id:5} {self._place(one):<32} {one.what:<66.66} "
                   f"{result.ended()}").rstrip()

    def _details(self, result):
        old, new = result.mutant.change(self.texts[result.mutant.file])
        yield f"mutant {result.mutant.id}: {self._place(result.mutant)}: " \
            f"{result.mutant.what}"
        yield f"    - {old}"
        yield f"    + {new}"
        yield f"    {result.state}, {result.seconds:.1f} s"
        for check in result.checks:
            yield f"    killed by {check}"
        if result.state == "not compiled":
            yield from (f"    | {line}" for line in result.log.splitlines()[:6])

    def _end(self):
        for result in self.survivors():
            entry = self.equivalents.find(result.mutant, self.texts)
            old, new = result.mutant.change(self.texts[result.mutant.file])
            yield (f"survivor {result.mutant.id} {self._place(result.mutant)}: "
                   f"{result.mutant.what}")
            yield f"    - {old}\n    + {new}"
            yield f"    equivalent: {words(entry['why'])}" if entry else \
                "    not explained"
        yield from (f"ERROR {error}" for error in self.errors())
        yield self.summary()

    def survivors(self):
        return [r for r in self.results if r.state == "survived"]

    def summary(self):
        parts = []
        if self.hand:
            parts.append(f"hand: {_killed(self.hand)} of {len(self.hand)} killed")
        if self.mechanical:
            compiled = _compiled(self.mechanical)
            parts.append(
                f"mechanical: {_killed(compiled)} of {len(compiled)} killed "
                f"({_percent(compiled):.1f} %), "
                f"{len(self.mechanical) - len(compiled)} did not compile")
        names = ", ".join(str(r.mutant.id) for r in self.survivors()) or "none"
        return "; ".join([*parts, f"survivors: {names}"])

    def killers(self):
        """{number: check} of the hand-written mutants, for their table."""
        return {r.mutant.id: _recorded(r) for r in self.hand if r.killed()}

    def errors(self):
        """Sentences about what is wrong; none is good."""
        found = []
        for result in self.hand:
            found += self._hand_errors(result)
        for result in self.mechanical:
            entry = self.equivalents.find(result.mutant, self.texts)
            name = f"mutant {result.mutant.id} ({self._place(result.mutant)})"
            if result.state == "survived" and not entry:
                found.append(f"{name} survives and equivalent.toml has no reason")
            if result.state != "survived" and entry:
                found.append(f"{name} is {result.state}, but equivalent.toml "
                             "says that nothing can kill it")
        compiled = _compiled(self.mechanical)
        if compiled and self._all_of_them() and \
                _percent(compiled) < MECHANICAL_PERCENT:
            found.append(f"only {_percent(compiled):.1f} % of the generated "
                         f"mutants are killed, not {MECHANICAL_PERCENT} %")
        found += [f"equivalent.toml names no mutant of {entry['file']}: "
                  f"{words(entry['new'])}" for entry in
                  self.equivalents.unknown(self.everything, self.texts)]
        return found

    def _all_of_them(self):
        """Whether no generated mutant was left out: a few give no percentage."""
        count = sum(not one.is_hand_written() for one in self.everything)
        return count and count == len(self.mechanical)

    def _hand_errors(self, result):
        name = f"mutant {result.mutant.id} ({result.mutant.what})"
        if not result.killed():
            yield f"{name}: {result.state}"
        elif self.check_names and result.mutant.killed_by not in result.checks:
            yield (f"{name} should be killed by "
                   f"{result.mutant.killed_by or 'nobody yet'}, but was by "
                   f"{', '.join(result.checks[:3])}; --update writes that down")


def _recorded(result):
    """The check for the table: the one that it has, if that still kills."""
    known = result.mutant.killed_by
    return known if known in result.checks else result.checks[0]


def _killed(results):
    return sum(result.killed() for result in results)


def _compiled(results):
    return [r for r in results if r.state != "not compiled"]


def _percent(results):
    return 100 * _killed(results) / max(len(results), 1)
