#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of what runs the fuzzing microguest: its logs, traces of crashes, coverage."""
import struct
import sys
import unittest

import coverage
import crash
import steps

LINES = [
    "F begin seed 1 first 0 steps 3 free 100",
    "F 0.0 evtchn.send port=1 = -22 s2aca",
    "(XEN) d1 something else",
    "F 0.1 vcpu.is_up period_ns=0 v=0 = 1 s7",
    "F 0.2 irq.window = 0",
    "F 0 end done step 3 reason 0",
    "F 1 leak 20 pages",
    "F complete digest 0123456789abcdef steps 3",
]


class Logs(unittest.TestCase):
    """steps.read()"""

    def test_all_kinds_of_lines(self):
        """Steps, ends, leaks and the digest."""
        log = steps.read(LINES)
        self.assertEqual(sorted(log.steps), [(0, 0), (0, 1), (0, 2)])
        step = log.steps[0, 1]
        self.assertEqual((step.operation, step.arguments, step.result),
                         ("vcpu.is_up", " period_ns=0 v=0", "1 s7"))
        self.assertEqual(log.leaks, {1: 20})
        self.assertEqual((log.digest, log.count), ("0123456789abcdef", 3))
        self.assertEqual(log.ends, {0: "done at step 3, reason 0"})

    def test_a_cut_log_has_no_digest(self):
        """What a machine that died printed."""
        self.assertIsNone(steps.read(LINES[:3]).digest)


def memory_with(text, drafted, episode=4, step=7):
    """A page of nothing, then a log."""
    ring = bytearray(crash.TEXT_BYTES)
    for i in range(max(0, drafted - crash.TEXT_BYTES), drafted):
        ring[i % crash.TEXT_BYTES] = text[i % len(text)]
    head = bytearray(crash.HEADER.pack(9, episode, step, 0, drafted, 0, 0, 0))
    head[:16] = crash.MAGIC
    return bytes(4096) + bytes(head) + bytes(ring)


class Crashes(unittest.TestCase):
    """crash.py"""

    def test_the_step_under_way_is_the_last_line(self):
        """Text that was drafted but has no result."""
        text = b"F 4.5 a = 0\nF 4.6 b port=1"
        trace = crash.find(memory_with(text, len(text)))
        self.assertEqual((trace.seed, trace.episode, trace.step), (9, 4, 7))
        self.assertEqual(trace.lines, ["F 4.5 a = 0", "F 4.6 b port=1"])

    def test_a_ring_that_went_round(self):
        """The oldest line is cut and left out."""
        line = b"F 4.5 evtchn.send = 0\n"
        trace = crash.find(memory_with(line, 3 * crash.TEXT_BYTES + 5))
        self.assertEqual(set(trace.lines[:-1]), {line.decode().rstrip()})

    def test_the_newest_of_several(self):
        """An earlier child's memory is not overwritten at once."""
        text = b"F 1.1 a = 0\n"
        both = memory_with(text, len(text), 3, 400) + memory_with(text, len(text), 4, 2)
        self.assertEqual(crash.find(both).episode, 4)
        self.assertIsNone(crash.find(bytes(8192)))


class Coverage(unittest.TestCase):
    """coverage.py: an image's memory with one object of one function."""

    def test_counters_become_a_file(self):
        """What GCC describes, as .gcda."""
        base = 0x1000
        image = coverage.Image.__new__(coverage.Image)
        image.first, image.last, image.offset = base, base + 8, base
        memory = bytearray(512)
        struct.pack_into("<Q", memory, 0, base + 64)
        # As GCC 12.2 lays them out: version, stamp, checksum, name at 24; count at 96, functions.
        struct.pack_into("<I", memory, 64, 0x42323252)
        struct.pack_into("<IIQ", memory, 64 + 16, 11, 12, base + 400)
        struct.pack_into("<I4xQ", memory, 64 + 96, 1, base + 200)
        struct.pack_into("<Q", memory, 200, base + 240)
        # Its object, identity, two checksums; at 24 how many counters, and where.
        struct.pack_into("<QIII", memory, 240, base + 64, 21, 22, 23)
        struct.pack_into("<I4xQ", memory, 240 + 24, 2, base + 300)
        struct.pack_into("<QQ", memory, 300, 5, 1 << 40)
        memory[400:407] = b"a.gcda\0"
        image.memory = bytes(memory)
        self.assertEqual(list(image.objects()), [("a.gcda", struct.pack(
            "<4I5IIiQQI", coverage.GCDA, 0x42323252, 11, 12, coverage.FUNCTION, 12, 21, 22, 23,
            coverage.COUNTERS, 16, 5, 1 << 40, 0))])

    def test_another_compiler_is_refused(self):
        """Its layout is not known."""
        image = coverage.Image.__new__(coverage.Image)
        image.first, image.last, image.offset, image.memory = 0, 8, 0, bytes(256)
        with self.assertRaisesRegex(coverage.CoverageError, "GCC 12 only"):
            list(image.objects())


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=0)
    ran = program.result.testsRun
    bad = len(program.result.failures) + len(program.result.errors)
    print(f"FUZZSYSTEM total {ran - bad} {bad} 0")
    sys.exit(1 if bad else 0)
