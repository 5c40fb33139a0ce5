#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Mutation test of the layer's own sources; "make mutants" calls it.

Every mutant must be killed by a check: hand-written ones all, generated ones
but for those that equivalent.toml explains. Verdicts are remembered, so that a
run can be interrupted, and the next one judges only what has changed.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import killers
import meter
import mutant as mutants
import verdicts
import weave
from mutant import Stop
from base.paths import cache, jobs, locked, say

MANY = 8                    # mutants that are worth a program with all of them


class Run:
    """All mutants that were asked for, one after another through the stages."""

    def __init__(self, folder, chosen, texts, stages):
        self.chosen, self.texts = chosen, texts
        self.tree = killers.Tree(folder, texts)
        self.memory = verdicts.Memory(folder / "verdicts.jsonl")
        self.killers_of, self.notes = killers.table(stages)

    def prepare(self, woven):
        for note in self.notes:
            say(f"  {note}")
        needed = dict.fromkeys(killer for one in self.chosen
                               for killer in self.killers_of(one.file))
        if not needed:
            raise Stop("no stage is left that could kill a mutant")
        say("  preparing: precompiled headers, libraries, the original")
        weave.write(self.tree.source, self.texts, woven)
        self.tree.prepare(list(needed))
        for killer in needed:
            self._original_survives(killer)

    def _original_survives(self, killer):
        found, _ = self._ask(killer, None)
        if found.state != "survived":
            raise Stop(f"{killer.name} fails on the original sources:\n"
                       f"{found.log[-2000:]}")

    def _ask(self, killer, mutant):
        """(a killer's verdict, whether it is new or was remembered)."""
        key = self.tree.key(killer, mutant)
        if key is None:
            return killers.Verdict("survived", [], 0), False
        known = self.memory.find(key)
        if known:
            return known, False
        found = self.tree.run(killer, mutant.id if mutant else 0)
        if mutant or found.state == "survived":
            self.memory.add(key, found)
        return found, True

    def gather(self, workers):
        """Programs with many mutants, for killers that have many to judge."""
        unknown = [one for one in self.chosen if not self._was_killed(one)]
        work = {}
        for one in unknown:
            for killer in self.killers_of(one.file):
                if killer.stage == "tests" and self._known(killer, one) is None:
                    work.setdefault(killer, []).append(one)
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda pair: self._gather(*pair),
                          [(killer, found) for killer, found in work.items()
                           if len(found) >= MANY]))

    def _gather(self, killer, found):
        start = time.monotonic()
        count, error = self.tree.gather(killer, found)
        say(f"  {killer.name}: {count} of {len(found)} mutants in one program, "
            f"{time.monotonic() - start:.0f} s")
        if error:
            say(f"  each is compiled alone, because of this:\n{error[:500]}")

    def _known(self, killer, mutant):
        """What is remembered; a survivor if the killer can't see the mutant."""
        key = self.tree.key(killer, mutant)
        return self.memory.find(key) if key else killers.Verdict("survived", [], 0)

    def _was_killed(self, mutant):
        found = (self._known(killer, mutant) for killer in self.killers_of(mutant.file))
        return any(one and one.state != "survived" for one in found)

    def _ask_gathered(self, killer, mutant):
        """A killer's verdict if it is remembered, or kills without a compiler."""
        known = self._known(killer, mutant)
        found = known or self.tree.run_gathered(killer, mutant)
        if found and not known:
            self.memory.add(self.tree.key(killer, mutant), found)
        return found, found is not known

    def judge(self, mutant):
        """Through the killers until one kills, the recorded one first."""
        result = verdicts.Result(mutant)
        order = sorted(self.killers_of(mutant.file), key=lambda killer:
                       not self.tree.has(killer, mutant.killed_by))
        for ask in (self._ask_gathered, self._ask):
            for killer in order:
                found, new = ask(killer, mutant)
                result.seconds += found.seconds if found and new else 0
                result.new |= new
                if found and found.state != "survived":
                    result.take(found)
                    return result
        return result

    def all(self, workers):
        """Results in the order of the numbers."""
        self.gather(workers)
        shown = meter.Meter(len(self.chosen))
        with ThreadPoolExecutor(workers) as pool:
            pending = [pool.submit(self._one, one, shown) for one in self.chosen]
            try:
                return [job.result() for job in pending]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            finally:
                shown.finish()
                self.tree.forget_gathered()

    def _one(self, mutant, shown):
        result = self.judge(mutant)
        shown.step(result)
        return result


def choose(args, texts):
    """(all mutants, those that were asked for)."""
    everything = weave.all_mutants(texts)
    chosen = [one for one in everything
              if args.only in (None, "hand" if one.is_hand_written() else "mechanical")
              and (not args.id or one.id in args.id)
              and (not args.file or args.file in one.file)]
    unknown = sorted(set(args.id or []) - {one.id for one in everything})
    if unknown:
        raise Stop(f"there is no mutant {unknown[0]}; --list shows all")
    if not chosen:
        raise Stop("no mutant matches; --list shows all")
    return everything, chosen


def show(chosen, texts):
    for one in chosen:
        old, new = one.change(texts[one.file])
        say(f"{one.id:5} {one.file}:{one.line(texts[one.file])}: {one.what}")
        say(f"      - {old}\n      + {new}")


def work(args):
    texts = mutants.sources()
    everything, chosen = choose(args, texts)
    if args.list:
        show(chosen, texts)
        return True
    folder = args.build or cache() / "mutants"
    folder.mkdir(parents=True, exist_ok=True)
    equivalents = mutants.Equivalents()
    with locked("mutants"):
        run = Run(folder, chosen, texts, args.stage or killers.STAGES)
        run.prepare(everything)
        results = run.all(args.jobs)
    report = verdicts.Report(results, texts, equivalents, everything,
                             check_names=not args.update)
    report.print()
    report.write(folder / "report.txt")
    say(f"report: {folder / 'report.txt'}")
    if args.update:
        changed = mutants.record_killers(report.killers())
        say(f"{changed} entries of hand/*.toml name another check now")
    return not report.errors()


def parser():
    found = argparse.ArgumentParser(
        description=__doc__, epilog="Through make: make mutants")
    found.add_argument("--only", choices=("hand", "mechanical"),
                       help="only mutants of that kind")
    found.add_argument("--id", type=int, action="append", metavar="N",
                       help="only that mutant, can be given again")
    found.add_argument("--file", metavar="TEXT",
                       help="only mutants of files with TEXT in their path")
    found.add_argument("--stage", action="append", choices=killers.STAGES,
                       help="only that stage, can be given again")
    found.add_argument("--jobs", type=int, default=jobs(), metavar="N",
                       help="how many at a time (default: one for each CPU)")
    found.add_argument("--list", action="store_true",
                       help="show the mutants and run nothing")
    found.add_argument("--update", action="store_true",
                       help="write the checks that killed into hand/*.toml")
    found.add_argument("--build", type=Path, metavar="FOLDER",
                       help="where to build (default: in the cache folder)")
    return found


def main():
    args = parser().parse_args()
    if args.jobs < 1:
        print("mutants: --jobs needs a number from 1 on", file=sys.stderr)
        return 2
    os.nice(10)
    try:
        return 0 if work(args) else 1
    except Stop as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmutants: interrupted; verdicts so far are remembered",
              file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
