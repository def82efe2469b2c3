#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of what runs the fuzzing microguest: logs, differences, traces of crashes, coverage."""
import os
import struct
import sys
import tempfile
import unittest
from unittest import mock

import coverage
import crash
import differences
import run
import sides
import steps
import test_runs
import triage

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


def other(lines, number, text):
    """The lines with another result of a step."""
    return [line.split(" = ")[0] + " = " + text if line.startswith(f"F {number} ") else line
            for line in lines]


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


class Differences(unittest.TestCase):
    """differences.py"""

    def rules(self, text):
        """The rules in a text."""
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(text)
            file.flush()
            return differences.load(file.name)

    def compare(self, theirs, rules=()):
        """Xenolith's lines are LINES."""
        return differences.compare(steps.read(LINES), steps.read(theirs), rules)

    def test_a_difference_is_new(self):
        """Without a rule."""
        found = self.compare(other(LINES, "0.0", "0 s2aca"))
        self.assertEqual((found.same, found.accepted, len(found.new)), (2, 0, 1))
        self.assertIn("-22 on Xenolith, 0 on Xen", differences.summary(found)[0])

    def test_a_rule_accepts_only_what_it_says(self):
        """Operation, arguments and both results."""
        rule = ('[[difference]]\noperation = "evtchn.send"\narguments = "port=1$"\n'
                'ours = "-22"\nxen = "0"\nkind = "by design"\nreason = "r"\n')
        rules = self.rules(rule)
        self.assertEqual(self.compare(other(LINES, "0.0", "0 s2aca"), rules).accepted, 1)
        self.assertEqual(rules[0].used, 1)
        self.assertEqual(len(self.compare(other(LINES, "0.0", "-1 s2aca"), rules).new), 1)
        self.assertEqual(len(self.compare(other(LINES, "0.0", "01 s2aca"), rules).new), 1)
        narrow = self.rules(rule.replace("port=1$", "port=2$"))
        self.assertEqual(len(self.compare(other(LINES, "0.0", "0 s2aca"), narrow).new), 1)

    def test_what_follows_a_change_of_the_domain_does_not_count(self):
        """ends = true, and arguments that differ."""
        rules = self.rules('[[difference]]\noperation = "evtchn.send"\nends = true\n'
                           'kind = "by design"\nreason = "r"\n')
        found = self.compare(other(other(LINES, "0.0", "0"), "0.2", "99"), rules)
        self.assertEqual((found.compared, found.uncounted, found.new), (1, 2, []))
        moved = [line.replace("v=0", "v=1") for line in LINES]
        self.assertEqual(self.compare(moved).uncounted, 2)

    def test_what_follows_only_after_its_cause(self):
        """changes and after."""
        rules = self.rules('[[difference]]\noperation = "evtchn.send"\nchanges = "events"\n'
                           'kind = "by design"\nreason = "r"\n[[difference]]\n'
                           'operation = "irq.window"\nafter = "events"\nkind = "follows"\nreason = "r"\n')
        alone = other(LINES, "0.2", "99")
        self.assertEqual(len(self.compare(alone, rules).new), 1)
        self.assertEqual(self.compare(other(alone, "0.0", "0"), rules).accepted, 2)

    def test_a_step_may_change_several_things(self):
        """changes as a list."""
        rules = self.rules('[[difference]]\noperation = "evtchn.send"\nchanges = ["a", "b"]\n'
                           'kind = "by design"\nreason = "r"\n[[difference]]\n'
                           'operation = "irq.window"\nafter = "b"\nkind = "follows"\nreason = "r"\n')
        both = other(other(LINES, "0.0", "0"), "0.2", "99")
        self.assertEqual(self.compare(both, rules).accepted, 2)

    def test_steps_with_the_same_result_may_change_something(self):
        """alike = true."""
        rules = self.rules('[[difference]]\noperation = "evtchn.send"\nalike = true\nchanges = "a"\n'
                           'kind = "by design"\nreason = "r"\n[[difference]]\n'
                           'operation = "irq.window"\nafter = "a"\nkind = "follows"\nreason = "r"\n')
        found = self.compare(other(LINES, "0.2", "99"), rules)
        self.assertEqual((found.same, found.accepted, found.new), (2, 1, []))
        self.assertEqual(len(self.compare(other(LINES, "0.0", "0"), rules).new), 1)

    def test_mistakes_in_the_file(self):
        """Each is an error that names the place."""
        good = '[[difference]]\noperation = "a"\nkind = "by design"\nreason = "r"\n'
        for text, word in ((good.replace("reason", "raison"), "no such key"),
                           (good.replace('"r"', '""'), "no reason"),
                           (good.replace("by design", "so"), "kind"),
                           (good.replace('"a"', '"("'), "difference 1"), ("[", "toml")):
            with self.assertRaisesRegex(differences.DifferenceError, word):
                self.rules(text)

    def test_the_page_is_made_of_the_file(self):
        """docs/fuzzing-differences.md is what `run.py page` prints."""
        here = os.path.dirname(os.path.abspath(__file__))
        accepted = os.path.join(here, "accepted.toml")
        self.assertTrue(differences.load(accepted))
        with open(os.path.join(here, "..", "..", "docs", "fuzzing-differences.md"),
                  encoding="utf-8") as file:
            self.assertEqual(file.read(), differences.page(accepted))


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


class Triage(unittest.TestCase):
    """triage.py, and how steps are named"""

    def test_the_fewest_steps_that_still_fail(self):
        """Two far apart, of which neither fails alone."""
        seen = []

        def fails(numbers):
            seen.append(numbers)
            return {7, 93} <= set(numbers)

        found, runs = triage.reduce(range(100), fails)
        self.assertEqual((found, runs), ([7, 93], len(seen)))
        self.assertLess(runs, 40)
        self.assertEqual(triage.reduce(range(100), lambda n: len(n) > 30, 500)[0].__len__(), 31)
        self.assertEqual(triage.reduce(range(100), fails, 3)[1], 3)

    def test_a_reason_has_no_numbers(self):
        """Panics of the same kind are alike."""
        self.assertEqual(triage.reason("(XEN) [    1.25] Panic on CPU 0: a.c:12: 0xffff8300 is 7"),
                         triage.reason("(XEN) [   31.00] Panic on CPU 1: a.c:12: 0xffff83a0 is 12"))

    def test_a_regression_is_read_as_it_was_added(self):
        """With quotation marks."""
        one = triage.Regression('a "send"', 7, 3, [1, 5], ["evtchn.send port=1"])
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            triage.add(one, file.name)
            triage.add(one, file.name)
            self.assertEqual(triage.load(file.name), [one, one])
        self.assertIsInstance(triage.load(), list)

    def test_a_regression_that_is_repeated(self):
        """It fails when it finds something again, and when its numbers mean other steps."""
        old = triage.Regression("a send", 7, 3, [1, 5], ["evtchn.close port=1", "evtchn.send port=1"])
        log = "F 3.1 evtchn.close port=1 = 0\nF 3.5 evtchn.send port=1 = -22\n"
        asked = []

        def repeat(found):
            def answer(*words):
                asked.append(words)
                return found
            with mock.patch.object(triage, "load", return_value=[old]), \
                    mock.patch.object(test_runs, "run", answer):
                return test_runs.regressions("build", "x86_64")

        self.assertEqual(repeat((True, log)), "")
        self.assertEqual(asked[0][2:], ("replay", "--seed", "7", "--first", "3", "--steps", "6",
                                        "--only", "1,5"))
        self.assertIn("Panic", repeat((False, log + "Panic on CPU 0")))
        self.assertIn("grammar changed", repeat((True, log.replace("send", "unmask"))))
        self.assertIn("grammar changed", repeat((True, "")))

    def test_words_of_steps(self):
        """The last has no result yet."""
        lines = ["F 3.1 evtchn.close port=2 = 0 s1", "F 3.4 irq.window = 0", "F 3.5 evtchn.send port=2"]
        self.assertEqual(triage.words(lines, [1, 5]), ["evtchn.close port=2", "evtchn.send port=2"])

    def test_steps_by_number(self):
        """On the command line, and for the microguest."""
        self.assertEqual(run.numbers("3,17-19"), {3, 17, 18, 19})
        self.assertEqual(sides.keep({0, 3, 4, 9}), "912")
        self.assertIn("keep=8 ", sides.Stream(only=frozenset({3})).words(False) + " ")


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
