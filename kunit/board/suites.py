# SPDX-License-Identifier: GPL-2.0
"""Everything that can be run on a board or on the host, with real counts."""

import dataclasses
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

from base import boards, logs
from base.paths import BOARD_DIR, Stop, environment, say
from base.score import Score
from build import kernel, programs
from report import figures, main_job, messages
from run import fabric
from run.boot import Boot

KTAP = re.compile(r"^(?=KTAP version 1\r?$)", re.MULTILINE)
KUNIT_SUMMARY = re.compile(r"Testing complete\. Ran (\d+) tests?: (.*)")
KUNIT_BAD = re.compile(r"^\[[\d:]+\] \[(?:FAILED|CRASHED|ERROR)\] (.+)$",
                       re.MULTILINE)     # of a test, not of a whole suite
COUNT = re.compile(r"(\w+): (\d+)")
# They kill the chip or unbind it; fill the memory; use memory that is not theirs, as
# stock lets them; or run for longer than all others together.
OWN_BOOT = re.compile(r"dead|remove|unplug|module|hostile|pagecache|stock|race|^mapping_test")
FLIPS = "pagecache_test"
SECONDS = 60                                # that a program has, but for these
MORE_SECONDS = {FLIPS: 300, "hca_remove_test": 120, "hca_unplug_test": 120,
                "hca_hostile_test": 300,
                "mapping_race_test": 180, "mapping_test": 480,
                "mapping_stock_test": 480}
# What a process sees of the drivers on the layer, and of their coming and going.
DRIVERS = r"^hca_(map|context|partition|cost|tools|wait|module)_|sample"
ENODEV = 19
MANY = 1000000              # messages of a stress run
FABRIC = 1000               # messages of each pair of boards
STRESS = re.compile(r"(\d+) contexts, (\d+) messages, (\d+) corrupt, .*")


def run_job(board, bundle):
    """The main job: the hello between two processes, statistics, audit."""
    boot = Boot(board, bundle, "run").run()
    if boot.ok():
        boot.errors += main_job.verdicts(boot)
    if not boot.ok():
        boot.show_failure()
    return boot


def run_score(board, bundle):
    boot = run_job(board, bundle)
    main_job.table([boot])
    return Score(passed=int(boot.ok()),
                 failures=[f"{boot.label}: {e}" for e in boot.errors])


def kunit(board, bundle, pattern=None, show=False):
    """KUnit at boot; the kernel's own tool reads the result."""
    parameters = "kunit.enable=1"
    if pattern:
        parameters += f" kunit.filter_glob={pattern}"
    boot = Boot(board, bundle, "kunit", parameters, chip=False).run()
    score = Score()
    reports = ktap_reports(boot.log.read_text(errors="replace"))
    for text in reports:
        done = subprocess.run(
            [sys.executable, str(kernel.TREE / "tools/testing/kunit/kunit.py"),
             "parse"], input=text, env=environment(), capture_output=True,
            text=True, check=False)
        part = _kunit_score(board, done.stdout)
        score.add(part)
        if show or part.failures:
            say(done.stdout.rstrip() + done.stderr.rstrip())
    if bundle.config == "module" and not pattern and len(reports) < 2:
        score.failures.append(f"{boot.label}: no module brought tests")
    score.failures += [f"{boot.label}: {error}" for error in boot.errors]
    if not boot.ok():
        boot.show_failure()
    say(f"  {board.name}: from power on to the end of KUnit "
        f"{boot.seconds:.1f} s")
    return score


def in_setups(board, bundle):
    """In each setup of the board: KUnit, and messages through the chip."""
    score = Score()
    for setup in board.setups:
        row = boards.varied(board, bundle.config, setup.name)
        for suite in (kunit, run_score):
            part = suite(row, bundle)
            say(f"  {setup.name}: {part}")
            score.add(Score(part.passed, part.skipped, [
                f"{setup.name}: {failure}" for failure in part.failures]))
    return score


def ktap_reports(log):
    """The kernel's, and one of each module that brings tests.

    A log without any is one that says nothing.
    """
    return KTAP.split(log)[1:] or [log]


def _kunit_score(board, text):
    """Counts from the summary line of the kernel's tool."""
    summary = KUNIT_SUMMARY.search(text)
    if not summary or int(summary.group(1)) == 0:
        return Score(failures=[f"{board.name} KUnit: no test ran"])
    counts = {name: int(n) for name, n in COUNT.findall(summary.group(2))}
    bad = sum(counts.get(name, 0) for name in ("failed", "crashed", "errors"))
    names = KUNIT_BAD.findall(text)
    failures = [f"{board.name} KUnit: {name}" for name in names[:bad]]
    failures += [f"{board.name} KUnit: failure"] * (bad - len(failures))
    return Score(counts.get("passed", 0), counts.get("skipped", 0), failures)


def board_tests(board, bundle, pattern=None):
    """Test programs on the board; those that kill the chip boot alone."""
    names = [name for name in bundle.tests
             if not pattern or re.search(pattern, name)]
    if not names:
        return Score(failures=[f"{board.name}: no test program"
                               f"{' matches ' + pattern if pattern else ''}"])
    together = [name for name in names if not OWN_BOOT.search(name)]
    alone = [[name] for name in names if OWN_BOOT.search(name)]
    score = Score()
    for group in ([together] if together else []) + alone:
        score.add(_boot_tests(board, bundle, group))
    return score


def short_tests(board, bundle):
    """Those that need no boot of their own."""
    return _boot_tests(board, bundle, [name for name in bundle.tests
                                       if not OWN_BOOT.search(name)])


def driver_tests(board, bundle):
    """Those of the drivers, where they are modules."""
    return board_tests(board, bundle, DRIVERS)


def _boot_tests(board, bundle, names):
    label = f"{board.name}-test" + (f"-{names[0]}" if len(names) == 1 else "")
    seconds = max(MORE_SECONDS.get(name, SECONDS) for name in names)
    boot = Boot(board, bundle, "test",
                f"dmamap.tests={','.join(names)} dmamap.seconds={seconds * bundle.slower}",
                timeout=60 + seconds * len(names), label=label,
                alone=FLIPS in names).run()
    score, broken = Score(), list(boot.errors)
    for program in boot.console.programs:
        score.passed += len(program.passed)
        score.skipped += len(program.skipped)
        score.failures += [f"{board.name} {program.name}: {text}"
                           for text in program.failed]
        broken += program.complaints()
    ran = {program.name for program in boot.console.programs}
    broken += [f"{name}: did not run" for name in names if name not in ran]
    score.failures += [f"{label}: {sentence}" for sentence in broken]
    if broken:
        boot.show_failure()
    return score


def refusals(board, bundle):
    """Boots where the strategy can't be kept: said, and nothing falls back."""
    score = Score()
    for refusal in boards.refusals_of(board, bundle.strategy):
        row = dataclasses.replace(board, **refusal.changes)
        boot = Boot(row, bundle, "refusal", refusal.parameters,
                    label=f"{board.name}-{refusal.name}").run()
        before = len(score.failures)
        for good, sentence in refusal_verdicts(refusal, boot.console):
            score.take(good, f"{boot.label}: {sentence}")
        score.take(boot.ok(), f"{boot.label}: {boot.reasons()}")
        if len(score.failures) > before:
            boot.show_failure()
        else:
            say(f"  {boot.label}: {said_by(refusal, boot.console)}")
    return score


def said_by(refusal, console):
    """The layer's line in the log, or None."""
    return console.find(f"dmamap: strategy {refusal.strategy} can't be kept on "
                        rf"this board: .*{re.escape(refusal.says)}")


def refusal_verdicts(refusal, console):
    """(good, what should have been), of a boot that can't keep its strategy."""
    values = console.values
    yield said_by(refusal, console), \
        f"the layer should say in the log: {refusal.says}"
    shown = values.get("strategy", "nothing")
    yield shown.startswith(f"{refusal.strategy}: can't be kept: ") \
        and refusal.says in shown, f"debugfs should say so, too: {shown}"
    opened = values.get("hca_open", "not tried")
    yield opened == "No such file or directory", \
        f"/dev/hca0 should be absent: {opened}"
    asked = {key: value for key, value in values.items()
             if re.fullmatch(r"xray\.layer\.\d+", key)}
    yield asked and set(asked.values()) == {f"refused -{ENODEV}"}, \
        f"each allocation should get ENODEV: {asked}"
    left = left_behind(values)
    yield not left, f"something is left behind: {', '.join(left)}"


def left_behind(values):
    """What the counts of the layer say of memory that nobody got."""
    def count(key):
        return int(values.get(f"stats.{key}", -1))
    zero = ("regions", "frames_coherent", "frames_in_pool", "frames_flipped",
            "quarantined")
    left = [f"{key} {count(key)}" for key in zero if count(key)]
    if count("step_take_pages") != count("step_give_pages"):
        left.append(f"frames taken {count('step_take_pages')}, "
                    f"given back {count('step_give_pages')}")
    if count("allocations_refused") <= 0:
        left.append("no count of refused allocations")
    return left


def figures_score(board, bundle):
    """Costs: they hold, and a second boot measures the same."""
    first = figures.measure(board, bundle)
    figures.table(first)
    score = Score()
    for good, sentence in first.verdicts():
        score.take(good, f"{board.name} figures: {sentence}")
    other = first.unlike(figures.measure(board, bundle))
    score.take(not other, f"{board.name} figures: a second boot measured other "
                          f"numbers: {', '.join(other[:5])}")
    return score


def messages_score(board, bundle):
    """Costs of messages, beside sockets in the same boot."""
    found = messages.measure(board, bundle)
    messages.table(found)
    score = Score()
    for good, sentence in found.verdicts():
        score.take(good, f"{board.name} messages: {sentence}")
    return score


def stress(board, bundle, messages=MANY):
    """Processes that send so many messages, each of which is checked."""
    boot = Boot(board, bundle, "stress", f"MESSAGES={messages}",
                timeout=700).run()
    said = STRESS.search("\n".join(boot.console.lines))
    if said:
        say(f"  {boot.label}: {said.group(0)}")
    score = Score()
    for good, sentence in stress_verdicts(said, messages):
        score.take(good, f"{boot.label}: {sentence}")
    score.take(boot.ok(), f"{boot.label}: {boot.reasons()}")
    if score.failures:
        boot.show_failure()
    return score


def stress_verdicts(said, messages):
    """(good, what should have been), of the sentence that hca-stress ends with."""
    if not said:
        return [(False, "hca-stress did not come to its end")]
    contexts, received, corrupt = (int(said.group(i)) for i in (1, 2, 3))
    return [(received == messages // contexts * contexts,
             f"{received} messages of {messages} came"),
            (corrupt == 0, f"{corrupt} messages were corrupt")]


def fabric_score(bundles, place):
    """All boards on one fabric, beside each other."""
    run = fabric.Fabric(bundles, place, FABRIC, 0)
    run.run()
    score = Score()
    for good, sentence in run.verdicts():
        score.take(good, f"fabric: {sentence}")
    return score


def host_tests():
    """All that CTest knows, counted from its own report."""
    where = programs.build("host")
    result = logs.place() / "ctest.xml"
    done = subprocess.run(
        ["ctest", "--test-dir", str(where), "--output-on-failure", "-j2",
         "--output-junit", str(result)], env=environment(),
        capture_output=True, text=True, check=False)
    (logs.place() / "ctest.log").write_text(done.stdout + done.stderr)
    if not result.exists():
        raise Stop(f"ctest could not run: {done.stderr.strip()[-300:]}")
    score = _junit_score(result)
    if done.returncode and not score.failures:
        score.failures.append(f"ctest ended with code {done.returncode}")
    if score.failures:
        say("\n".join(done.stdout.splitlines()[-60:]))
    return score


def _junit_score(path):
    score = Score()
    for case in xml.parse(path).getroot().iter("testcase"):
        if case.find("skipped") is not None:
            score.skipped += 1
        else:
            score.take(case.get("status") == "run", f"host {case.get('name')}")
    if not score.passed and not score.failures:
        score.failures.append("host: no test ran")
    return score


def self_tests():
    """The tests of this folder's own scripts."""
    done = subprocess.run(
        [sys.executable, "-m", "unittest", "discover", "-s",
         str(BOARD_DIR / "selftest")], env=environment(),
        capture_output=True, text=True, check=False)
    ran = re.search(r"^Ran (\d+) tests?", done.stderr, re.MULTILINE)
    bad = re.findall(r"^(?:FAIL|ERROR): (\S+)", done.stderr, re.MULTILINE)
    skipped = re.search(r"skipped=(\d+)", done.stderr)
    skips = int(skipped.group(1)) if skipped else 0
    if not ran:
        bad = ["could not start"]
    if bad:
        say(done.stderr.rstrip())
    total = int(ran.group(1)) if ran else 0
    return Score(total - len(bad) - skips if ran else 0, skips,
                 [f"scripts: {name}" for name in bad])
