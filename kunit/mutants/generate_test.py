#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The generator reads this project's C++ and makes the slips it promises."""

import unittest

import generate
import lex
import mutant as mutants

HEAD = "namespace n {\ntemplate <class T>\nclass C {\npublic:\n"
TAIL = "};\n} // namespace n\n"


def changes(body, head="\tResult<int> f(int a, int b) noexcept\n"):
    """{(new line, what)} of all mutants of a function with that body."""
    text = HEAD + head + "\t{\n" + body + "\t}\n" + TAIL
    return {(one.change(text)[1], one.what)
            for one in generate.mechanical({"x.h": text})}


class Operators(unittest.TestCase):
    def expect(self, body, *news):
        found = {new for new, _ in changes(body)}
        for new in news:
            self.assertIn(new, found, sorted(found))

    def test_statement_deleted(self):
        self.expect("\t\tm.barrier();\n", ";")
        self.expect("\t\tif (a)\n\t\t\tg();\n\t\telse\n\t\t\th();\n", ";", "if (true)")

    def test_statements_swapped(self):
        self.expect("\t\tg(a);\n\t\th(b);\n", "h(b); g(a);")
        self.expect("\t\tauto x = g(a);\n\t\th(b);\n", "h(b); auto x = g(a);")

    def test_no_swap_that_nobody_can_notice(self):
        found = {new for new, what in
                 changes("\t\tint x = a;\n\t\tint y = std::min(b, 2);\n"
                         "\t\tif (a)\n\t\t\treturn 1;\n") if "swapped" in what}
        found |= {new for new, what in changes("\t\ta += 2;\n\t\tb -= 2;\n")
                  if "swapped" in what}
        self.assertEqual(found, set())

    def test_swaps_that_somebody_can_notice(self):
        self.expect("\t\tint x = a;\n\t\tint y = g(b);\n", "int y = g(b); int x = a;")
        self.expect("\t\tint x = a;\n\t\ta = 2;\n", "a = 2; int x = a;")
        self.expect("\t\ta += b;\n\t\tb = 2;\n", "b = 2; a += b;")
        self.expect("\t\tif (a)\n\t\t\treturn 1;\n\t\tif (b)\n\t\t\treturn 2;\n",
                    "if (b) return 2; if (a) return 1;")

    def test_no_swap_that_can_not_compile(self):
        found = {new for new, _ in changes("\t\tauto x = g(a);\n\t\th(x);\n")}
        self.assertNotIn("h(x); auto x = g(a);", found)

    def test_conditions(self):
        self.expect("\t\tif (g(a))\n\t\t\th();\n", "if (!(g(a)))", "if (true)")
        self.expect("\t\tif (auto x = g(); x > 1)\n\t\t\th();\n",
                    "if (auto x = g(); !(x > 1))", "if (auto x = g(); x >= 1)",
                    "if (auto x = g(); x < 1)", "if (auto x = g(); x > 2)",
                    "if (auto x = g(); x > 0)")
        self.expect("\t\tif (!a)\n\t\t\th();\n", "if (a)")

    def test_comparisons_and_logic(self):
        self.expect("\t\tif (a == b && c < d)\n\t\t\th();\n", "if (a != b && c < d)",
                    "if (a == b || c < d)", "if (a == b && c <= d)", "if (a == b)",
                    "if (c < d)")

    def test_loops(self):
        self.expect("\t\tfor (int i = 0; i < a; ++i)\n\t\t\th();\n",
                    "for (int i = 1; i < a; ++i)", "for (int i = 0; i < a - 1; ++i)",
                    "for (int i = 0; i <= a; ++i)", "for (int i = 0; i < a; --i)")

    def test_arithmetic(self):
        self.expect("\t\ta = (b << 2) + c - d;\n", "a = (b >> 2) + c - d;",
                    "a = (b << 3) + c - d;", "a = (b << 2) - c - d;")
        self.expect("\t\ta |= !b;\n", "a &= !b;", "a |= b;")

    def test_returned_values(self):
        self.expect("\t\treturn fail(Errno::nomem);\n", "return {};",
                    "return fail(Errno::io);")
        self.expect("\t\treturn a;\n", "return fail(Errno::io);")
        self.expect("\t\treturn {true, Linear::none};\n",
                    "return {false, Linear::none};", "return {true, Linear::absent};")

    def test_lambdas(self):
        self.expect("\t\tauto undo = on_exit([&]() noexcept { m.give(run); });\n",
                    "auto undo = on_exit([&]() noexcept { ; });")


class Silence(unittest.TestCase):
    def test_templates_are_no_comparisons(self):
        self.assertEqual(changes("\t\tResult<Pages> x(a);\n"), set())

    def test_comments_strings_and_includes(self):
        text = '#include "a < b"\n// if (a == 1)\n/* a && b; */\n'
        self.assertEqual(generate.mechanical({"x.h": text}), [])
        self.assertEqual(changes('\t\tauto x = "a == 1";\n'), set())

    def test_concepts_make_no_code(self):
        text = ("template <class M>\nconcept C = requires(M &m) {\n"
                "\t{ m.f(1) } -> std::same_as<bool>;\n};\n"
                "template <int N>\n\trequires(N == 1 || N == 2)\nstruct S {};\n"
                "static_assert(1 + 1 == 2);\n")
        self.assertEqual(generate.mechanical({"x.h": text}), [])


class Layer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts = mutants.sources()
        cls.found = generate.mechanical(cls.texts)

    def test_deterministic(self):
        again = generate.mechanical(dict(reversed(self.texts.items())))
        self.assertEqual(self.found, again)

    def test_numbers_and_order(self):
        self.assertEqual([one.id for one in self.found],
                         list(range(1000, 1000 + len(self.found))))
        places = [(one.file, one.start) for one in self.found]
        self.assertEqual(places, sorted(places))

    def test_enough_and_distinct(self):
        self.assertGreaterEqual(len(self.found), 320)
        seen = set()
        for one in self.found:
            text = one.apply(self.texts[one.file])
            seen.add((one.file, *(token.text for token in lex.tokens(text))))
        self.assertEqual(len(seen), len(self.found))
        for name, text in self.texts.items():
            self.assertNotIn((name, *(t.text for t in lex.tokens(text))), seen)

    def test_covers_what_has_code(self):
        files = {one.file for one in self.found}
        for name in ("flip", "layer", "pool", "pooled_layer", "region"):
            self.assertIn(f"dma/core/{name}.h", files)

    def test_finds_all_functions(self):
        text = self.texts["dma/core/layer.h"]
        names = [f.header for f in lex.Source(text).functions]
        self.assertEqual(len(names), 12, names)     # the constructor included


if __name__ == "__main__":
    unittest.main()
