#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Checks that the Murphi models, the table of orders and a second judge agree.

For each order of orders.txt: puts it into its model, makes a checker of that
(rumur, cc), runs it, and compares the invariant that is violated first with the
table. With --judge the same order goes to that program too, which must come to the
same verdict.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import fnmatch
import html
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

# One thread and no symmetry reduction: the first violation is always the same one.
RUMUR = ["rumur", "--quiet", "--output-format", "machine-readable", "--threads", "1",
         "--symmetry-reduction", "off", "--deadlock-detection", "off",
         "--pack-state", "off"]

# State spaces are small: -O2 takes longer to compile than it saves.
CFLAGS = ["-O1", "-w"]

CHECKER_SECONDS = 300

INCLUDE = re.compile(r"^-- include (\S+)\n", re.M)
ORDER = re.compile(r"^-- order\n", re.M)
WORDS = re.compile(r"^  Word : enum \{(.*?)\}", re.M | re.S)
MESSAGE = re.compile(r"<message>(.*?)</message>", re.S)
SUMMARY = re.compile(r'<summary states="(\d+)"')
TRANSITION = re.compile(r"<transition>(.*?)</transition>", re.S)
# rumur puts a place before an assertion's name, but not before that of others.
RULE = re.compile(r'\b(I\d+\w?|END) ')


class Stop(Exception):
    """The run makes no sense; the text says why."""


@dataclasses.dataclass
class Group:
    """Orders of one model with the same constants."""
    model: str
    machine_of: str             # strategy whose machine the judge takes, or "-"
    constants: dict


@dataclasses.dataclass
class Order:
    group: Group
    name: str
    expected: str               # "ok", or the invariant that is violated first
    words: list

    def full_name(self):
        constants = "".join(f",{k}={v}" for k, v in self.group.constants.items())
        return f"{self.group.model}{constants}/{self.name}"


# The table

def read_table(path):
    """All orders of the table at @path."""
    orders = []
    group = None
    for number, line in enumerate(read_text(path).splitlines(), 1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        try:
            if fields[0] == "model":
                group = group_of(fields)
            else:
                orders.append(order_of(group, fields))
        except Stop as stop:
            raise Stop(f"{path}:{number}: {stop}") from None
    names = [order.full_name() for order in orders]
    for name in names:
        if names.count(name) > 1:
            raise Stop(f"{path}: {name} is there twice")
    return orders


def group_of(fields):
    if len(fields) < 4 or fields[2] != "machine-of":
        raise Stop("a group is: model NAME machine-of STRATEGY [CONSTANT=VALUE ...]")
    constants = {}
    for field in fields[4:]:
        name, equals, value = field.partition("=")
        if not equals or value not in ("true", "false"):
            raise Stop(f"{field} should be CONSTANT=true or CONSTANT=false")
        constants[name] = value
    return Group(fields[1], fields[3], constants)


def order_of(group, fields):
    if group is None:
        raise Stop("an order before the first model")
    if len(fields) < 3:
        raise Stop("an order is: NAME EXPECTED WORD [WORD ...]")
    name, expected, *words = fields
    if expected != "ok" and not RULE.fullmatch(expected + " "):
        raise Stop(f"{expected} is neither ok nor the name of an invariant")
    return Order(group, name, expected, words)


# Models

def model_text(order, without=()):
    """The model of @order with its program, and without some rules."""
    text = read_text(HERE / f"{order.group.model}.m")
    text = INCLUDE.sub(lambda m: read_text(HERE / m.group(1)), text)
    for name, value in order.group.constants.items():
        text = replace_once(rf"^(  {re.escape(name)} :) \w+;", rf"\1 {value};", text,
                            f"{order.group.model}.m has no constant {name}")
    vocabulary = vocabulary_of(text, order.group.model)
    for word in order.words:
        if word not in vocabulary:
            raise Stop(f"{order.full_name()}: {order.group.model}.m knows no word {word}")
    for name in without:
        text = drop(text, name)
    return replace_once(ORDER.pattern, lambda _: program(order.words), text,
                        f'{order.group.model}.m has no line "-- order"')


def vocabulary_of(text, model):
    found = WORDS.search(text)
    if not found:
        raise Stop(f"{model}.m has no type Word")
    return {w.strip().removeprefix("w_").replace("_", "-") for w in found.group(1).split(",")}


def program(words):
    """The order as a Murphi function: data, but no part of the state."""
    cases = "".join(f"    case {i}: return w_{word.replace('-', '_')};\n"
                    for i, word in enumerate(words))
    return (f"const kWords : {len(words)};\n"
            "function Program(i : 0 .. kWords - 1) : Word;\n"
            f"begin\n  switch i\n{cases}  end;\nend;\n")


def drop(text, name):
    """@text without the rule, assertions or invariant whose name starts with @name.
    A model that has none of that name stays as it is."""
    name = re.escape(name)
    text = re.sub(rf'(rule "{name}[^"\n]*"\n).*?==>', r"\1 false ==>", text, flags=re.S)
    text = re.sub(rf'(invariant "{name}[^"\n]*"\n).*?;\n\n', r"\1 true;\n\n", text, flags=re.S)
    return re.sub(rf'(assert "{name}[^"\n]*")\s[^;]*;', r"\1 true;", text)


def replace_once(pattern, new, text, complaint):
    text, count = re.subn(pattern, new, text, flags=re.M)
    if count != 1:
        raise Stop(complaint)
    return text


# Running

def run(command, timeout=None):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                              errors="replace", check=False)
    except OSError as error:
        raise Stop(f"{command[0]}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise Stop(f"{command[0]}: no answer after {timeout} seconds") from None


def build_checker(text, folder, cc):
    """The checker of a model, in @folder."""
    source = folder / "model.m"
    checker = folder / "checker"
    source.write_text(text, encoding="utf-8")
    for command in ([*RUMUR, "--output", f"{checker}.c", str(source)],
                    [*cc, *CFLAGS, "-o", str(checker), f"{checker}.c", "-lpthread"]):
        done = run(command)
        if done.returncode:
            raise Stop(f"{command[0]} failed: {done.stderr.strip()}")
    return checker


def check(text, folder, cc):
    """What the checker says of a model: (first violation or ok, states, trace)."""
    done = run([str(build_checker(text, folder, cc))], CHECKER_SECONDS)
    summary = SUMMARY.search(done.stdout)
    if not summary:
        raise Stop(f"the checker ended early: {(done.stderr or done.stdout).strip()[-300:]}")
    trace = [html.unescape(t) for t in TRANSITION.findall(done.stdout)]
    states = int(summary.group(1))
    message = MESSAGE.search(done.stdout)
    if not message and done.returncode == 0:
        return "ok", states, trace
    text = html.unescape(message.group(1)) if message else "no message"
    rule = RULE.search(text)
    if not rule:
        raise Stop(f"the checker stopped for no invariant: {text}")
    return rule.group(1), states, trace + [text]


def ask_judge(judge, order):
    """What the judge says of @order: (verdict, the rules that it names)."""
    trap = "-trap" if order.group.constants.get("kTrap") == "true" else ""
    done = run([*judge, "order", "--strategy", order.group.model + trap,
                "--machine-of", order.group.machine_of, "--order", " ".join(order.words)],
               CHECKER_SECONDS)
    said = done.stdout.partition(";")[0].strip()
    if done.returncode not in (0, 1):
        raise Stop(f"the judge ended with {done.returncode}: {done.stderr.strip() or said}")
    return ("ok" if done.returncode == 0 else "violated"), said


def verdict_of(rule):
    return "ok" if rule == "ok" else "violated"


def examine(order, args, folder):
    """Runs one order in @folder: (whether all agree, lines to print)."""
    folder.mkdir()
    try:
        found, states, trace = check(model_text(order, args.without), folder, args.cc)
        complaints = []
        if found != order.expected:
            complaints.append(f"the table says {order.expected}")
        remark = ""
        if args.judge and order.group.machine_of != "-":
            verdict, said = ask_judge(args.judge, order)
            remark = f"  judge: {said or verdict}"
            if verdict != verdict_of(found):
                complaints.append(f"the judge says {verdict}")
    except Stop as stop:
        return False, [f"FAIL  {order.full_name()}: {stop}"]
    finally:
        shutil.rmtree(folder)
    line = f"{order.full_name():48} {found:4} {states:6} states{remark}"
    lines = [f"FAIL  {line}  but {', '.join(complaints)}" if complaints else f"pass  {line}"]
    if args.trace:
        lines += [f"        {step}" for step in trace]
    return not complaints, lines


def examine_all(orders, args):
    """Runs @orders, some at a time, prints the results in their order, and returns
    how many agree."""
    passed = 0
    with tempfile.TemporaryDirectory(prefix="dmamap-murphi-") as top, \
            concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        runs = [pool.submit(examine, order, args, pathlib.Path(top) / str(number))
                for number, order in enumerate(orders)]
        try:
            for done in runs:
                agree, lines = done.result()
                passed += agree
                print("\n".join(lines), flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return passed


# Command line

def read_text(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise Stop(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def count(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", nargs="?", default=HERE / "orders.txt",
                        help="table of orders (default: orders.txt beside this program)")
    parser.add_argument("--judge", metavar="PATH", type=shlex.split,
                        help="also run PATH order --strategy S --machine-of S --order W, "
                             "which ends with 0 (accepted) or 1 (violated)")
    parser.add_argument("--only", metavar="PATTERN", action="append",
                        help="only orders whose name matches, such as 'purge*/no-*'; "
                             "may be repeated")
    parser.add_argument("--without", metavar="NAME", action="append", default=[],
                        help="leave out the rules and invariants whose names start with "
                             "NAME, such as 'machine: prefetch' or 'I2', to see which "
                             "orders they are needed for; may be repeated")
    parser.add_argument("--trace", action="store_true",
                        help="print the steps that lead to a violation")
    parser.add_argument("--emit", metavar="NAME",
                        help="print the whole model of one order, for rumur, and stop")
    parser.add_argument("-j", "--jobs", type=count, default=1,
                        help="so many orders at a time (default: 1)")
    parser.add_argument("--cc", default=shlex.split(os.environ.get("CC", "cc")),
                        type=shlex.split, help="C compiler (default: $CC, or cc)")
    return parser.parse_args(argv)


def chosen(orders, patterns):
    """The orders that match one of @patterns. It is an error if none does."""
    if patterns is None:
        return orders
    found = [order for order in orders
             if any(fnmatch.fnmatch(order.full_name(), pattern) for pattern in patterns)]
    if not found:
        raise Stop(f"no order matches {' or '.join(patterns)}")
    return found


def main(argv):
    args = parse(argv)
    orders = read_table(args.table)
    if args.emit:
        sys.stdout.write(model_text(chosen(orders, [args.emit])[0], args.without))
        return True
    orders = chosen(orders, args.only)
    for name in args.without:
        if all(drop(text, name) == text for text in {model_text(o) for o in orders}):
            raise Stop(f"no rule or invariant starts with {name!r}")
    for tool in (RUMUR[0], args.cc[0], *(args.judge or ())[:1]):
        if not shutil.which(tool):
            raise Stop(f"there is no program {tool}")
    passed = examine_all(orders, args)
    print(f"{passed} passed, {len(orders) - passed} failed")
    return passed == len(orders)


if __name__ == "__main__":
    # Leave by way of the temporary folder's clean-up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        try:
            sys.exit(not main(sys.argv[1:]))
        except Stop as stop:
            print(f"agree.py: {stop}", file=sys.stderr)
            sys.exit(2)
    sys.exit(130)
