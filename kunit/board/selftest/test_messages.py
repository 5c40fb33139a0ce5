# SPDX-License-Identifier: GPL-2.0
"""Figures of messages: what is said about them."""

import unittest

import common
from report import messages
from run import qemu

GOOD = {
    "clock.exact": 1,
    "message.hca.send": 120, "message.hca.receive": 80,
    "message.udp.send": 3000, "message.udp.receive": 1000,
    "message.unix.send": 1200, "message.unix.receive": 800,
    "message.hca.calls": 0, "message.hca.faults": 0,
    "message.contexts.1": 260, "message.contexts.16": 230,
    "open.calls": 7,
}


def of(**changed):
    values = dict(GOOD)
    values.update({key.replace("_", "."): value
                   for key, value in changed.items()})
    return messages.Messages(common.TWO, {f"figures.{key}": str(value)
                                     for key, value in values.items()
                                     if value is not None})


def missed(found):
    return [sentence for good, sentence in found.verdicts() if not good]


class Verdicts(unittest.TestCase):
    def test_good_up_to_the_last_instruction(self):
        self.assertEqual(of().cost("hca"), 200)
        self.assertEqual(missed(of()), [])

    def test_one_more_is_too_many(self):
        found = missed(of(message_hca_send=121))
        self.assertEqual(len(found), 2)
        self.assertIn("UDP", found[0])
        self.assertIn("Unix", found[1])

    def test_the_kernel_is_not_asked(self):
        self.assertIn("1 system calls", missed(of(message_hca_calls=1))[0])
        self.assertIn("2 faults", missed(of(message_hca_faults=2))[0])
        self.assertIn("11 system calls", missed(of(open_calls=11))[0])
        self.assertIn("opening", missed(of(open_calls=0))[0])

    def test_many_contexts_cost_no_more(self):
        self.assertIn("261", missed(of(message_contexts_16=261))[0])

    def test_what_was_not_measured_is_no_success(self):
        for key in ("message_hca_send", "message_udp_receive", "message_unix_send",
                    "message_hca_calls", "message_hca_faults", "open_calls",
                    "message_contexts_1", "message_contexts_16"):
            self.assertEqual(len(missed(of(**{key: None}))), 1, key)
        self.assertEqual(len(missed(of(message_hca_send=0, message_hca_receive=0))), 1)
        self.assertEqual(len(missed(of(message_hca_send=-9, message_hca_receive=1))), 1)


class Command(unittest.TestCase):
    def test_an_idle_board_follows_the_time_of_its_chip(self):
        command = qemu.command(common.SNOOPS, common.BOARD_DIR, "k", "i",
                               "c", exact=qemu.EXACT_WITH_CHIP)
        self.assertIn("shift=0,sleep=on", command)
        self.assertIn("tcg,thread=single", command)


if __name__ == "__main__":
    unittest.main()
