# SPDX-License-Identifier: GPL-2.0
"""The lines between runner, chip and QEMU: interrupt and monitor.

QEMU's ivshmem-doorbell wants to hear from a server which memory and which eventfds
it has (QEMU, docs/specs/ivshmem-spec.rst, "The client-server protocol"). We are that
server, not the chip, so that a chip that dies leaves the line to the next one. A
socket pair will do: all there is to say is in it before QEMU starts.
"""

import json
import os
import socket
import struct

from base.paths import Stop

PATIENCE = 600              # seconds for an answer of QEMU, on a host however busy
HOLES = 8                   # descriptors that QEMU may have closed lately
VERSION, SELF, MEMORY = 0, 0, -1


class Doorbell:
    """An eventfd that the chip rings, and what QEMU has to know of it."""

    def __init__(self, window):
        self.eventfd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._window = os.open(window, os.O_RDWR | os.O_CLOEXEC)
        self._ends = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in self._ends:
            end.close()
        os.close(self._window)
        os.close(self.eventfd)

    def connect(self):
        """A new connection; the descriptor of QEMU's end, which stays ours."""
        ours, theirs = socket.socketpair()
        self._ends += [ours, theirs]    # QEMU would complain of a server that ends
        for number, fds in ((VERSION, []), (SELF, []),
                            (MEMORY, [self._window]), (SELF, [self.eventfd])):
            socket.send_fds(ours, [struct.pack("<q", number)], fds)
        return theirs.fileno()


class Monitor:
    """QEMU's monitor, in its machine protocol (QMP)."""

    def __init__(self):
        self._ours, self._theirs = socket.socketpair()
        self._ours.settimeout(PATIENCE)
        self._answers = self._ours.makefile("rb")
        self._events = []
        self._greeted = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._answers.close()
        self._ours.close()
        self._theirs.close()

    def fileno(self):
        """The descriptor of QEMU's end."""
        return self._theirs.fileno()

    def execute(self, command, fds=(), **arguments):
        """A command and its answer; what it refuses is a Stop."""
        if not self._greeted:
            self._greeted = True
            self._read()
            self.execute("qmp_capabilities")
        text = json.dumps({"execute": command, "arguments": arguments})
        socket.send_fds(self._ours, [text.encode()], list(fds))
        while True:
            answer = self._read()
            if "error" in answer:
                raise Stop(f"QEMU: {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
            self._events.append(answer["event"])

    def ask(self, question):
        """What QEMU says to a person who types that."""
        return self.execute("human-monitor-command",
                            **{"command-line": question})

    def wait(self, event):
        """Until QEMU has told of it, once for each time."""
        while event not in self._events:
            self._events.append(self._read().get("event"))
        self._events.remove(event)

    def _read(self):
        try:
            line = self._answers.readline()
        except OSError as error:
            raise Stop(f"QEMU's monitor does not answer: {error}") from error
        if not line:
            raise Stop("QEMU's monitor is gone")
        return json.loads(line)


class Slot:
    """Where the chip's PCI device is plugged in, and pulled out of."""

    def __init__(self, doorbell, monitor, bus=None):
        self._doorbell, self._monitor, self._bus = doorbell, monitor, bus
        self._plugged = 0

    def unplug(self):
        """Asks the board to let go; when it has, QEMU tells."""
        self._monitor.execute("device_del", id=_device(self._plugged))

    def plug(self):
        """Another device in its place, with the same window."""
        monitor = self._monitor
        monitor.wait("DEVICE_DELETED")
        # QEMU 10.0 closes the eventfd of the old device and goes on to poll the
        # number (ivshmem_exit() leaves its handler). Whoever gets that number next
        # must never be readable, so all that are free become descriptors of this.
        idle = os.eventfd(0, os.EFD_CLOEXEC)
        for _ in range(HOLES):
            monitor.execute("add-fd", fds=[idle])
        os.close(idle)
        self._plugged += 1
        name = _device(self._plugged)
        monitor.execute("getfd", fds=[self._doorbell.connect()], fdname=name)
        monitor.execute("chardev-add", id=_line(self._plugged), backend={
            "type": "socket", "data": {
                "addr": {"type": "fd", "data": {"str": name}},
                "server": False}})
        monitor.execute("device_add", **_properties(self._plugged, self._bus))


def _device(number):
    return f"hca{number}"


def _line(number):
    return f"line{number}"


def _properties(number, bus):
    return {"driver": "ivshmem-doorbell", "id": _device(number),
            "chardev": _line(number), "vectors": 1, **({"bus": bus} if bus else {})}


def doorbell_options(line, bus=None):
    """QEMU's options for the first device, on that descriptor and that bus."""
    device = ",".join(f"{key}={value}" for key, value in _properties(0, bus).items())
    return ["-chardev", f"socket,id={_line(0)},fd={line}",
            "-device", device.removeprefix("driver=")]


def monitor_options(descriptor):
    """QEMU's options for a monitor there."""
    return ["-chardev", f"socket,id=monitor,fd={descriptor}",
            "-mon", "chardev=monitor,mode=control"]
