# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings as workloads: the demand is the recording's, whatever the format."""
import os
import subprocess
import sys

from helpers import INPUT, REPO, WORKLOADS, SimCase, domain, periodic

XLTRACE = os.path.join(REPO, "traces", "xltrace.py")
MS = 1000000


def varint(value):
    """A number in protobuf."""
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out + bytearray([value]))


def field(number, value):
    """A number, text or message in a protobuf message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def bundle(cpu, *events):
    """A packet with the events (time, field of FtraceEvent, message) of a CPU."""
    body = field(1, cpu) + b"".join(field(2, field(1, time) + field(2, 1) + field(kind, message))
                                    for time, kind, message in events)
    return field(1, field(8, 5) + field(1, body))


def switch(time, prev, state, following, comm):
    """sched_switch."""
    return time, 4, field(2, prev) + field(3, 120) + field(4, state) + field(5, comm) + \
        field(6, following)


def waking(time, pid, comm):
    """sched_waking."""
    return time, 20, field(1, comm) + field(2, pid)


class Recorded(SimCase):
    """Traces of the simulator, of trace-cmd and of Perfetto."""

    def recording(self):
        """The trace of a task that computes 3 ms of 10, beside another."""
        trace = self.path("t")
        self.sim("run", "--quiet", "--machine", 1, "--trace", trace, self.workload(
            domain(periodic("10ms", "3ms")), domain(periodic("20ms", "5ms"), vcpus=1),
            duration="201ms"))
        return trace

    def check(self, rows, first, second):
        """The two ran as long, and were woken as often, as in the recording."""
        self.assertAlmostEqual(rows["domains", first]["ran_ns"], 60.5 * MS, delta=MS)
        self.assertAlmostEqual(rows["domains", second]["ran_ns"], 50 * MS, delta=MS)
        self.assertIn(rows["domains", first]["latency_samples"], (20, 21, 22))

    def test_own_trace(self):
        """The simulator's trace, simulated again by another policy and on another machine."""
        trace = self.recording()
        self.check(self.run_json("--machine", 1, trace), "d1", "d2")
        self.check(self.run_json("--machine", 2, "--policy", "null", trace), "d1", "d2")

    def test_trace_dat(self):
        """The same through trace.dat."""
        dat = self.path("trace.dat")
        subprocess.run([sys.executable, XLTRACE, "export", "trace.dat", self.recording(), "-o",
                        dat], check=True)
        rows = self.run_json("--machine", 1, dat)
        names = sorted(row for table, row in rows if table == "domains")
        self.check(rows, next(n for n in names if n.startswith("d1v0")),
                   next(n for n in names if n.startswith("d2v0")))

    def test_perfetto(self):
        """Two CPUs' bundles out of order: 4 ms, a preemption, 1 ms more; asleep; then 2 ms."""
        trace = bundle(1, waking(1020 * MS, 7, "job")) + bundle(
            0, switch(1000 * MS, 0, 0, 7, "job"), switch(1004 * MS, 7, 0, 9, "other"),
            switch(1006 * MS, 9, 1, 7, "job"), switch(1007 * MS, 7, 1, 0, "swapper"),
            switch(1021 * MS, 0, 0, 7, "job"), switch(1023 * MS, 7, 2, 0, "swapper"))
        path = self.path("p")
        with open(path, "wb") as out:
            out.write(trace)
        rows = self.run_json("--machine", 2, path)
        self.assertEqual(rows["domains", "job-7"]["ran_ns"], 7 * MS)
        self.assertEqual(rows["domains", "other-9"]["ran_ns"], 2 * MS)
        self.assertEqual(rows["domains", "job-7"]["latency_samples"], 2)
        with open(path, "wb") as out:
            out.write(trace[:-3])
        _, err = self.sim("run", path, status=INPUT)
        self.assertIn("a damaged Perfetto trace", err)

    def test_hypervisors(self):
        """The recorded traces of Xenolith and of Xen."""
        for name in "xenolith.trace.gz", "xen-4.17.trace.gz":
            rows = self.run_json("--machine", 2, os.path.join(REPO, "traces", "recorded", name))
            self.assertGreater(rows["domains", "d0"]["ran_ns"], 0)

    def test_linux(self):
        """The shipped recording of Linux, on as many CPUs as that had: its load is there."""
        shipped = os.path.join(WORKLOADS, "trace.dat")
        rows = self.run_json("--machine", shipped, shipped)
        self.assertEqual(rows["run", ""]["cpus"], 4)
        names = [row for table, row in rows if table == "domains"]
        for task, least in ("hackbench", 12), ("cyclictest", 4), ("stress-ng", 3), ("kworker", 4):
            self.assertGreaterEqual(sum(name.startswith(task) for name in names), least, task)
        latencies = sum(rows["domains", name]["latency_samples"] for name in names
                        if name.startswith("cyclictest"))
        self.assertGreater(latencies, 1000)
        out, _ = self.sim("diff", "--machine", shipped, "credit2", "credit2", shipped)
        self.assertIn("no difference", out)

    def test_machine_of_a_recording(self):
        """CPUs counted in the hypervisor's own trace; a Perfetto trace does not say."""
        trace = self.path("t")
        self.sim("run", "--quiet", "--machine", 3, "--trace", trace,
                 self.workload(domain(periodic("10ms", "9ms"), vcpus=3), duration="50ms"))
        self.assertEqual(self.run_json("--machine", trace, trace)["run", ""]["cpus"], 3)
        path = self.path("p")
        with open(path, "wb") as out:
            out.write(bundle(0, switch(1, 0, 0, 7, "job")))
        _, err = self.sim("run", "--machine", path, path, status=INPUT)
        self.assertIn("give their number", err)

    def test_times_that_no_recording_has(self):
        """A damaged time ends the run, not the patience of its user."""
        for last in 200_000_000_000_000_000, 1 << 62, (1 << 64) - 1:
            path = self.path("p")
            with open(path, "wb") as out:
                out.write(bundle(0, switch(5, 0, 0, 7, "job"), switch(last, 7, 1, 0, "swapper")))
            _, err = self.sim("run", "--machine", 1, path, status=INPUT)
            self.assertIn("damaged", err)

    def test_nothing_recorded(self):
        """A recording without scheduling."""
        path = self.path("p")
        with open(path, "wb") as out:
            out.write(field(1, field(8, 5)))
        _, err = self.sim("run", path, status=INPUT)
        self.assertIn("nothing runs in this recording", err)
