# SPDX-License-Identifier: GPL-2.0-or-later
"""What other programs read: Chrome's JSON, CTF (babeltrace2 is asked), and Xen's own xenalyze."""
import collections
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from helpers import HERE, RECORDED, abi, change, merge, recorded, run, window, xenalyze_command
from tracelib import files, perfetto, records, synth

A = (1, 0)


class ExportTest(unittest.TestCase):
    """A folder to write into."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = lambda name: os.path.join(folder.name, name)

    def file(self, data):
        """A trace file with these bytes."""
        files.write(self.path("trace"), data)
        return self.path("trace")

    def export(self, form, source):
        """Export and return where to."""
        status, _, errors = run("export", form, source, "-o", self.path(form))
        self.assertEqual(status, 0, errors)
        return self.path(form)


class ChromeTest(ExportTest):
    """JSON for Perfetto."""

    def events(self, source):
        """All events of the file."""
        with open(self.export("chrome", source), encoding="ascii") as file:
            return json.load(file)["traceEvents"]

    def test_slices_and_marks(self):
        """Microseconds from the first record; each vCPU, each exit, each other record once."""
        events = self.events(self.file(window(
            0, change(1000, A, 1, 0), (2000, "vmexit", 0x81, 5, 0), (2100, "hypercall", 29),
            (3500, "vmentry"), change(9000, A, 0, 2))))
        slices = [(e["name"], e["ts"], e["dur"]) for e in events if e["ph"] == "X"]
        self.assertEqual(slices, [("d1v0", 0, 8), ("running", 0, 8), ("VMMCALL", 1, 1.5)])
        self.assertEqual([(e["name"], e["ts"], e["args"]) for e in events if e["ph"] == "i"],
                         [("hypercall", 1.1, {"nr": "sched_op(29)"})])

    def test_recorded(self):
        """Nothing lies before the start or lasts less than nothing; every thread has a name."""
        for name, path in RECORDED.items():
            events = self.events(path)
            named = {(e["pid"], e["tid"]) for e in events if e["ph"] == "M"}
            for event in events:
                if event["ph"] in "Xi":
                    self.assertGreaterEqual(event["ts"], 0, name)
                    self.assertGreaterEqual(event.get("dur", 0), 0, name)
                    self.assertIn((event["pid"], event["tid"]), named, name)


@unittest.skipUnless(shutil.which("protoc"), "needs Debian's protobuf-compiler")
class PerfettoTest(ExportTest):
    """TrackEvents, read back by protoc."""

    def packets(self, source):
        """Each packet as {field: value or [values]}, nested messages with dots."""
        with open(self.export("perfetto", source), "rb") as file:
            done = subprocess.run(
                ["protoc", f"--proto_path={HERE}", "--decode=Trace", "perfetto.proto"],
                stdin=file, capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        # A field that the schema does not have is printed by its number.
        self.assertNotRegex(done.stdout, r"(?m)^ *\d+[:{ ]")
        found, path = [], []
        for line in done.stdout.splitlines():
            line = line.strip()
            if line.endswith("{"):
                path.append(line[:-2])
                if path == ["packet"]:
                    found.append({})
            elif line == "}":
                path.pop()
            else:
                key, value = line.split(": ", 1)
                found[-1].setdefault(".".join([*path[1:], key]), []).append(value.strip('"'))
        return found

    def tracks(self, source):
        """{track's name: [(time, type, name, packet)]} of what the file holds, and all packets."""
        packets = self.packets(source)
        names = {p["track_descriptor.uuid"][0]: p["track_descriptor.name"][0] for p in packets
                 if "track_descriptor.uuid" in p}
        found = {name: [] for name in names.values()}
        for p in packets:
            if "track_event.type" in p:
                found[names[p["track_event.track_uuid"][0]]].append(
                    (int(p["timestamp"][0]), p["track_event.type"][0],
                     p.get("track_event.name", [None])[0], p))
        return found

    def nested(self, events):
        """The slices of a track, each inside or after the one before; AssertionError otherwise."""
        stack, slices, latest = [], [], 0
        for when, kind, name, _ in events:
            self.assertGreaterEqual(when, latest)
            latest = when
            if kind == "SLICE_BEGIN":
                stack.append((when, name))
            elif kind == "SLICE_END":
                start, begun = stack.pop()
                slices.append((start, when, begun, len(stack)))
        self.assertEqual(stack, [])
        return sorted(slices)

    def test_tracks_and_slices(self):
        """A track a CPU and a vCPU; an exit that loses the CPU ends there."""
        found = self.tracks(self.file(window(
            0, change(1000, A, 1, 0), (2000, "vmexit", 0x81, 5, 0), (2100, "hypercall", 29),
            (3500, "vmentry"), (5000, "vmexit", 0x78, 5, 0), change(9000, A, 0, 2),
            change(9500, A, 2, 1), change(9600, A, 1, 0), (9700, "vmentry"), (9800, "vmentry"))))
        self.assertEqual(set(found), {"physical CPUs", "CPU 0", "waiting vCPUs", "domain 1", "d1v0"})
        self.assertEqual(self.nested(found["d1v0"]), [
            (0, 8000, "running", 0), (1000, 2500, "VMMCALL", 1), (4000, 8000, "HLT", 1),
            (8000, 8500, "blocked", 0), (8500, 8600, "runnable", 0), (8600, 8800, "running", 0)])
        self.assertEqual(self.nested(found["CPU 0"]), [(0, 8800, "d1v0", 0)])
        mark = next(p for _, kind, name, p in found["CPU 0"] if name == "hypercall")
        self.assertEqual(mark["track_event.debug_annotations.string_value"], ["sched_op(29)"])

    def test_flows(self):
        """From the wake to the slice that it began, from the send to the delivery."""
        found = self.tracks(self.file(
            window(0, change(0, A, 1, 0), (100, "sched_wake", 2, 0), (110, "evtchn_send", 1, 7),
                   (120, "evtchn_deliver", 2, 9)) +
            window(1, change(10, (2, 0), 0, 2), change(101, (2, 0), 2, 1),
                   change(300, (2, 0), 1, 0), (400, "vmentry"))))
        flows = {}
        for name, events in found.items():
            for when, _, event, p in events:
                for key in ("flow_ids", "terminating_flow_ids"):
                    for number in p.get("track_event." + key, ()):
                        flows.setdefault(number, []).append((key, name, event, when))
        self.assertEqual(list(flows.values()), [
            [("flow_ids", "CPU 0", "sched_wake", 100),
             ("terminating_flow_ids", "d2v0", "running", 300)],
            [("flow_ids", "CPU 0", "evtchn_send", 110),
             ("terminating_flow_ids", "CPU 0", "evtchn_deliver", 120)]])

    def test_unknown(self):
        """A full ring's CPU is unknown."""
        found = self.tracks(self.file(window(0, change(0, A, 1, 0), (400, abi.RING_CUT, 1)) +
                                      window(1, (0, "vmentry"), (1000, "vmentry"))))
        self.assertEqual(self.nested(found["CPU 0"]), [(0, 400, "d1v0", 0), (400, 1000, "unknown", 0)])
        self.assertEqual(self.nested(found["d1v0"]), [(0, 400, "running", 0)])

    def test_recorded(self):
        """No slices of a track overlap, and each record is there once."""
        for name, path in RECORDED.items():
            found = self.tracks(path)
            for events in found.values():
                self.nested(events)
            _, decoded, _ = run("decode", "--json", path)
            marks = [json.loads(line)["event"] for line in decoded.splitlines()]
            self.assertEqual(sum(kind == "INSTANT" for e in found.values() for _, kind, _, _ in e),
                             sum(m not in perfetto.SLICED for m in marks), name)


@unittest.skipUnless(shutil.which("babeltrace2"), "needs Debian's babeltrace2")
class CtfTest(ExportTest):
    """babeltrace2 reads what was written."""

    def babeltrace(self, source, *argv):
        """(lines, messages) of babeltrace2."""
        done = subprocess.run(["babeltrace2", *argv, self.export("ctf", source)],
                              capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines(), done.stderr

    def test_recorded(self):
        """Every record, in time order, with its name, its time and its fields."""
        for name, path in RECORDED.items():
            lines, messages = self.babeltrace(path, "--clock-cycles")
            trace = merge.load(recorded(name))
            if not trace.lost:
                self.assertEqual(messages, "", name)
            stamps = [int(re.match(r"\[(\d+)\]", line).group(1)) for line in lines]
            self.assertEqual(stamps, [r[0] for r in trace.records], name)
            shutil.rmtree(self.path("ctf"))
            _, decoded, _ = run("decode", "--json", path)
            names = [json.loads(line)["event"] for line in decoded.splitlines()]
            found = [re.search(r"\) (\w+): ", line).group(1).removesuffix("_words")
                     for line in lines]
            self.assertEqual(collections.Counter(found), collections.Counter(names), name)

    def test_fields(self):
        """Of every kind: from the number, 16, 32 and 64 bits, and words without a description."""
        lines, _ = self.babeltrace(self.file(window(
            0, change(5, (3, 2), 2, 1), (6, "vmexit", 0x81, 7, 1), (7, 0x0008f123, 8, 9),
            (8, "hypercall", 29), change(9, (3, 2), 1, 0), (10, "vmentry"))))
        self.assertRegex(lines[3], r'hypercall: .*nr = \( "sched_op" : .* 29 \)')
        self.assertRegex(lines[5], r'vmentry: .*domain = \( "d3" : .* 3 \), vcpu = 2')
        self.assertRegex(lines[0], r"runstate_change: .*old_state = \( \"blocked\" : .* 2 \), "
                         r"new_state = \( \"runnable\" : .* 1 \), vcpu = 2, domain = 3")
        self.assertRegex(lines[1], r'vmexit: .*reason = \( "VMMCALL" : .* 129 \), rip = 0x100000007')
        self.assertRegex(lines[2], r"event_008f123_words: .*count = 2, words = \[ "
                         r"\[0\] = 8, \[1\] = 9 \]")

    def test_lost_records_are_told_where_they_are(self):
        """Exactly as many."""
        _, messages = self.babeltrace(self.file(window(
            0, (5, "vmentry"), (9, abi.LOST_RECORDS, 1234, 1, 6, 0), (10, "vmentry"))))
        self.assertRegex(messages, r"discarded 1234 events")

    def test_backward_time(self):
        """Readers insist on order: the stamp is that of the record before."""
        lines, _ = self.babeltrace(self.file(window(0, (9, "vmentry"), (5, "vmentry"))),
                                   "--clock-cycles")
        self.assertEqual([line[:22] for line in lines], ["[00000000000000000009]"] * 2)

    def test_folder_in_use(self):
        """Is left alone."""
        os.mkdir(self.path("ctf"))
        files.write(self.path("ctf/mine"), b"")
        status, _, errors = run("export", "ctf", self.file(window(0, (1, "vmentry"))),
                                "-o", self.path("ctf"))
        self.assertEqual(status, 1)
        self.assertIn("is not empty", errors)


@unittest.skipUnless(xenalyze_command(), "needs Debian's xenalyze in the cache")
class XenalyzeTest(ExportTest):
    """Debian's xenalyze and this command read the same."""

    def xenalyze(self, path, *argv):
        """(output, messages)."""
        done = subprocess.run([*xenalyze_command(), "--svm-mode", *argv, path], text=True,
                              capture_output=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, done.stderr

    def raw(self, name):
        """A recorded trace, uncompressed, as xenalyze wants it."""
        return self.file(recorded(name))

    def test_records_one_by_one(self):
        """Each CPU's records: event, time stamp where there is one, words."""
        line = re.compile(r"^R p *(\d+) o\w+ +([0-9a-f]+) \d +(\d+|-) \[ *([0-9a-f ]*?) *\]", re.M)
        for name in RECORDED:
            out, _ = self.xenalyze(self.raw(name), "--dump-raw-reads")
            theirs, stamp = {}, {}
            for cpu, event, tsc, words in line.findall(out):
                if int(event, 16) in (abi.CPU_CHANGE, abi.WRAP_BUFFER):
                    continue
                stamp[cpu] = stamp.get(cpu) if tsc == "-" else int(tsc)
                theirs.setdefault(int(cpu), []).append(
                    (stamp[cpu], int(event, 16), tuple(int(w, 16) for w in words.split())))
            for cpu, ours in records.parse_file(recorded(name)).by_cpu.items():
                ours = [(tsc, event, extra) for tsc, _, event, extra in ours]
                self.assertEqual(len(theirs[cpu]), len(ours), (name, cpu))
                for mine, other in zip(ours, theirs[cpu]):
                    self.assertIn(other, (mine, (None, *mine[1:])), (name, cpu))

    def test_exit_counts(self):
        """Xenalyze's summary, added up over vCPUs, gives the same counts of exits."""
        for name in RECORDED:
            out, _ = self.xenalyze(self.raw(name), "--summary")
            theirs = collections.Counter()
            for match in re.finditer(r"^ VMEXIT_(\w+)\s+(\d+) ", out, re.M):
                theirs[match.group(1)] += int(match.group(2))
            _, text, _ = run("summary", "--json", self.path("trace"))
            ours = collections.Counter()
            for row in json.loads(text)["exits"]["rows"]:
                ours[row["reason"]] += row["count"]
            for reason in theirs:
                # Xenalyze leaves out what comes before it knows which vCPU runs.
                self.assertLessEqual(abs(ours[reason] - theirs[reason]), 8, (name, reason))

    def test_made_up_trace(self):
        """What we write, xenalyze reads without complaint about the format."""
        path = self.file(synth.trace_bytes(20000, 3, 1))
        out, messages = self.xenalyze(path, "--summary")
        self.assertIn("VMEXIT_VMMCALL", out)
        self.assertNotRegex(messages, r"(?i)unknown|invalid|error|short read")


if __name__ == "__main__":
    unittest.main()
