# SPDX-License-Identifier: GPL-2.0
"""Write an initramfs: newc cpio, gzip, the same bytes for the same files."""

import gzip
import stat

HEADER_FIELDS = 13


class Archive:
    """A newc archive in memory; parents come before their children."""

    def __init__(self):
        self._parts = []
        self._inode = 0

    def _entry(self, name, mode, data=b"", device=(0, 0)):
        self._inode += 1
        encoded = name.encode() + b"\0"
        numbers = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0,
                   *device, len(encoded), 0)
        assert len(numbers) == HEADER_FIELDS
        header = b"070701" + b"".join(b"%08x" % n for n in numbers)
        self._parts += [_padded(header + encoded), _padded(data)]

    def folder(self, name):
        self._entry(name, stat.S_IFDIR | 0o755)

    def console(self, name):
        self._entry(name, stat.S_IFCHR | 0o600, device=(5, 1))

    def program(self, name, data):
        self._entry(name, stat.S_IFREG | 0o755, data)

    def bytes(self):
        self._entry("TRAILER!!!", 0)
        return gzip.compress(b"".join(self._parts), compresslevel=1, mtime=0)


def _padded(data):
    return data + b"\0" * (-len(data) % 4)


def pack(init, programs):
    """The archive of a board: init, programs and modules as {path: file}."""
    archive = Archive()
    for name in ("dev", "proc", "sys", "tmp", "bin", "tests", "modules"):
        archive.folder(name)
    archive.console("dev/console")
    archive.program("init", init.read_bytes())
    for name, file in sorted(programs.items()):
        archive.program(name, file.read_bytes())
    return archive.bytes()
