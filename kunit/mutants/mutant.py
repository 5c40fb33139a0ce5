# SPDX-License-Identifier: GPL-2.0
"""What a mutant is, and the tables that people write: mutants, equivalents."""

import functools
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "kunit" / "board"))

from base.paths import Stop  # noqa: E402  (found by the line above)

HERE = Path(__file__).resolve().parent
ROOMS = ("dma/core", "dma/strategy")    # whose sources are mutated
COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
MECHANICAL = 1000                       # the first number of generated ones


@dataclass(frozen=True)
class Mutant:
    """One change of one place of one file."""
    id: int
    file: str               # relative to the repository
    start: int              # offsets of what is replaced
    end: int
    new: str                # what stands there instead
    what: str               # what a careless author did
    killed_by: str = ""     # the check that the table names

    def is_hand_written(self):
        return self.id < MECHANICAL

    def apply(self, text):
        return text[:self.start] + self.new + text[self.end:]

    def line(self, text):
        return text.count("\n", 0, self.start) + 1

    def change(self, text):
        """The touched lines before and after, as equivalent.toml has them."""
        first = text.rfind("\n", 0, self.start) + 1
        last = text.find("\n", max(self.end - 1, self.start))
        last = len(text) if last < 0 else last
        after = text[first:self.start] + self.new + text[self.end:last]
        return bare(text[first:last]), bare(after)


def words(text):
    """Text with any white space as one blank."""
    return " ".join(text.split())


@functools.cache
def bare(text):
    """A source without comments, which change no mutant and no verdict."""
    def blank(found):
        return " " if found.group().startswith("/") else found.group()
    return words(COMMENT.sub(blank, text))


def sources(root=REPO):
    """{name: text} of everything that is mutated."""
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8")
            for room in ROOMS for path in sorted((root / room).glob("*.h"))}


def _read(path):
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Stop(f"{path}: {error}") from error


def _entry(name, entry, needed, optional=()):
    """Checks that an entry has the right keys; keys are all strings but id."""
    missing = [key for key in needed if key not in entry]
    unknown = [key for key in entry if key not in (*needed, *optional)]
    if missing or unknown:
        wrong = [f"has no {key}" for key in missing]
        wrong += [f"has unknown {key}" for key in unknown]
        raise Stop(f"{name}: {' and '.join(wrong)}")
    return entry


def place(name, text, old, after=""):
    """Offset of the one place of @old, or of the first one behind @after.

    A table that no longer fits its source has to be mended by a person, so a text
    that is missing or ambiguous ends the run.
    """
    begin = 0
    if after:
        if text.count(after) != 1:
            raise Stop(f"{name}: {text.count(after)} places have its text "
                       f"'after', not one: {after!r}")
        begin = text.index(after) + len(after)
    count = text.count(old, begin)
    if not old or count == 0:
        raise Stop(f"{name}: its old text is not in the file: {old!r}")
    if count > 1 and not after:
        raise Stop(f"{name}: {count} places have its old text, not one: "
                   f"{old!r}; give more of it, or 'after'")
    return text.index(old, begin)


def hand_written(texts, folder=HERE / "hand"):
    """The mutants of the tables, by number."""
    found = {}
    for path in sorted(folder.glob("*.toml")):
        for entry in _read(path).get("mutant", []):
            name = f"{path.name}: mutant {entry.get('id', '?')}"
            _entry(name, entry, ("id", "file", "what", "old", "new", "killed_by"),
                   ("after",))
            mutant = _hand_written_one(name, entry, texts)
            if mutant.id in found:
                raise Stop(f"{name}: its number is taken by another one")
            found[mutant.id] = mutant
    return [found[key] for key in sorted(found)]


def _hand_written_one(name, entry, texts):
    if not 0 < entry["id"] < MECHANICAL:
        raise Stop(f"{name}: numbers go from 1 to {MECHANICAL - 1}")
    if entry["file"] not in texts:
        raise Stop(f"{name}: {entry['file']} is no source that is mutated")
    if words(entry["old"]) == words(entry["new"]):
        raise Stop(f"{name}: it changes nothing")
    text = texts[entry["file"]]
    start = place(name, text, entry["old"], entry.get("after", ""))
    return Mutant(entry["id"], entry["file"], start, start + len(entry["old"]),
                  entry["new"], entry["what"], entry["killed_by"])


class Equivalents:
    """Mutants that no check can kill, each with the reason.

    Numbers of generated mutants move when a source changes, so an entry names
    the change itself: the touched lines before and after.
    """

    def __init__(self, path=HERE / "equivalent.toml"):
        self.entries = []
        for number, entry in enumerate(_read(path).get("equivalent", []), 1):
            _entry(f"{path.name}: entry {number}", entry,
                   ("file", "old", "new", "why"))
            self.entries.append(entry)
        self._by_change = {(e["file"], words(e["old"]), words(e["new"])): e
                           for e in self.entries}
        if len(self._by_change) != len(self.entries):
            raise Stop(f"{path.name}: two entries name the same change")

    def find(self, mutant, texts):
        """The entry of a mutant, or None."""
        change = mutant.change(texts[mutant.file])
        return self._by_change.get((mutant.file, *change))

    def unknown(self, mutants, texts):
        """Entries that name no mutant: their source has changed."""
        used = [id(self.find(mutant, texts)) for mutant in mutants]
        return [entry for entry in self.entries if id(entry) not in used]


def record_killers(killers, folder=HERE / "hand"):
    """Writes {number: check} into the tables; returns how many changed."""
    changed = 0
    for path in sorted(folder.glob("*.toml")):
        parts = re.split(r"(?m)^(?=\[\[mutant\]\])", path.read_text(encoding="utf-8"))
        for index, part in enumerate(parts):
            number = re.search(r"(?m)^id = (\d+)$", part)
            if not number or int(number.group(1)) not in killers:
                continue
            check = killers[int(number.group(1))]
            parts[index] = re.sub(r'(?m)^killed_by = ".*"$',
                                  lambda _: f'killed_by = "{check}"', part)
            changed += parts[index] != part
        path.write_text("".join(parts), encoding="utf-8")
    return changed
