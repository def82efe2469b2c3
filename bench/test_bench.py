#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the measuring tools: reading, comparing, and a short run on Xenolith that must repeat.

usage: test_bench.py BUILD [unittest's arguments]

No test looks at how fast anything is.
"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest

import figures
import scrub
import stages

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = "build"
# One of each kind: loops, distributions, plain values; hypercalls, exits, events, timers, memory.
SMOKE = {"exit.hypercall", "exit.cpuid", "exit.mmio.lapic.read", "event.self",
         "event.self.delivery.vector", "timer.set.call", "irq.self.xapic", "memory.4k.populate",
         "clock.system.step"}


def lines_of(*text):
    """What a guest prints between other lines."""
    return ["(XEN) [0000000000f1008b] Xenolith", *text, "BENCH done"]


class Reading(unittest.TestCase):
    def test_figures_and_skips(self):
        got, skips = figures.parse(lines_of(
            "BENCH exit.cpuid 393.004 instructions rounds=4000 mean=393.456",
            "(d1) BENCH clock.drift -12 ppb", "BENCH-SKIP clock.hpet: no HPET here"))
        self.assertEqual(got["exit.cpuid"], {"value": 393.004, "unit": "instructions",
                                             "rounds": "4000", "mean": "393.456"})
        self.assertEqual(got["clock.drift"]["value"], -12)
        self.assertEqual(skips, {"clock.hpet": "no HPET here"})

    def test_nonsense_is_refused(self):
        for bad in ("BENCH exit.cpuid fast instructions", "BENCH exit.cpuid 12",
                    "BENCH exit.cpuid 12 ns rounds"):
            with self.subTest(bad), self.assertRaises(figures.FigureError):
                figures.parse(lines_of(bad))
        with self.assertRaises(figures.FigureError):
            figures.parse(lines_of("BENCH a 1 ns", "BENCH a 2 ns"))


def run_of(side, unit="instructions", **values):
    """A run with these figures."""
    return {"side": side, "figures": {k: {"value": v, "unit": unit} for k, v in values.items()}}


class Comparing(unittest.TestCase):
    def test_ratio_and_repetition(self):
        rows = figures.compare([run_of("A", x=10, y=1), run_of("B", x=40), run_of("B", x=40),
                                run_of("A", x=10, y=2)], ["A", "B"], "icount")
        x, y = rows
        self.assertEqual(x["ratios"]["B"]["value"], 0.25)
        self.assertTrue(x["sides"]["A"]["repeats"])
        self.assertFalse(y["sides"]["A"]["repeats"])
        self.assertEqual(y["ratios"], {})

    def test_wall_clock_has_intervals(self):
        runs = [run_of(s, "ns", x=v) for a, b in zip((9, 10, 11, 10), (41, 39, 40, 40))
                for s, v in (("A", a), ("B", b))]
        row, = figures.compare(runs, ["A", "B"], "wall")
        low, high = row["ratios"]["B"]["interval"]
        self.assertEqual(row["ratios"]["B"]["value"], 0.25)
        self.assertTrue(low <= 0.25 <= high and low < high)
        self.assertEqual(figures.compare(runs, ["A", "B"], "wall"), [row])

    def test_units_do_not_mix(self):
        with self.assertRaises(figures.FigureError):
            figures.compare([run_of("A", x=1), run_of("B", "ns", x=1)], ["A", "B"], "icount")


class Logs(unittest.TestCase):
    def test_steps_of_a_boot(self):
        found = stages.steps(["firmware", "(XEN) [0000000000000064] first",
                              "(XEN) [00000000000000c8] second", "BENCH-START",
                              "(XEN) [000000000000ffff] later"])
        self.assertEqual(found, [(100, "power-on to the first line"), (100, "second")])
        rows, total = stages.table(found, 60)
        self.assertEqual((total, rows[0][1]), (200, "2 smaller steps"))

    def test_what_scrubbing_says(self):
        text = "(XEN) Scrubbed 1000 pages on 4 CPUs in 515000 ns, chunks of 2 pages"
        self.assertEqual(scrub.DONE.search(text).groups(), ("1000", "4", "515000", "2"))
        text = "(XEN) Scrub shares: min 248 max 252 pages a CPU, balance 0.992"
        self.assertEqual(scrub.SHARES.search(text).group(3), "0.992")

    def test_xen_stamps_a_line_as_it_begins(self):
        lines = ["(XEN) [0000000000000010] Scrubbing Free RAM on 1 nodes using 1 CPUs",
                 "(XEN) [0000000000000020] ........done.", "(XEN) [0000000000000110] Std. Loglevel"]
        self.assertEqual(scrub.xen_ticks(lines), 0x100)
        self.assertIsNone(scrub.xen_ticks(lines[1:]))
        self.assertIsNone(scrub.xen_ticks(lines[:2]))


def module_of(folder):
    """bench/FOLDER/run.py as a module."""
    path = os.path.join(HERE, folder, "run.py")
    spec = importlib.util.spec_from_file_location(folder, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[folder] = module
    spec.loader.exec_module(module)
    return module


def toolstack():
    """bench/toolstack/run.py as a module."""
    return module_of("toolstack")


class Fuzzing(unittest.TestCase):
    def test_a_rate_is_of_processor_time(self):
        fuzz = module_of("fuzz")
        text = "noise\nstat::number_of_executed_units: 30000\nstat::average_exec_per_sec: 750\n"
        self.assertEqual(fuzz.executed(text), 30000)
        row = fuzz.Speed("emul", fuzz.executed(text), 10.0, 40.0).row()
        self.assertEqual(row, ["emul", "30000", "10.0", "0.25", "3000"])

    def test_a_run_without_statistics_has_no_figure(self):
        with self.assertRaises(ValueError):
            module_of("fuzz").executed("killed\n")

    def test_a_target_that_is_not_built_is_named(self):
        with tempfile.TemporaryDirectory() as build:
            run = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fuzz", "run.py")
            done = subprocess.run([sys.executable, run, "--build", build, "emul"], text=True,
                                  capture_output=True, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("not built in " + build + ": emul;", done.stderr)


class Toolstack(unittest.TestCase):
    LINES = ["SAMPLE small create ours 0 99000000", "SAMPLE small create debian 0 1",
             *(f"SAMPLE small create {side} {turn} {ms}000000\r"
               for side, times in (("ours", (2, 4, 3)), ("debian", (12, 8, 9)))
               for turn, ms in enumerate(times, 1)),
             "SAMPLE linux list ours 1 500000", "SAMPLE of something else",
             "XENOLITH: cycles.free_pages=100", "XENOLITH: cycles.store=PASS\r"]

    def test_medians_without_the_first_round(self):
        samples, left = toolstack().parse(self.LINES)
        create, listing = toolstack().summarize(samples)
        self.assertEqual((create["ours"]["median"], create["debian"]["median"]), (3e6, 9e6))
        self.assertEqual((create["ours"]["interval"], create["ours"]["n"]), ((2e6, 4e6), 3))
        self.assertEqual(create["ratio"], 3)
        self.assertNotIn("ratio", listing)
        self.assertEqual(left, {"free_pages": "100", "store": "PASS"})

    def test_what_people_read(self):
        samples, left = toolstack().parse(self.LINES)
        text = toolstack().markdown(toolstack().summarize(samples), left)
        self.assertIn("| create | 3.00 (2.00-4.00) | 9.00 (8.00-12.00) | 3.0 |", text)
        self.assertIn("| list | 0.50 (0.50-0.50) | - | - |", text)
        self.assertIn("free_pages 100", text)


def run_bench(*arguments):
    """run.py as a command."""
    return subprocess.run([sys.executable, os.path.join(HERE, "run.py"), "--build", BUILD,
                           *arguments], capture_output=True, text=True, check=False, timeout=300)


class Machines(unittest.TestCase):
    def test_a_short_run_repeats(self):
        """As a domain of a manifest, twice: all figures, the same both times, all that names it."""
        names = ",".join(sorted(SMOKE - {"memory.4k.populate", "clock.system.step"})
                         + ["memory.4k", "clock.system"])
        with tempfile.TemporaryDirectory() as out:
            done = run_bench("--set", "up", "--bench", names, "--rounds", "64", "--domain",
                             "manifest", "--out", out)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            with open(os.path.join(out, "up.json"), encoding="utf-8") as file:
                result = json.load(file)
            with open(os.path.join(out, "up.tsv"), encoding="utf-8") as file:
                table = file.read()
        self.assertLessEqual(SMOKE, {row["metric"] for row in result["table"]})
        for row in result["table"]:
            cell = row["sides"]["Xenolith"]
            self.assertTrue(cell["repeats"], row)
            self.assertEqual(len(cell["values"]), 2)
            self.assertIn(row["metric"], table)
        self.assertGreater(len(result["commit"]), 6)
        self.assertTrue(all(len(digest) == 64 for digest in result["images"].values()))
        self.assertIn("QEMU", result["emulator"])
        self.assertIn("-icount", result["runs"][0]["argv"])

    def test_words_that_mean_nothing_fail_the_run(self):
        """One bad name among good ones, a value that is not a number, a key that nothing reads."""
        for words, said in ((("--bench", "exit.cpuid,exit.cupid"),
                             "no benchmark or group is called 'exit.cupid'"),
                            (("--bench", "exit.cpuid rouns=5"),
                             "'rouns=5' is not a word of this command line"),
                            (("--bench", "exit.cpuid rounds=1k"),
                             "rounds= is '1k'; it is a decimal number")):
            with tempfile.TemporaryDirectory() as out:
                done = run_bench("--set", "up", *words, "--repeat", "1", "--out", out)
            self.assertEqual(done.returncode, 1)
            self.assertIn(said, done.stderr)

    def test_hardware_events_say_when_there_are_none(self):
        program = os.path.join(BUILD, "bench", "hwevents")
        for name, want in (("INSTRUCTIONS", (0, 3)), ("NO_SUCH_EVENT", (2,))):
            done = subprocess.run([program, name, "--", "true"], capture_output=True, text=True,
                                  check=False, timeout=60)
            self.assertIn(done.returncode, want, done.stderr)
            self.assertEqual(done.stdout.startswith(f"BENCH hw.{name} "), done.returncode == 0)
            self.assertEqual(bool(done.stderr), done.returncode != 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    BUILD = os.path.abspath(sys.argv.pop(1))
    ran = unittest.main(exit=False).result
    bad = len(ran.failures) + len(ran.errors)
    print(f"BENCHTEST total {ran.testsRun - bad - len(ran.skipped)} {bad} {len(ran.skipped)}")
    sys.exit(1 if bad else 0)
