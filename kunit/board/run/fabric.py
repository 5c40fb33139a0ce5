# SPDX-License-Identifier: GPL-2.0
"""All boards on one fabric: every pair exchanges messages in both directions."""

import threading
import time

from base import boards
from base.paths import Stop, is_terminal, say
from run.boot import Boot

BOOT_SECONDS = 60           # until all programs have met
SLOWEST = 20                # messages a second of one pair, on a busy host
PERIOD = 5                  # seconds between signs of life
LIVE_PERIOD = 0.5
MOST = 1 << 24              # see hca-fabric --help


class Pair:
    """What one board has got from another so far."""

    def __init__(self, boot, source, dest):
        self.boot, self.source, self.dest = boot, source, dest

    def numbers(self):
        """(received, corrupt, rate), as the receiving board said last."""
        key = f"fabric.{self.source + 1}.{self.dest + 1}"
        said = self.boot.console.values.get(key, "0 0 0")
        try:
            received, corrupt, rate = (int(word) for word in said.split())
        except ValueError as error:
            raise Stop(f"{self.boot.label}: {key} {said!r} can't be read") from error
        return received, corrupt, rate


class Fabric:
    """Boards that run side by side; node n is the nth of the table, from 1."""

    def __init__(self, bundles, place, messages, faults):
        self.messages = messages
        self.names = list(boards.BOARDS)
        seconds = BOOT_SECONDS + 2 * messages // SLOWEST
        nodes = ",".join(str(i + 1) for i in range(len(self.names)))
        self.boots = [
            Boot(boards.varied(boards.find(name), bundle.config), bundle, "fabric",
                 f"NODES={nodes} MESSAGES={messages}", timeout=seconds,
                 fabric=options(place, i + 1, faults))
            for i, (name, bundle) in enumerate(zip(self.names, bundles))]
        self.pairs = [Pair(self.boots[dest], source, dest)
                      for source in range(len(self.names))
                      for dest in range(len(self.names)) if source != dest]

    def run(self):
        """Boot all, show how it goes; true when every message came through."""
        threads = [threading.Thread(target=_run, args=(boot,))
                   for boot in self.boots]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        try:
            self.watch(threads)
        finally:
            self.end(threads)
        self.show(live=False)
        return self.finish(time.monotonic() - start)

    def watch(self, threads):
        """Signs of life, until all have ended or one has failed."""
        shown = 0
        while any(thread.is_alive() for thread in threads):
            time.sleep(LIVE_PERIOD)
            shown += LIVE_PERIOD
            if is_terminal() or shown % PERIOD == 0:
                self.show(live=True)
            if any(boot.errors for boot in self.boots):
                return          # the others would wait for it in vain

    def end(self, threads):
        """Whoever still runs is stopped, and removes what it has made."""
        for thread, boot in zip(threads, self.boots):
            while thread.is_alive():
                boot.stop()
                thread.join(LIVE_PERIOD)

    def show(self, live):
        """The table; on a terminal it takes the place of the one before."""
        if live and not is_terminal():
            say("  " + "  ".join(f"{self.title(pair)} {pair.numbers()[0]}"
                                 for pair in self.pairs))
            return
        say(f"  {'pair':<18} {'received':>10} {'corrupt':>8} {'a second':>9}")
        for pair in self.pairs:
            received, corrupt, rate = pair.numbers()
            say(f"  {self.title(pair):<18} {received:>10} {corrupt:>8} {rate:>9}")
        if live:
            print(f"\033[{len(self.pairs) + 1}A", end="", flush=True)

    def title(self, pair):
        return f"{self.names[pair.source]}->{self.names[pair.dest]}"

    def verdicts(self):
        """(good, sentence) of each pair, and of each boot."""
        for pair in self.pairs:
            received, corrupt, _ = pair.numbers()
            yield received == self.messages and not corrupt, \
                f"{self.title(pair)}: {received} of {self.messages}, {corrupt} corrupt"
        for boot in self.boots:
            yield boot.ok(), f"{boot.label}: {boot.reasons()}"

    def finish(self, seconds):
        """The summary line, and what went wrong before it."""
        for boot in self.boots:
            if not boot.ok():
                boot.show_failure()
        counts = [pair.numbers() for pair in self.pairs]
        received = sum(count[0] for count in counts)
        corrupt = sum(count[1] for count in counts)
        wanted = self.messages * len(self.pairs)
        good = all(good for good, _ in self.verdicts())
        say(f"{len(self.boots)} boards, {len(self.pairs)} pairs, {received} of "
            f"{wanted} messages, {corrupt} corrupt, {seconds:.0f} s: "
            f"{'good' if good else 'BAD'}")
        return good


def _run(boot):
    """A thread of one boot: what ends it is a failure of that boot."""
    try:
        boot.run()
    except Exception as problem:    # pylint: disable=broad-except
        boot.fail(problem)


def options(place, node, faults):
    """What puts a chip on the fabric, as that node."""
    found = ["--fabric", str(place), "--node", str(node)]
    if faults:
        for kind in ("--drop", "--corrupt", "--duplicate"):
            found += [kind, str(faults)]
    return found


def number(name, text, most):
    """A number that somebody typed."""
    if not text.isdecimal() or int(text) > most:
        raise Stop(f"{name}={text} is no number up to {most}")
    return int(text)


def run(bundles, place, messages, faults):
    """The whole run; true when it was good."""
    messages = number("MESSAGES", messages, MOST)
    if not messages:
        raise Stop("MESSAGES=0 sends nothing")
    return Fabric(bundles, place, messages,
                  number("FAULTS", faults, 300)).run()
