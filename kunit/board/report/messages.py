# SPDX-License-Identifier: GPL-2.0
"""What a message of 8 bytes costs on a board, in instructions, beside sockets.

The chip is a process beside QEMU that counts no instructions: what is measured is
the sender until the packet is on its way, and the receiver from when it is there.
"""

from base.paths import Stop, say
from report.figures import BOOTS, Figures
from run import qemu
from run.boot import Boot

WAYS = {"hca": "HCA", "udp": "UDP, loopback", "unix": "Unix datagram"}
MOST = {"udp": 0.05, "unix": 0.1}       # part of it that the HCA may take
CONTEXTS = 16       # with so many a message may cost no more than with one
OPEN_CALLS = 10     # to open a context and map its five kinds of memory
NO_CLOCK = 2        # exit code of hca-figures


class Messages(Figures):
    """The integers that one boot measured, of messages."""

    def cost(self, way):
        """Instructions of sender and receiver, or None."""
        parts = [self.get(f"message.{way}.{side}") for side in ("send", "receive")]
        return None if None in parts else sum(parts)

    def verdicts(self):
        """(good, sentence) of all that must hold."""
        costs = {way: self.cost(way) for way in WAYS}
        if not all(costs.values()) or min(costs.values()) < 0:
            return [(False, f"messages were not measured: {costs}")]
        return [*(self._part(costs, way) for way in MOST),
                self._none("system calls"), self._none("faults"), self._opening(),
                self._contexts()]

    @staticmethod
    def _part(costs, way):
        part = costs["hca"] / costs[way]
        return (part <= MOST[way],
                f"8 bytes: {part:.3f} of {WAYS[way]}, at most {MOST[way]}")

    def _none(self, what):
        count = self.get(f"message.hca.{what.split()[-1]}")
        return count == 0, f"1000 messages: {count} {what}, none allowed"

    def _opening(self):
        calls = self.get("open.calls")
        return (calls is not None and 0 < calls <= OPEN_CALLS,
                f"opening and mapping: {calls} system calls, at most {OPEN_CALLS}")

    def _contexts(self):
        one, all_of = (self.get(f"message.contexts.{n}") for n in (1, CONTEXTS))
        return (None not in (one, all_of) and 0 < all_of <= one,
                f"of {CONTEXTS} contexts in turn: {all_of} instructions a message, "
                f"at most {one} as with one")


def measure(board, bundle):
    """One boot with its chip, or another one if its clock counts nothing."""
    for _ in range(BOOTS):
        boot = Boot(board, bundle, "messages", exact=qemu.EXACT_WITH_CHIP,
                    timeout=300).run()
        found = Messages(board, boot.console.values)
        if boot.console.code == NO_CLOCK and found.get("clock.exact") == 0:
            say(f"  {boot.label}: the clock of this boot does not count "
                "instructions; once more")
            continue
        if not boot.ok():
            boot.show_failure()
            raise Stop(f"{boot.label}: {boot.reasons()}")
        return found
    raise Stop(f"{boot.label}: in {BOOTS} boots the clock did not count "
               f"instructions; see {boot.log}")


def table(found):
    """What a person reads."""
    say(f"{found.board.name}: instructions of a message of 8 bytes")
    say(f"  {'':<14} {'send':>7} {'receive':>8} {'both':>7}")
    for way, title in WAYS.items():
        sides = [found.get(f"message.{way}.{side}") for side in ("send", "receive")]
        say(f"  {title:<14} {sides[0]!s:>7} {sides[1]!s:>8} {found.cost(way)!s:>7}")
    for good, sentence in found.verdicts():
        say(f"  {'holds' if good else 'BROKEN'}: {sentence}")
