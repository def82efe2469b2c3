# SPDX-License-Identifier: GPL-2.0-or-later
"""The other ends of xenstored, for its tests: clients of the socket, guests with rings of files."""

import mmap
import os
import select
import socket
import struct
import subprocess
import time

READ, GET_PERMS, WATCH, UNWATCH, START, END, INTRODUCE, RELEASE = 2, 3, 4, 5, 6, 7, 8, 9
CONTROL, DIRECTORY, WRITE, MKDIR, RM, SET_PERMS, EVENT, ERROR = 0, 1, 11, 12, 13, 14, 15, 16
RING = 1024
# Offsets in the page.
REQ_CONS, REQ_PROD, RSP_CONS, RSP_PROD, FEATURES, CONNECTION, RING_ERROR = range(2048, 2076, 4)
PATIENCE = 30


class Refused(Exception):
    """The daemon answered with an error."""


class Gone(Exception):
    """The daemon is not there (any more)."""


def wait_until(condition):
    """Wait for something that another process does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not happen")
        time.sleep(0.005)


class Messages:
    """Requests and answers over something that sends and receives bytes."""

    def __init__(self):
        self.buffer = b""
        self.req_id = 0
        self.events = []

    def message(self):
        while True:
            if len(self.buffer) >= 16:
                kind, req_id, tx, size = struct.unpack("<4I", self.buffer[:16])
                if len(self.buffer) >= 16 + size:
                    data = self.buffer[16:16 + size]
                    self.buffer = self.buffer[16 + size:]
                    return kind, req_id, tx, data
            self.buffer += self.receive()

    def ask(self, kind, data, tx=0):
        self.req_id += 1
        self.send(struct.pack("<4I", kind, self.req_id, tx, len(data)) + data)
        while True:
            got, req_id, _, answer = self.message()
            if got == EVENT:
                self.events.append(answer)
                continue
            assert req_id == self.req_id, f"answer {req_id} to request {self.req_id}"
            if got == ERROR:
                raise Refused(answer.rstrip(b"\0").decode())
            assert got == kind, f"answer of type {got} to {kind}"
            return answer

    def words(self, kind, *words, tx=0):
        return self.ask(kind, b"".join(str(w).encode() + b"\0" for w in words), tx)

    def read(self, path, tx=0):
        return self.words(READ, path, tx=tx)

    def write(self, path, value, tx=0):
        self.ask(WRITE, path.encode() + b"\0" + str(value).encode(), tx)

    def start(self):
        return int(self.words(START, "").rstrip(b"\0"))

    def end(self, tx, commit="T"):
        self.words(END, commit, tx=tx)


class Client(Messages):
    """A client of the socket."""

    def __init__(self, rundir):
        super().__init__()
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        try:
            self.sock.connect(os.path.join(rundir, "socket"))
        except OSError as e:
            raise Gone from e

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as e:
            raise Gone from e

    def receive(self):
        try:
            data = self.sock.recv(65536)
        except OSError as e:
            raise Gone from e
        if not data:
            raise Gone
        return data

    def close(self):
        self.sock.close()


class Guest(Messages):
    """A guest: a page that is a file, and a socket for events. It does not notice restarts."""

    def __init__(self, sim, domid):
        super().__init__()
        self.sim, self.domid, self.port = sim, domid, 100 + domid
        path = os.path.join(sim, f"page-{domid}")
        with open(path, "wb") as f:
            f.truncate(4096)
        with open(path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), 4096)
        self.cells = memoryview(self.page).cast("I")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(os.path.join(sim, f"guest-{domid}"))
        self.sock.setblocking(False)

    # One access each, as a guest's: the struct module goes byte by byte, and clears before it packs,
    # so that the daemon sometimes saw an index that the guest never had.
    def word(self, at):
        return self.cells[at // 4]

    def set_word(self, at, value):
        self.cells[at // 4] = value & 0xffffffff

    def notify(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                self.sock.sendto(struct.pack("<2I", self.domid, self.port),
                                 os.path.join(self.sim, "daemon"))
                return
            except BlockingIOError:
                # The socket's queue is full: a real event would not be lost.
                time.sleep(0.001)
            except OSError:
                # Nobody there: a new daemon looks at every ring by itself.
                return

    def wait(self, deadline):
        if time.monotonic() > deadline:
            raise TimeoutError(f"domain {self.domid} waits for xenstored")
        select.select([self.sock], [], [], 0.05)
        try:
            while True:
                self.sock.recv(16)
        except BlockingIOError:
            pass

    def send(self, data):
        deadline = time.monotonic() + PATIENCE
        while data:
            prod = self.word(REQ_PROD)
            room = RING - ((prod - self.word(REQ_CONS)) & 0xffffffff)
            if not room:
                self.wait(deadline)
                continue
            at = prod % RING
            part = data[:min(room, RING - at)]
            self.page[at:at + len(part)] = part
            self.set_word(REQ_PROD, prod + len(part))
            data = data[len(part):]
            self.notify()

    def receive(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            cons = self.word(RSP_CONS)
            there = (self.word(RSP_PROD) - cons) & 0xffffffff
            if there:
                break
            self.wait(deadline)
        at = cons % RING
        size = min(there, RING - at)
        data = bytes(self.page[RING + at:RING + at + size])
        self.set_word(RSP_CONS, cons + size)
        self.notify()
        return data


class Daemon:
    """xenstored with the hypervisor of files."""

    def __init__(self, program, folder, options=()):
        self.program, self.options = program, list(options)
        self.rundir = os.path.join(folder, "run")
        self.sim = os.path.join(folder, "sim")
        self.log = os.path.join(folder, "log")
        os.makedirs(self.sim, exist_ok=True)
        self.process = None

    def start(self):
        env = dict(os.environ, XENSTORED_SIM=self.sim)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "-N", "--rundir", self.rundir, *self.options], env=env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                Client(self.rundir).close()
                return
            except Gone:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    with open(self.log, encoding="utf-8", errors="replace") as log:
                        raise RuntimeError("xenstored did not start:\n" + log.read()) from None
                time.sleep(0.005)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
        return self.process.wait() if self.process else 0

    def client(self):
        return Client(self.rundir)

    def guest(self, domid):
        """Introduce a domain with a home of its own."""
        guest = Guest(self.sim, domid)
        dom0 = self.client()
        home = f"/local/domain/{domid}"
        dom0.words(MKDIR, home)
        dom0.words(SET_PERMS, home, f"n{domid}")
        dom0.words(INTRODUCE, domid, 1, guest.port)
        dom0.close()
        return guest
