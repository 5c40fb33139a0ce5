# SPDX-License-Identifier: GPL-2.0
"""Each room of the scripts knows only those below it."""

import ast
import unittest

from common import BOARD_DIR

# A room, and the rooms that its files may import. The scripts beside the rooms
# may import all of them.
BELOW = {"base": (),
         "build": ("base",),
         "run": ("base",),
         "report": ("base", "run"),
         "host": ("base", "build")}
SCRIPTS = ("check", "cli", "suites")


def imports(path):
    """Names of the rooms and scripts that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)


class Rooms(unittest.TestCase):
    def test_every_folder_of_scripts_is_a_room(self):
        folders = {path.parent.name for path in BOARD_DIR.glob("*/*.py")}
        self.assertEqual(folders - {"selftest"}, set(BELOW))

    def test_a_room_knows_only_those_below(self):
        ours = {*BELOW, *SCRIPTS}
        wrong = [f"{room}/{path.name} imports {name}"
                 for room, below in BELOW.items()
                 for path in sorted((BOARD_DIR / room).glob("*.py"))
                 for name in imports(path)
                 if name in ours and name not in (room, *below)]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
