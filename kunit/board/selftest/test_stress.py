# SPDX-License-Identifier: GPL-2.0
"""What is made of the sentence that hca-stress ends with."""

import unittest

import common  # noqa: F401, paths come first
import suites


def missed(sentence, messages=1000):
    said = suites.STRESS.search(sentence)
    return [text for good, text in suites.stress_verdicts(said, messages)
            if not good]


class Verdicts(unittest.TestCase):
    def test_good(self):
        self.assertEqual(missed("16 contexts, 992 messages, 0 corrupt, 1.0 s, 992 a second"),
                         [])

    def test_lost(self):
        self.assertIn("991", missed("16 contexts, 991 messages, 0 corrupt, 1.0 s, ")[0])
        # Fewer than were asked for is no success, however good they are.
        self.assertIn("16 messages", missed("16 contexts, 16 messages, 0 corrupt, ")[0])

    def test_corrupt(self):
        self.assertEqual(missed("4 contexts, 1000 messages, 2 corrupt, 1.0 s, "),
                         ["2 messages were corrupt"])

    def test_silent(self):
        self.assertEqual(len(missed("hca-stress: after 5 of 1000 messages: timed out")), 1)


if __name__ == "__main__":
    unittest.main()
