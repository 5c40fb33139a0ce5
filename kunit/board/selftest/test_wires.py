# SPDX-License-Identifier: GPL-2.0
"""The lines to QEMU, heard from QEMU's end."""

import json
import os
import socket
import struct
import tempfile
import threading
import unittest
from pathlib import Path

import common
from base.paths import Stop
from run.wires import (Doorbell, Monitor, Slot, doorbell_options,
                       monitor_options)


def hear(connection):
    """One message of the server: its number, and the descriptor with it or None."""
    data, fds, _, _ = socket.recv_fds(connection, 8, 1)
    return struct.unpack("<q", data)[0], fds[0] if fds else None


class Bell(unittest.TestCase):
    def setUp(self):
        place = Path(tempfile.mkdtemp(dir=common.CACHE.name))
        self.window = place / "window"
        self.window.write_bytes(b"window")

    def test_says_what_ivshmem_wants_to_hear(self):
        with Doorbell(self.window) as bell, \
                socket.socket(fileno=os.dup(bell.connect())) as qemu:
            self.assertEqual(hear(qemu), (0, None))     # version
            self.assertEqual(hear(qemu), (0, None))     # who it is
            number, memory = hear(qemu)
            self.assertEqual(number, -1)
            self.assertEqual(os.pread(memory, 6, 0), b"window")
            number, line = hear(qemu)
            self.assertEqual(number, 0)
            os.eventfd_write(bell.eventfd, 1)           # as the chip does
            self.assertEqual(os.eventfd_read(line), 1)
            os.close(memory)
            os.close(line)

    def test_a_second_device_hears_the_same_bell(self):
        with Doorbell(self.window) as bell:
            first, second = bell.connect(), bell.connect()
            self.assertNotEqual(first, second)
            with socket.socket(fileno=os.dup(second)) as qemu:
                heard = [hear(qemu) for _ in range(4)]
            os.eventfd_write(bell.eventfd, 1)
            self.assertEqual(os.eventfd_read(heard[3][1]), 1)
            for _, descriptor in heard[2:]:
                os.close(descriptor)

    def test_options_name_the_descriptor(self):
        text = " ".join(doorbell_options(5))
        self.assertIn("-device ivshmem-doorbell,id=hca0,", text)
        self.assertIn("fd=5", text)
        self.assertIn("fd=7", " ".join(monitor_options(7)))


class Qemu(threading.Thread):
    """Answers commands; the answers may have events before them."""

    def __init__(self, descriptor, answers):
        super().__init__(daemon=True)
        self._end = socket.socket(fileno=os.dup(descriptor))
        self._answers, self.commands = answers, []

    def say(self, what):
        self._end.sendall(json.dumps(what).encode() + b"\r\n")

    def run(self):
        self.say({"QMP": {}})
        while data := socket.recv_fds(self._end, 65536, 4)[0]:
            command = json.loads(data)
            self.commands.append(command)
            for answer in self._answers.get(command["execute"], [{"return": {}}]):
                self.say(answer)
        self._end.close()


class Talk(unittest.TestCase):
    def talk(self, answers):
        monitor = Monitor()
        self.addCleanup(monitor.__exit__)
        qemu = Qemu(monitor.fileno(), answers)
        qemu.start()
        return monitor, qemu

    def test_answer_behind_events(self):
        monitor, qemu = self.talk({"stop": [
            {"event": "OTHER"}, {"event": "STOP"}, {"return": {"a": 1}}]})
        self.assertEqual(monitor.execute("stop"), {"a": 1})
        monitor.wait("STOP")
        self.assertEqual([c["execute"] for c in qemu.commands],
                         ["qmp_capabilities", "stop"])

    def test_asks_as_a_person_does(self):
        monitor, qemu = self.talk({"human-monitor-command": [{"return": "HLT=1"}]})
        self.assertEqual(monitor.ask("info registers -a"), "HLT=1")
        self.assertEqual(qemu.commands[-1]["arguments"],
                         {"command-line": "info registers -a"})

    def test_plugs_into_the_bus_that_the_board_has_for_it(self):
        monitor, qemu = self.talk({"device_del": [
            {"return": {}}, {"event": "DEVICE_DELETED"}]})
        window = Path(tempfile.mkdtemp(dir=common.CACHE.name)) / "window"
        window.touch()
        with Doorbell(window) as bell:
            slot = Slot(bell, monitor, "bay")
            slot.unplug()
            slot.plug()
        self.assertEqual(qemu.commands[-1]["arguments"]["bus"], "bay")
        self.assertIn(",bus=bay", " ".join(doorbell_options(5, "bay")))
        self.assertNotIn("bus=", " ".join(doorbell_options(5)))

    def test_refusal(self):
        monitor, _ = self.talk({"device_del": [{"error": {"desc": "no such"}}]})
        with self.assertRaisesRegex(Stop, "device_del: no such"):
            monitor.execute("device_del", id="x")

    def test_plugs_after_the_old_one_is_gone(self):
        monitor, qemu = self.talk({"device_del": [
            {"return": {}}, {"event": "DEVICE_DELETED"}]})
        window = Path(tempfile.mkdtemp(dir=common.CACHE.name)) / "window"
        window.touch()
        with Doorbell(window) as bell:
            slot = Slot(bell, monitor)
            slot.unplug()
            slot.plug()
        self.assertEqual([c["execute"] for c in qemu.commands
                          if c["execute"] != "add-fd"][1:],
                         ["device_del", "getfd", "chardev-add", "device_add"])
        self.assertEqual(qemu.commands[1]["arguments"], {"id": "hca0"})
        self.assertEqual(qemu.commands[-1]["arguments"]["id"], "hca1")


if __name__ == "__main__":
    unittest.main()
