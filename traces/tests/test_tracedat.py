# SPDX-License-Identifier: GPL-2.0-or-later
"""trace.dat: trace-cmd and KernelShark's library read what was written."""
import collections
import ctypes
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from helpers import RECORDED, abi, change, run, window
from tracelib import files, synth

A = (1, 0)
LINE = re.compile(r"^ *(\S+)-(\d+) +\[(\d+)\] +(\d+)\.(\d+): (\w+): +(.*)$")


def kernelshark():
    """KernelShark's library, or None."""
    try:
        library = ctypes.CDLL("libkshark.so.2")
    except OSError:
        return None
    library.kshark_get_event_name.restype = ctypes.c_char_p
    library.kshark_get_task.restype = ctypes.c_char_p
    library.kshark_load_entries.restype = ctypes.c_ssize_t
    return library


class Entry(ctypes.Structure):
    """struct kshark_entry of <libkshark.h>."""

    _fields_ = [("next", ctypes.c_void_p), ("visible", ctypes.c_uint16),
                ("stream", ctypes.c_int16), ("event", ctypes.c_int16), ("cpu", ctypes.c_int16),
                ("pid", ctypes.c_int32), ("offset", ctypes.c_int64), ("ts", ctypes.c_int64)]


@unittest.skipUnless(shutil.which("trace-cmd"), "needs Debian's trace-cmd")
class TraceDatTest(unittest.TestCase):
    """A folder to write into."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = lambda name: os.path.join(folder.name, name)

    def export(self, data, *words):
        """The trace.dat of a trace's bytes, or of a file."""
        source = data
        if isinstance(data, bytes):
            source = self.path("trace")
            files.write(source, data)
        status, out, errors = run("export", "trace.dat", *words, source, "-o", self.path("out.dat"))
        self.assertEqual((status, out, errors), (0, "", ""))
        return self.path("out.dat")

    def report(self, data, *words):
        """[(task, pid, CPU, ns, event, fields)] and the other lines that trace-cmd prints."""
        done = subprocess.run(["trace-cmd", "report", "-t", "-i", self.export(data, *words)],
                              capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        found, others = [], []
        for line in done.stdout.splitlines():
            match = LINE.match(line)
            if match:
                task, pid, cpu, seconds, rest, event, fields = match.groups()
                found.append((task, int(pid), int(cpu), int(seconds) * 10**9 + int(rest), event,
                              fields))
            else:
                others.append(line)
        return found, others

    def test_fields_and_tasks(self):
        """Names, numbers of every width, who ran, and the changes of who runs."""
        found, _ = self.report(window(
            0, change(1000, A, 1, 0), (2000, "vmexit", 0x81, 7, 1), (2100, "hypercall", 29),
            (2200, 0x0008f123, 8, 9), (3500, "vmentry"), (8000, "sched_wake", 2, 0),
            change(9000, A, 0, 2), change(9001, (2, 0), 1, 0), (9500, "vmentry")))
        self.assertEqual([(f[0], f[3], f[4], f[5]) for f in found], [
            ("unknown", 1000, "runstate_change",
             "vcpu=0 domain=1 old_state=runnable new_state=running"),
            ("d1v0", 2000, "vmexit", "reason=VMMCALL rip=0x100000007"),
            ("d1v0", 2100, "hypercall", "nr=sched_op"),
            ("d1v0", 2200, "event_008f123_2", "word0=0x8 word1=0x9"),
            ("d1v0", 3500, "vmentry", ""), ("d1v0", 8000, "sched_wake", "domain=2 vcpu=0"),
            ("d1v0", 8000, "sched_waking", "d2v0:3"),
            ("d1v0", 9000, "runstate_change", "vcpu=0 domain=1 old_state=running new_state=blocked"),
            ("d1v0", 9001, "runstate_change", "vcpu=0 domain=2 old_state=runnable new_state=running"),
            ("d1v0", 9001, "sched_switch", "d1v0:2 [0] S ==> d2v0:3 [0]"),
            ("d2v0", 9500, "vmentry", "")])

    def test_long_pauses_and_many_pages(self):
        """Time that does not fit in an event's header, and more than a page holds."""
        records = [(n * 7 + (n > 500) * (1 << 40), "virq_inject", n, 0) for n in range(2000)]
        found, _ = self.report(window(0, *records))
        self.assertEqual([f[3] for f in found], [r[0] for r in records])
        self.assertEqual(found[-1][5], "vector=1999 fake=0x0")

    def test_lost_records(self):
        """Exactly as many, where they are missing."""
        found, others = self.report(window(
            0, (5, "vmentry"), (9, abi.LOST_RECORDS, 1234, 1, 6, 0), (10, "vmentry")))
        self.assertEqual([f[4] for f in found], ["vmentry", "lost_records", "sched_switch",
                                                 "vmentry"])
        self.assertTrue(any("1234 EVENTS DROPPED" in line for line in others), others)

    def test_symbols(self):
        """The guest's function at an exit."""
        files.write(self.path("map"), b"0000000000001000 T start\n")
        found, _ = self.report(window(0, change(0, A, 1, 0), (10, "vmexit", 0x81, 0x1010, 0),
                                      (20, "vmentry")), "--symbols", self.path("map"))
        self.assertIn("rip=start+0x10", found[1][5])

    def test_every_record(self):
        """Of recorded traces: names and times, with the changes of who runs beside them."""
        for name, path in RECORDED.items():
            found, _ = self.report(path)
            _, decoded, _ = run("decode", "--json", path)
            lines = [json.loads(line) for line in decoded.splitlines()]
            mine = collections.Counter()
            for line in lines:
                event = "xen_sched_switch" if line["event"] == "sched_switch" else line["event"]
                mine[event, line["cpu"], line["cycles"]] += 1
            known = {event for event, _, _ in mine}
            theirs = collections.Counter(
                (f[4] if f[4] in known else re.sub(r"_\d$", "", f[4]), f[2], f[3])
                for f in found if f[4] not in ("sched_switch", "sched_waking"))
            self.assertEqual(theirs, mine, name)

    @unittest.skipUnless(kernelshark(), "needs Debian's libkshark2")
    def test_kernelshark(self):
        """Its library finds the same events, and vCPUs as tasks."""
        library, context = kernelshark(), ctypes.c_void_p(None)
        data = synth.trace_bytes(5000, 3, 1)
        found, _ = self.report(data)
        self.assertTrue(library.kshark_instance(ctypes.byref(context)))
        stream = library.kshark_open(context, os.fsencode(self.path("out.dat")))
        self.assertGreaterEqual(stream, 0)
        rows = ctypes.POINTER(ctypes.POINTER(Entry))()
        count = library.kshark_load_entries(context, stream, ctypes.byref(rows))
        seen = collections.Counter(
            (library.kshark_get_task(rows[i]).decode(), rows[i].contents.cpu, rows[i].contents.ts,
             library.kshark_get_event_name(rows[i]).decode().split("/")[1]) for i in range(count))
        library.kshark_close_all(context)
        self.assertEqual(seen, collections.Counter((f[0], f[2], f[3], f[4]) for f in found))
        self.assertLess({"d1v0", "d1v1"}, {task for task, *_ in seen})


class MissingLibraryTest(unittest.TestCase):
    """Without libtracecmd."""

    def test_message(self):
        """The package is named."""
        from tracelib import tracedat   # pylint: disable=import-outside-toplevel
        before, tracedat.LIBRARY = tracedat.LIBRARY, "libnothing.so.0"
        try:
            status, _, errors = run("export", "trace.dat", next(iter(RECORDED.values())), "-o",
                                    "/dev/null")
        finally:
            tracedat.LIBRARY = before
        self.assertEqual((status, "install the package libtracecmd1" in errors), (1, True), errors)


if __name__ == "__main__":
    unittest.main()
