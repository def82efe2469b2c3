#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of what runs the fuzzing microguest: its logs, and traces of crashes."""
import sys
import unittest

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


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=0)
    ran = program.result.testsRun
    bad = len(program.result.failures) + len(program.result.errors)
    print(f"FUZZSYSTEM total {ran - bad} {bad} 0")
    sys.exit(1 if bad else 0)
