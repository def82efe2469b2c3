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

from helpers import RECORDED, abi, change, merge, recorded, run, window, xenalyze_command
from tracelib import files, records, synth

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
            0, change(5, (3, 2), 2, 1), (6, "vmexit", 0x81, 7, 1), (7, 0x0008f123, 8, 9))))
        self.assertRegex(lines[0], r"runstate_change: .*old_state = \( \"blocked\" : .* 2 \), "
                         r"new_state = \( \"runnable\" : .* 1 \), vcpu = 2, domain = 3")
        self.assertRegex(lines[1], r"vmexit: .*reason = 129, rip = 0x100000007")
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
