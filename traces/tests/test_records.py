# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and records: what is read, merged and fingerprinted, and what damage is told."""
import gzip
import os
import random
import struct
import tempfile
import unittest

from helpers import RECORDED, abi, change, number, recorded, run, window
from tracelib import digest, files, merge, synth
from tracelib.errors import TraceError

# Words that mean something where they do not belong.
SPITEFUL = [b"\xff" * 4, b"\0" * 4] + [struct.pack("<I", word) for word in (
    abi.CPU_CHANGE_HEADER, abi.CYCLES | abi.LOST_RECORDS, 4 << 28 | abi.CYCLES | abi.LOST_RECORDS,
    1 << 28 | 0x21011, 2 << 28 | abi.CYCLES | 0x28004, 3 << 28 | abi.CYCLES | 0x81102)]
ENTRY, HYPERCALL = "vmentry", "hypercall"


class ParseTest(unittest.TestCase):
    """The format."""

    def test_record_without_stamp_takes_the_one_before(self):
        """Xen stamps only some events; the first records of a CPU take the first stamp."""
        trace = merge.load(window(0, (None, HYPERCALL, 1), (50, ENTRY), (None, HYPERCALL, 2)))
        self.assertEqual([r[0] for r in trace.records], [50, 50, 50])

    def test_stamp_goes_on_into_the_next_window(self):
        """Windows are only how the file was cut."""
        trace = merge.load(window(0, (50, ENTRY)) + window(0, (None, HYPERCALL, 2)))
        self.assertEqual([r[0] for r in trace.records], [50, 50])

    def test_padding_is_dropped(self):
        """The record that fills the end of a ring says nothing."""
        trace = merge.load(window(0, (1, ENTRY), (None, abi.WRAP_BUFFER, 7, 7, 7), (2, ENTRY)))
        self.assertEqual([r[0] for r in trace.records], [1, 2])

    def test_64_bits_of_time(self):
        """Both halves of the stamp."""
        trace = merge.load(window(3, (0x123456789abcdef0, ENTRY)))
        self.assertEqual(trace.records, [(0x123456789abcdef0, 3, number(ENTRY), ())])

    def test_time_order_over_cpus(self):
        """Equal times: the lower CPU first."""
        trace = merge.load(window(1, (5, ENTRY), (9, ENTRY)) + window(0, (1, ENTRY), (9, ENTRY)))
        self.assertEqual([r[:2] for r in trace.records], [(1, 0), (5, 1), (9, 0), (9, 1)])

    def test_backward_time_is_counted_and_keeps_the_order(self):
        """A CPU's own order is kept."""
        trace = merge.load(window(0, (10, ENTRY), (4, HYPERCALL, 1), (11, ENTRY)))
        self.assertEqual([r[0] for r in trace.records], [10, 4, 11])
        self.assertEqual(trace.backwards, {0: 1})

    def test_lost_records_add_up(self):
        """Exactly, for each CPU."""
        trace = merge.load(window(0, (5, abi.LOST_RECORDS, 7, 0, 1, 0), (6, ENTRY),
                                  (9, abi.LOST_RECORDS, 100000, 0, 1, 0)) + window(1, (1, ENTRY)))
        self.assertEqual((trace.lost, trace.gaps), ({0: 100007}, {0: 2}))


    def test_overlap(self):
        """A ring that filled up ends early; what other CPUs did after that can be left out."""
        data = (window(0, (1, ENTRY), (5, ENTRY), (7, ENTRY))
                + window(1, (2, ENTRY), (6, ENTRY), (9, ENTRY), (11, ENTRY)))
        trace = merge.load(data, only_overlap=True)
        self.assertEqual([r[:2] for r in trace.records], [(2, 1), (5, 0), (6, 1), (7, 0)])
        with self.assertRaisesRegex(TraceError, "no time of which every CPU"):
            merge.load(window(0, (1, ENTRY)) + window(1, (2, ENTRY)), only_overlap=True)


class DamageTest(unittest.TestCase):
    """Damaged files: a message with the offset."""

    def refuse(self, data, what, offset):
        """Parsing fails with these words at this offset."""
        with self.assertRaisesRegex(TraceError, what) as caught:
            merge.load(data)
        self.assertEqual(caught.exception.offset, offset)

    def test_empty(self):
        """No bytes at all."""
        self.refuse(b"", "empty", 0)

    def test_something_else(self):
        """A text file."""
        self.refuse(b"#!/bin/sh\necho hello", "not a file of xentrace", 0)

    def test_window_longer_than_the_file(self):
        """The usual way a copy is cut off."""
        self.refuse(window(0, (1, ENTRY), (2, ENTRY))[:-4], "ends after 20", 8)

    def test_odd_bytes_at_the_end(self):
        """Records are whole words."""
        self.refuse(window(0, (1, ENTRY)) + b"ab", "2 bytes after", 24)

    def test_file_ends_in_a_change_of_cpu(self):
        """Its window's size is missing."""
        self.refuse(window(0, (1, ENTRY)) + struct.pack("<II", abi.CPU_CHANGE_HEADER, 0),
                    "inside a change", 24)

    def test_record_longer_than_its_window(self):
        """Seven words are announced, none are there."""
        head = number(ENTRY) | 7 << 28
        self.refuse(abi.pack_window(0, struct.pack("<I", head)), "does not fit", 12)

    def test_no_header(self):
        """Zeroes are not records, and reading them ends."""
        self.refuse(abi.pack_window(0, bytes(4096)), "not a record header", 12)

    def test_cpu_number(self):
        """Would make a table of gigabytes."""
        self.refuse(struct.pack("<III", abi.CPU_CHANGE_HEADER, 1 << 31, 0), "CPU 2147483648", 4)

    def test_odd_window(self):
        """Not whole words."""
        self.refuse(struct.pack("<III", abi.CPU_CHANGE_HEADER, 0, 6) + bytes(6), "not whole", 8)

    def test_change_of_cpu_in_a_window(self):
        """Windows do not nest."""
        inner = struct.pack("<III", abi.CPU_CHANGE_HEADER, 1, 0)
        self.refuse(abi.pack_window(0, inner), "inside a window", 12)

    def test_nothing_but_padding(self):
        """A sound file that says nothing."""
        with self.assertRaisesRegex(TraceError, "no records"):
            merge.load(window(0, (None, abi.WRAP_BUFFER)))

    def test_salvage(self):
        """What comes before the damage can be used, when asked for."""
        warned = []
        trace = merge.load(window(0, (1, ENTRY), (2, ENTRY)) + b"abcd", warned.append)
        self.assertEqual((len(trace.records), warned[0].offset), (2, 36))

    def test_any_damage_ends_in_a_result_or_an_error(self):
        """Cut and changed files, through every command that reads them."""
        whole = [recorded("xen-4.17.trace.gz")[:20000], synth.trace_bytes(800, 2, 1)]
        rand = random.Random(4)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t")
            for turn in range(40):
                data = bytearray(whole[turn % 2])
                for _ in range(rand.randrange(0, 12)):
                    at = rand.randrange(len(data) - 4) & ~3
                    data[at:at + 4] = rand.choice(SPITEFUL + [rand.randbytes(4)])
                files.write(path, bytes(data[:rand.randrange(len(data))] if turn % 3 else data))
                for command in (["summary"], ["decode"], ["digest", "--salvage"],
                                ["html", "--salvage", "-o", f"{folder}/html"],
                                ["export", "chrome", "--salvage", "-o", f"{folder}/json"],
                                ["export", "ctf", "--salvage", "-o", f"{folder}/ctf{turn}"]):
                    status, _, errors = run(*command, path)
                    self.assertIn(status, (0, 1), (turn, command))
                    self.assertTrue(errors or not status)
                    self.assertNotIn("Traceback", errors)

    def test_command_says_file_and_offset(self):
        """On the error output, with exit status 1."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "cut.trace")
            files.write(path, window(0, (1, ENTRY))[:-2])
            status, out, errors = run("summary", path)
        self.assertEqual((status, out), (1, ""))
        self.assertIn("cut.trace: offset 8 (0x8): a window of 12 bytes", errors)

    def test_damaged_gzip(self):
        """Is told as such."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.gz")
            files.write(path, gzip.compress(window(0, (1, ENTRY)))[:-9])
            status, _, errors = run("summary", path)
        self.assertEqual(status, 1)
        self.assertIn("damaged gzip", errors)

    def test_missing_file(self):
        """Is told without a traceback."""
        status, _, errors = run("summary", "/no/such/file")
        self.assertEqual(status, 1)
        self.assertIn("No such file", errors)


class DigestTest(unittest.TestCase):
    """What the fingerprint depends on."""

    def of(self, *windows, relative=False):
        """The digest of a file made of these windows."""
        return digest.digest(merge.load(b"".join(windows)), relative)

    def test_windows_and_padding_do_not_count(self):
        """The same records, drained at other moments."""
        one = self.of(window(0, (1, ENTRY), (3, HYPERCALL, 5)), window(1, (2, ENTRY)))
        two = self.of(window(1, (2, ENTRY)), window(0, (1, ENTRY)),
                      window(0, (None, abi.WRAP_BUFFER, 1), (3, HYPERCALL, 5)))
        self.assertEqual(one, two)

    def test_everything_else_counts(self):
        """Time, CPU, event, words."""
        base = [0, (1, ENTRY), (3, HYPERCALL, 5)]
        others = [[1, (1, ENTRY), (3, HYPERCALL, 5)], [0, (2, ENTRY), (3, HYPERCALL, 5)],
                  [0, (1, ENTRY), (3, HYPERCALL, 6)], [0, (1, ENTRY), (3, "halt", 5)],
                  [0, (1, ENTRY)]]
        digests = {self.of(window(*records)) for records in [base, *others]}
        self.assertEqual(len(digests), 6)

    def test_relative(self):
        """A run that started later is the same run."""
        one, two = window(0, (1, ENTRY), (3, ENTRY)), window(0, (11, ENTRY), (13, ENTRY))
        self.assertNotEqual(self.of(one), self.of(two))
        self.assertEqual(self.of(one, relative=True), self.of(two, relative=True))

    def test_survives_merging(self):
        """`merge` writes the same records."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "merged")
            for name, source in RECORDED.items():
                self.assertEqual(run("merge", source, "-o", path)[0], 0, name)
                self.assertEqual(run("digest", source)[1], run("digest", path)[1], name)

    def test_recorded(self):
        """The fingerprint itself does not change unnoticed: results are compared by it."""
        self.assertEqual(run("digest", RECORDED["xen-4.17.trace.gz"])[1].strip(),
                         "6015f79212acbc59143d3586c338f7fcfb8a21c366f099b6ff2573ef6367060c")

    def test_change_helper_matches_the_catalogue(self):
        """old and new state are part of the event's number."""
        self.assertEqual(change(1, (2, 3), 2, 1), (1, 0x21211, 2 << 16 | 3))


if __name__ == "__main__":
    unittest.main()
