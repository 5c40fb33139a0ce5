# SPDX-License-Identifier: GPL-2.0
"""compile_commands.json for clangd, of C and C++ objects alike.

The kernel's own script knows only .c and .S and stumbles over objects that
carry no command, so this one reads the .cmd files of the layer itself.
"""

import json
import re
from pathlib import Path

from base.paths import CACHE, REPO, Stop, say, write_if_changed

SAVED = re.compile(r"^savedcmd_(\S+\.o) := (.*)$", re.MULTILINE)
SOURCE = re.compile(r"^source_\S+ := (\S+)$", re.MULTILINE)


def of_kernel(folder, tree):
    """Write the list for one kernel build folder."""
    entries = []
    for file in sorted((folder / "drivers" / "dmamap").rglob(".*.o.cmd")):
        text = file.read_text(encoding="utf-8", errors="replace")
        saved, source = SAVED.search(text), SOURCE.search(text)
        if saved and source:
            entries.append(_entry(folder, tree, saved.group(2),
                                  source.group(1)))
    _write(folder / "compile_commands.json", entries)
    return entries


def _entry(folder, tree, command, source):
    """One object: the compiler call alone, the file as the repository has it."""
    command = command.split(" ; ")[0].replace("$(pound)", "#").strip()
    path = Path(source)
    real = (path if path.is_absolute() else folder / path).resolve()
    return {"directory": str(folder), "file": str(real),
            "command": command.removeprefix("ccache ")}


def _write(path, entries):
    write_if_changed(path, (json.dumps(entries, indent=1) + "\n").encode())


def merge(board_folder, host_folder):
    """One list for the whole repository, linked where clangd looks for it."""
    entries, seen = [], set()
    for folder in (board_folder, host_folder):
        file = folder / "compile_commands.json"
        if file.exists():
            for entry in json.loads(file.read_text(encoding="utf-8")):
                if entry["file"] not in seen:
                    seen.add(entry["file"])
                    entries.append(entry)
    if not entries:
        raise Stop("nothing is built yet; run: make kernel host")
    target = CACHE / "compile_commands.json"
    _write(target, entries)
    link = REPO / "compile_commands.json"
    if link.is_symlink() or not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    say(f"  compile_commands.json: {len(entries)} files, {target}")
