#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Checks that each room of the tree knows only the rooms it may know.

Usage: check_rooms.py [TREE]

Prints one line for each breach, "file:line: sentence", and fails if there is
one. Looks at all files that git tracks or would add, or at all files if TREE is
no repository.
"""
import pathlib
import re
import subprocess
import sys

SOURCE = {".h", ".c", ".cc", ".S", ".py", ".sh", ".cmake", ".lds", ".config", ".dts", ".dtsi"}
SOURCE_NAMES = {"CMakeLists.txt", "Kbuild", "Kbuild.inc", "Kconfig", "Makefile", "Makefile.cxx",
                "run"}
CODE = {".h", ".c", ".cc", ".S"}

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]')
SPDX = re.compile(r"SPDX-License-Identifier: (GPL-2\.0\S*)(?=\s|$)")
SPDX_ALLOWED = {"GPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later"}

# What only C++ can parse, at the start of a line outside of comments.
CXX = re.compile(r"^\s*(namespace|template|class|using|constexpr|concept)\b")
CXX_HEADER = re.compile(r"^[a-z_]+$")  # <span>, <cstdint>

CONDITION = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b(.*)")
ONLY_CXX = re.compile(r"^\s*(defined\W+)?__cplusplus\b")

# Names by which code asks what it is compiled for.
MACHINE = re.compile(
    r"\bCONFIG_(?:ARM|X86|PARISC|PA11|CPU_V7|MACH_PA)\w*"
    r"|\b__(?:arm|hppa|i386|x86_64|aarch64|hppa64)(?:__)?\b"
    r"|\bIS_(?:ENABLED|BUILTIN|REACHABLE)\(CONFIG_(?:ARM|X86|PARISC)\w*\)")

# Where they may stand: the machines' own rooms, the boards, and the build files
# that choose a room.
MACHINE_ROOMS = ("arch/", "kunit/board/", "docs/")
MACHINE_NAMES = {"Kconfig", "Kbuild", "Kbuild.inc", "Makefile", "Makefile.cxx", "CMakeLists.txt"}

# Rooms that are the same for all machines: their code has no part of a word that is the
# name of one. The judge's known orders are those of certain machines.
NEUTRAL = ("dma/", "kunit/host/", "kunit/judge/", "kunit/machine/", "kunit/mapper/",
           "kunit/prove/", "kunit/suites/")
OF_MACHINES = ("kunit/prove/cases.cc",)


# The rooms of the glue: which others each may include, and its one header. The rooms
# below tell those above by tracepoints and steps only.
GLUE = "dma/glue/"
FROM_BELOW = ("dma/glue/watch/trace.h", "dma/glue/watch/steps.h")
GLUE_ROOMS = {"region": ("machine",), "machine": ("region",), "user": ("region", "machine"),
              "watch": ("region", "machine", "user")}
GLUE_HEADERS = {"dma/glue/region/region.h", "dma/glue/machine/machine.h",
                "dma/glue/user/user_map.h", "dma/glue/watch/watch.h", *FROM_BELOW}


def files_of(tree):
    """Paths below @tree, as git sees them; all, where there is no git."""
    command = ["git", "-C", str(tree), "ls-files", "-z", "--cached", "--others",
               "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True)
        names = filter(None, listed.stdout.split("\0"))
    except (FileNotFoundError, subprocess.CalledProcessError):
        names = (str(p.relative_to(tree)) for p in tree.rglob("*")
                 if not {".git", "__pycache__"} & set(p.parts))
    return sorted(n for n in set(names) if (tree / n).is_file() and not (tree / n).is_symlink())


def without_comments(text):
    """@text with comments of C and C++ blanked, lines kept."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group()) if m.group()[0] == "/" else m.group()
    return re.sub(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', blank, text, flags=re.S)


class Tree:
    """The files, and what they include."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = files_of(self.root)
        self.texts = {}

    def text(self, name):
        if name not in self.texts:
            self.texts[name] = (self.root / name).read_text(encoding="utf-8", errors="replace")
        return self.texts[name]

    def lines(self, name):
        """(number, line) of a source file, comments blanked."""
        return enumerate(without_comments(self.text(name)).split("\n"), 1)

    def c_lines(self, name):
        """The same without what stands under #ifdef __cplusplus."""
        hidden = []  # of each open #if: is this branch for C++ only?
        for number, line in self.lines(name):
            if found := CONDITION.match(line):
                word, rest = found.groups()
                if word.startswith("if"):
                    hidden.append(word != "ifndef" and bool(ONLY_CXX.match(rest)))
                elif word == "endif" and hidden:
                    hidden.pop()
                elif hidden:
                    hidden[-1] = False
            elif not any(hidden):
                yield number, line

    @staticmethod
    def includes(lines):
        """(number, header as it is written) of each #include."""
        for number, line in lines:
            if found := INCLUDE.match(line):
                yield number, found.group(1)

    def find(self, name, header):
        """The file of this tree that @header means in @name, or None."""
        beside = (self.root / name).parent / header
        for path in (beside, self.root / header, self.root / "dma/include" / header):
            path = path.resolve()
            if path.is_file() and path.is_relative_to(self.root.resolve()):
                return str(path.relative_to(self.root.resolve()))
        return None

    def is_cxx(self, header):
        """Can only C++ parse this header?"""
        return any(CXX.match(line) for _, line in self.c_lines(header)) or any(
            CXX_HEADER.match(name) for _, name in self.includes(self.c_lines(header)))


def within(name, *rooms):
    return any(name.startswith(room) for room in rooms)


def check_license(tree):
    for name in tree.files:
        path = pathlib.PurePath(name)
        if path.suffix not in SOURCE and path.name not in SOURCE_NAMES:
            continue
        lines = tree.text(name).split("\n")
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        found = SPDX.search(first)
        if not found or found.group(1) not in SPDX_ALLOWED:
            yield name, 1, "no SPDX line with GPL-2.0 at the beginning"


def check_core(tree):
    """The neutral C++ knows no machine, no kernel and no boundary."""
    for name in tree.files:
        if not within(name, "dma/core/", "dma/strategy/"):
            continue
        for number, header in tree.includes(tree.lines(name)):
            file = tree.find(name, header) or header
            if not within(file, "dma/core/", "dma/strategy/") and not CXX_HEADER.match(file):
                yield name, number, f"includes {header}: core and strategies know only " \
                    "themselves and the standard library"
            if within(name, "dma/core/") and within(file, "dma/strategy/") and \
                    file != "dma/strategy/snooped.h":
                yield name, number, f"includes {header}: the core knows no strategy of a board"


def check_glue(tree):
    """Each room of the glue has one header, and knows only the rooms below it."""
    for name in tree.files:
        if not within(name, GLUE) or pathlib.PurePath(name).suffix not in CODE:
            continue
        room = name.removeprefix(GLUE).split("/")[0]
        if room not in GLUE_ROOMS:
            yield name, 1, f"is in no room of the glue: {', '.join(GLUE_ROOMS)}"
            continue
        if name.endswith(".h") and name not in GLUE_HEADERS:
            yield name, 1, f"is a second header of the room {room}"
        for number, header in tree.includes(tree.lines(name)):
            file = tree.find(name, header) or header
            if within(file, GLUE) and file not in FROM_BELOW and not within(
                    file, *(f"{GLUE}{other}/" for other in (room, *GLUE_ROOMS[room]))):
                yield name, number, f"includes {header}: the room {room} knows only " \
                    f"{', '.join(GLUE_ROOMS[room])}, steps and tracepoints"


def check_c_rooms(tree):
    """Kernel C sees no C++, not through another header either."""
    for name in tree.files:
        if not name.endswith(".c") and not within(name, "dma/glue/"):
            continue
        if not within(name, "dma/glue/", "arch/", "kunit/suites/", "kunit/mapper/",
                      "hca/driver/", "dma/samples/"):
            continue
        seen, todo = set(), [(name, None)]
        while todo:
            at, through = todo.pop()
            for number, header in tree.includes(tree.c_lines(at)):
                file = tree.find(at, header)
                line = through or number
                if not file and CXX_HEADER.match(header):
                    yield name, line, f"includes <{header}>, which is C++"
                if not file or file in seen:
                    continue
                seen.add(file)
                if tree.is_cxx(file):
                    yield name, line, f"includes {file}, which is C++"
                else:
                    todo.append((file, line))


def check_drivers(tree):
    """A driver reaches the layer through its interface."""
    for name in tree.files:
        if pathlib.PurePath(name).suffix not in CODE:
            continue
        if not (room := next((r for r in ("hca/", "dma/samples/") if within(name, r)), None)):
            continue
        for number, header in tree.includes(tree.lines(name)):
            file = tree.find(name, header) or header
            if file == header == "kunit/test.h":    # the kernel's
                continue
            if within(file, "dma/", "arch/", "kunit/") and not within(file, "dma/include/", room):
                yield name, number, f"includes {header}: only dma/include is for drivers"


def machine_names(tree):
    """What finds the folders of arch/ as words and as parts of words: x86, kX86Large."""
    folders = {name.split("/")[1] for name in tree.files if name.count("/") > 1
               and within(name, "arch/")}
    return re.compile("|".join(
        rf"(?<![A-Za-z])(?i:{folder})(?![A-Za-z])|{folder.capitalize()}(?![a-z])"
        for folder in sorted(folders)) or r"(?!)")


def check_machines(tree):
    """No file outside the rooms of a machine asks for which machine it is compiled."""
    machine_name = machine_names(tree)
    for name in tree.files:
        path = pathlib.PurePath(name)
        if within(name, *MACHINE_ROOMS) or path.name in MACHINE_NAMES or path.suffix not in CODE:
            continue
        neutral = within(name, *NEUTRAL) and name not in OF_MACHINES
        for number, line in tree.lines(name):
            if INCLUDE.match(line) and within(name, "dma/core/", "dma/strategy/"):
                continue    # check_core() looks at these
            found = MACHINE.search(line) or (neutral and machine_name.search(line))
            if found:
                yield name, number, f"says {found.group()}: machines have rooms of their own"


CHECKS = (check_license, check_core, check_glue, check_c_rooms, check_drivers, check_machines)


def breaches(root):
    tree = Tree(root)
    return [f"{name}:{number}: {why}" for check in CHECKS for name, number, why in check(tree)]


def main(argv):
    if len(argv) > 2 or (len(argv) == 2 and not pathlib.Path(argv[1]).is_dir()):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    root = argv[1] if len(argv) == 2 else pathlib.Path(__file__).resolve().parents[2]
    found = breaches(root)
    for breach in found:
        print(breach)
    print(f"{len(found)} breaches of the rules of rooms")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
