# SPDX-License-Identifier: GPL-2.0
"""Each machine is a folder: its row, its own tests of it, and its name nowhere else."""

import importlib.util
import re
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from common import BOARD_DIR, REPO, TABLE
import check
from base import boards
from base.paths import Stop

NAMES = re.compile(r"(?i)(?<![a-z0-9])(arm(?![a-z])|arm(?:32|64|v\d)|aarch|parisc|pa-risc|"
                   r"hppa|x86|i386|amd64|riscv)")
COMMENT = {".py": r"#.*", ".sh": r"(?m)^\s*#.*", ".config": r"(?m)^#.*",
           ".c": r"//.*|(?s:/\*.*?\*/)"}
COMMENT |= {".cc": COMMENT[".c"], ".h": COMMENT[".c"]}


def names_in(path):
    """(line, text) of code that names an architecture."""
    text = path.read_text(encoding="utf-8")
    blank = re.sub(COMMENT.get(path.suffix, r"(?m)^#.*"),
                   lambda found: "\n" * found.group().count("\n"), text)
    return [(number, line.strip()) for number, line
            in enumerate(blank.splitlines(), 1) if NAMES.search(line)]


class Rows(unittest.TestCase):
    def test_every_machine_has_one(self):
        self.assertEqual(set(boards.BOARDS),
                         {path.name for path in (REPO / "arch").iterdir() if path.is_dir()})

    def test_places_in_the_table_differ(self):
        for field in ("order", "effort"):
            values = [getattr(row, field) for row in boards.BOARDS.values()]
            self.assertEqual(len(set(values)), len(values), field)

    def test_a_row_in_the_wrong_folder(self):
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "cray" / "board" / "board.py"
            path.parent.mkdir(parents=True)
            path.write_text("class BOARD:\n    name = 'vax'\n")
            with self.assertRaisesRegex(Stop, "describes vax; the folder is cray"):
                boards._row(path)

    def test_kernels_in_the_order_of_their_builds(self):
        with mock.patch.object(boards, "BOARDS", TABLE):
            self.assertEqual(check.kernels(), ["vax", "zuse", "eniac", "zuse/unmap"])
            self.assertEqual(check.modular(), ["vax:module", "zuse:module", "eniac:module"])
            self.assertEqual(list(check.varied()), ["eniac:large"])


class Elsewhere(unittest.TestCase):
    def test_no_name_of_an_architecture(self):
        files = [path for path in sorted(BOARD_DIR.rglob("*")) if path.is_file()
                 and "__pycache__" not in path.parts and path != Path(__file__).resolve()]
        found = [f"{path.relative_to(REPO)}:{number}: {line}"
                 for path in files for number, line in names_in(path)]
        self.assertEqual(found, [])

    def test_how_a_name_is_seen(self):
        with tempfile.TemporaryDirectory() as place:
            for name, text, count in (
                    ("a.py", 'if name == "arm":  # arm\n', 1),
                    ("b.py", "# x86 has none\nharm, alarm, armed\n", 0),
                    ("c.cc", "/* PA-RISC\n * x86 */\nint parisc; // arm\n", 1),
                    ("d.sh", "echo g++-hppa-linux-gnu\n", 1)):
                path = Path(place) / name
                path.write_text(text)
                self.assertEqual(len(names_in(path)), count, name)


def load_tests(loader, tests, _pattern):
    """And what each machine has to say of its row."""
    for path in sorted(REPO.glob("arch/*/board/test_board.py")):
        spec = importlib.util.spec_from_file_location(
            f"test_board_of_{path.parents[1].name}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        tests.addTests(loader.loadTestsFromModule(module))
    return tests


if __name__ == "__main__":
    unittest.main()
