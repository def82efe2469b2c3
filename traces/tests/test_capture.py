# SPDX-License-Identifier: GPL-2.0-or-later
"""Rings in memory: out of a QEMU (here: a thread that speaks its protocol), out of dumps, damaged.
"""
import json
import os
import random
import socket
import struct
import tempfile
import threading
import unittest

from helpers import abi, merge, number, run
from tracelib import files, memory, rings
from tracelib.errors import TraceError

PAGE = rings.PAGE
INFO = 0x5000
FRAMES = {0: [9, 10, 20], 2: [30, 12, 13]}         # CPU 1 has no ring
SIZE = 3 * PAGE - rings.HEADER


def record(tsc, words=7):
    """The bytes of one."""
    return abi.pack(number("vmentry"), tsc, range(words))


class Machine:
    """Physical memory with rings in it."""

    def __init__(self, pages=64, cpus=4):
        self.memory = bytearray(random.Random(1).randbytes(pages * PAGE))
        offsets, lists, first = [], [], (2 + 2 * cpus + 3) // 4
        for cpu in range(cpus):
            frames = FRAMES.get(cpu, [])
            offsets.append(first + len(lists) if frames else 0)
            lists += frames
        info = struct.pack(f"<H{cpus}H", 3, *offsets).ljust(4 * first, b"\0")
        info += struct.pack(f"<{len(lists)}I", *lists)
        self.memory[INFO:INFO + PAGE] = info.ljust(PAGE, b"\0")
        for cpu in FRAMES:
            self.header(cpu, 0, 0)

    def header(self, cpu, cons, prod):
        """Set a ring's cons and prod."""
        struct.pack_into("<II", self.memory, FRAMES[cpu][0] * PAGE, cons, prod)

    def fill(self, cpu, start, data):
        """Put records into a ring, from this count of bytes on; returns the new prod."""
        ring = [frame * PAGE + at for frame in FRAMES[cpu] for at in range(PAGE)][rings.HEADER:]
        for i, byte in enumerate(data):
            self.memory[ring[(start + i) % SIZE]] = byte
        return (start + len(data)) % (2 * SIZE)

    def core(self):
        """The memory as an ELF core, in two segments."""
        half = len(self.memory) // 2
        start = 64 + 2 * 56
        out = struct.pack("<4sBBB9xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 4, 62, 1, 0, 64, 0, 0, 64,
                          56, 2, 0, 0, 0)
        for address, size in ((half, len(self.memory) - half), (0, half)):
            out += struct.pack("<IIQQQQQQ", 1, 0, start + address, 0, address, size, size, 0)
        return out + bytes(self.memory)


def serve_qmp(path, machine, log, running=True, states=()):
    """A thread that answers one connection as QEMU does."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(1)
    states = list(states)

    def answer(request):
        args = request.get("arguments", {})
        if request["execute"] == "query-status":
            state = states.pop(0) if states else "running" if running else "paused"
            return {"return": {"running": state == "running", "status": state}}
        if request["execute"] == "pmemsave":
            with open(args["filename"], "wb") as file:
                file.write(machine.memory[args["val"]:args["val"] + args["size"]])
        if request["execute"] == "dump-guest-memory":
            with open(args["protocol"].removeprefix("file:"), "wb") as file:
                file.write(machine.core())
        if request["execute"] == "cont" and not running:
            return {"error": {"class": "GenericError", "desc": "not so"}}
        return {"return": {}}

    def talk():
        connection, _ = server.accept()
        with server, connection, connection.makefile("rwb") as stream:
            stream.write(b'{"QMP": {"version": {}}}\n')
            stream.flush()
            for line in stream:
                request = json.loads(line)
                log.append(request["execute"])
                stream.write(b'{"event": "STOP"}\n' + json.dumps(answer(request)).encode() + b"\n")
                stream.flush()

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    return thread


class RingTest(unittest.TestCase):
    """Both ways in."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = lambda name: os.path.join(folder.name, name)
        self.machine = Machine()

    def write(self, name, data):
        """A file of the test's; returns its path."""
        files.write(self.path(name), bytes(data))
        return self.path(name)

    def stamps(self, *argv):
        """cpu -> stamps, of what a capture wrote."""
        status, _, errors = run(*argv, "-o", self.path("out"))
        self.assertEqual(status, 0, errors)
        with open(self.path("out"), "rb") as file:
            trace = merge.load(file.read())
        return {cpu: [r[0] for r in trace.records if r[1] == cpu and r[2] != abi.RING_CUT]
                for cpu in trace.cpus}

    def cuts(self):
        """{(cpu, where): stamp} of the marks that the last capture wrote."""
        with open(self.path("out"), "rb") as file:
            trace = merge.load(file.read())
        return {(r[1], r[3][0]): r[0] for r in trace.records if r[2] == abi.RING_CUT}

    def fill(self):
        """CPU 0: 100 records from the start. CPU 2: 50 that run over the ring's end."""
        self.machine.header(0, 0, self.machine.fill(0, 0, b"".join(map(record, range(100)))))
        start = SIZE + SIZE - 1000 * 2
        data = b"".join(map(record, range(200, 250)))
        # What the hypervisor does: fill up to the end, since no record may cross it.
        room = SIZE - start % SIZE
        fits = room // len(record(0)) * len(record(0))
        rest = room - fits
        pad = abi.pack(abi.WRAP_BUFFER, None, [0] * (rest // 4 - 1)) if rest else b""
        self.machine.header(2, start, self.machine.fill(2, start, data[:fits] + pad + data[fits:]))
        return {0: list(range(100)), 2: list(range(200, 250))}

    def test_raw_dump(self):
        """With the address, and by looking for it."""
        expected = self.fill()
        path = self.write("memory", self.machine.memory)
        self.assertEqual(self.stamps("from-memory", path, "--t-info", INFO), expected)
        self.assertEqual(self.stamps("from-memory", path), expected)

    def test_raw_dump_that_starts_later(self):
        """--base says where."""
        expected = self.fill()
        path = self.write("memory", self.machine.memory[0x3000:])
        self.assertEqual(self.stamps("from-memory", path, "--base", 0x3000), expected)

    def test_core(self):
        """Of dump-guest-memory."""
        expected = self.fill()
        path = self.write("core", self.machine.core())
        self.assertEqual(self.stamps("from-memory", path), expected)

    def test_full_ring(self):
        """cons and prod a whole ring apart: nothing is missing."""
        data = b"".join(record(t, 2) for t in range(SIZE // 20))
        pad = SIZE - len(data)
        data += abi.pack(abi.WRAP_BUFFER, None, [0] * (pad // 4 - 1)) if pad else b""
        self.machine.header(0, SIZE, self.machine.fill(0, SIZE, data))
        path = self.write("memory", self.machine.memory)
        self.assertEqual(self.stamps("from-memory", path), {0: list(range(SIZE // 20))})
        self.assertIn("Full rings: CPU 0.", run("from-memory", path, "-o", self.path("out"))[1])

    def test_marks_where_records_are_missing(self):
        """After a full ring, and before one whose consumer has moved; when full rings wrap, only
        before."""
        data = b"".join(record(t, 7) for t in range(SIZE // 40))
        self.machine.header(0, 0, self.machine.fill(0, 0, data))
        self.machine.header(2, 800, self.machine.fill(2, 800, record(5) + record(6)))
        path = self.write("memory", self.machine.memory)
        self.stamps("from-memory", path)
        self.assertEqual(self.cuts(), {(0, 1): SIZE // 40 - 1, (2, 0): 5})
        for mode, cuts in (("stop", {(0, 1): SIZE // 40 - 1, (2, 0): 5}), ("wrap", {(2, 0): 5})):
            log = self.write("log", f"(XEN) Trace: t_info at {INFO:#x}, 4 CPUs, 3 pages each, {mode} "
                             "when full\n".encode())
            self.stamps("from-memory", path, "--log", log)
            self.assertEqual(self.cuts(), cuts, mode)

    def test_qmp(self):
        """The machine is stopped meanwhile and goes on afterwards."""
        expected, log = self.fill(), []
        thread = serve_qmp(self.path("qmp"), self.machine, log)
        serial = self.write("serial", b"x\r\n(XEN) Trace: t_info at 0x5000, 3 pages\r\n")
        self.assertEqual(self.stamps("capture-qmp", self.path("qmp"), "--log", serial), expected)
        thread.join(10)
        self.assertEqual(log[:3], ["qmp_capabilities", "query-status", "stop"])
        self.assertEqual(log[-1], "cont")

    def test_qmp_without_an_address(self):
        """All memory is searched."""
        expected, log = self.fill(), []
        serve_qmp(self.path("qmp"), self.machine, log)
        self.assertEqual(self.stamps("capture-qmp", self.path("qmp")), expected)
        self.assertIn("dump-guest-memory", log)

    def test_qmp_of_a_stopped_machine(self):
        """It stays stopped."""
        expected, log = self.fill(), []
        serve_qmp(self.path("qmp"), self.machine, log, running=False)
        self.assertEqual(self.stamps("capture-qmp", self.path("qmp"), "--t-info", hex(INFO)),
                         expected)
        self.assertNotIn("cont", log)
        self.assertNotIn("stop", log)

    def test_waiting_for_the_end(self):
        """The machine is read when it has shut down, and stays so."""
        expected, log = self.fill(), []
        serve_qmp(self.path("qmp"), self.machine, log, False, ["running", "running", "shutdown"])
        self.assertEqual(self.stamps("capture-qmp", self.path("qmp"), "--t-info", hex(INFO),
                                     "--wait-end", 20), expected)
        self.assertEqual(log.count("query-status"), 4)
        self.assertNotIn("stop", log)

    def test_an_end_that_does_not_come(self):
        """Is waited for no longer than asked."""
        serve_qmp(self.path("qmp"), self.machine, [])
        status, _, errors = run("capture-qmp", self.path("qmp"), "--t-info", hex(INFO),
                                "--wait-end", 0, "-o", self.path("out"))
        self.assertEqual(status, 1)
        self.assertIn("has not shut down", errors)

    def test_no_qmp(self):
        """No socket; a socket that says something else."""
        out = ["--t-info", "0x5000", "-o", self.path("out")]
        status, _, errors = run("capture-qmp", self.path("none"), *out)
        self.assertEqual(status, 1)
        self.assertIn("no QMP there", errors)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(self.path("other"))
            server.listen(1)
            threading.Thread(target=lambda: server.accept()[0].sendall(b"hello\n"),
                             daemon=True).start()
            status, _, errors = run("capture-qmp", self.path("other"), *out)
        self.assertEqual(status, 1)
        self.assertIn("does not speak QMP", errors)

    def test_log_without_the_line(self):
        """The message says what is needed."""
        path = self.write("serial", b"(XEN) hello\n")
        status, _, errors = run("capture-qmp", "/none", "--log", path, "-o", self.path("out"))
        self.assertEqual(status, 1)
        self.assertIn("no line `Trace: t_info at ADDR`", errors)

    def test_damaged_ring(self):
        """cons and prod out of range, too far apart, or odd."""
        for cons, prod in ((0, 2 * SIZE), (2 * SIZE, 0), (0, SIZE + 4), (0, 2)):
            self.machine.header(0, cons, prod)
            path = self.write("memory", self.machine.memory)
            status, _, errors = run("from-memory", path, "--t-info", INFO, "-o", self.path("out"))
            self.assertEqual(status, 1, (cons, prod))
            self.assertIn("the ring at 0x9000 is damaged", errors)
            self.assertFalse(os.path.exists(self.path("out")))

    def test_no_t_info(self):
        """Noise holds none; a wrong address is told."""
        noise = random.Random(2).randbytes(64 * PAGE)
        path = self.write("memory", noise)
        self.assertIn("no rings with records", run("from-memory", path, "-o", "x")[2])
        for address, what in ((0x1001, "page-aligned"), (1 << 40, "does not hold")):
            self.assertIn(what, run("from-memory", path, "--t-info", address, "-o", "x")[2])

    def test_damaged_cores(self):
        """Cut anywhere: an error, never more."""
        core = self.machine.core()
        for size in (0, 5, 40, 64, 100, 170, 200, len(core) - 1):
            path = self.write("core", core[:size])
            with self.assertRaises(TraceError):
                memory.Dump(path)

    def test_any_damage_of_the_directory(self):
        """Changed bytes in t_info: a result or an error, soon."""
        rand = random.Random(3)
        for _ in range(200):
            machine = Machine()
            for _ in range(3):
                machine.memory[INFO + rand.randrange(48)] = rand.randrange(256)
            path = self.write("memory", machine.memory)
            status, _, errors = run("from-memory", path, "--t-info", INFO, "-o", self.path("out"))
            self.assertIn(status, (0, 1))
            self.assertNotIn("Traceback", errors)


if __name__ == "__main__":
    unittest.main()
