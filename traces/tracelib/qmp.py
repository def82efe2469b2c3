# SPDX-License-Identifier: GPL-2.0-or-later
"""A small client of QEMU's machine protocol: just what reading a guest's memory takes."""
import json
import os
import socket
import tempfile
import time

from .errors import TraceError

TIMEOUT = 30.0
DUMP_TIMEOUT = 300.0
MAX_LINE = 1 << 20
ENDED = ("shutdown", "guest-panicked", "internal-error")


class Qmp:
    """A connection; use it with `with`. The machine is stopped from pause() to the end of the
    block, if it ran before."""

    def __init__(self, path):
        self.path = path
        self._resume = False
        self._buffer = b""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(TIMEOUT)
        try:
            self._socket.connect(path)
            greeting = self._line()
            if "QMP" not in greeting:
                raise TraceError("this socket does not speak QMP")
            self.call("qmp_capabilities")
        except OSError as error:
            self._socket.close()
            raise TraceError(f"no QMP there: {error}") from error
        except TraceError:
            self._socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            if self._resume:
                self.call("cont")
        finally:
            self._socket.close()

    def _line(self):
        while b"\n" not in self._buffer:
            try:
                data = self._socket.recv(65536)
            except TimeoutError as error:
                raise TraceError(f"QEMU did not answer in "
                                 f"{self._socket.gettimeout():.0f} s") from error
            if not data or len(self._buffer) > MAX_LINE:
                raise TraceError("QEMU closed the connection")
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise TraceError("this socket does not speak QMP") from error
        if not isinstance(answer, dict):
            raise TraceError("this socket does not speak QMP")
        return answer

    def call(self, command, **arguments):
        """Run a command and return its answer; events that come in between are dropped."""
        request = {"execute": command}
        if arguments:
            request["arguments"] = arguments
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            answer = self._line()
            if "error" in answer:
                raise TraceError(f"QEMU refuses {command}: {answer['error'].get('desc')}")
            if "return" in answer:
                return answer["return"]

    def pause(self):
        """Stop the machine for the rest of the block, so that memory is of one moment."""
        if self.call("query-status").get("running"):
            self.call("stop")
            self._resume = True

    def wait_for_end(self, seconds):
        """Wait until the machine has shut down by itself (QEMU started with -no-shutdown)."""
        deadline = time.monotonic() + seconds
        while True:
            status = self.call("query-status").get("status")
            if status in ENDED:
                return
            if time.monotonic() > deadline:
                raise TraceError(f"the machine has not shut down in {seconds:g} s: it is {status}")
            time.sleep(0.05)

    def dump(self, path):
        """Write an ELF core of all guest memory."""
        self._socket.settimeout(DUMP_TIMEOUT)
        self.call("dump-guest-memory", paging=False, protocol=f"file:{path}")

    def read(self, address, size):
        """Bytes of guest physical memory."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "memory")
            self.call("pmemsave", val=address, size=size, filename=path)
            with open(path, "rb") as file:
                data = file.read()
        if len(data) != size:
            raise TraceError(f"QEMU saved {len(data)} bytes of the {size} at {address:#x}")
        return data
