# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs: ids, failures, kills, full disks, reports, reproduction, repetition."""
import contextlib
import errno
import glob
import json
import os
import signal
import subprocess
import sys
import time
import unittest
from unittest import mock

import world
from lab import files, folder, reproduce

LAB = os.path.join(world.EXPERIMENTS, "lab.py")


def outcomes(path):
    """The folders of finished cells."""
    raw = os.path.join(path, "raw")
    return sorted(n for n in os.listdir(raw) if os.path.isfile(os.path.join(raw, n, "cell.json")))


class Runs(world.World):
    """A run from its beginning to its report."""

    def test_whole(self):
        """A run leaves all it should, names no folder of this machine, and is the same again."""
        self.write("pretended/plot.gp", world.PLOT)
        status, out, err = self.lab("run", self.experiment)
        self.assertEqual(status, 0, out + err)
        path = self.run_folder()
        for name in ("manifest.json", "metrics.json", "plan.toml", "report.html", "report.md",
                     "pictures/plot.svg", "pictures/plot.png", "raw/003/console.log.gz"):
            self.assertTrue(os.path.getsize(os.path.join(path, name)), name)
        run = folder.Run(path)
        self.assertTrue(all(c["sha256"] for c in run.manifest["inputs"].values()))
        command = " ".join(run.outcome(0)["command"])
        self.assertIn("$XENOLITH_CACHE/bin/", command)
        self.assertNotIn(self.root, command)
        page = self.read(path, "report.html")
        self.assertIn("data:image/svg+xml;base64,", page)
        self.assertNotRegex(page, r'(src|href)="?https?:')
        self.assertIn("Does it cost more?", page)
        metrics = json.loads(self.read(path, "metrics.json"))
        self.assertEqual(metrics["cells"], {"all": 4, "ok": 4, "failed": [], "exact": 4})
        status, out, _ = self.lab("run", self.experiment)
        self.assertEqual(status, 0)
        self.assertIn("all 4 boots are there already", out)

    def test_id(self):
        """The id follows plan, images and emulator, not prose, commit or time."""
        def ident():
            self.lab("run", self.experiment)
            names = set(os.listdir(self.results)) - seen
            seen.update(names)
            return names
        seen = set()
        self.assertTrue(ident())
        self.plan("A pretended experiment", "Another title")
        self.assertFalse(ident())
        self.write("build/x86_64/xenolith", "0123456789ab\0pretended")
        self.assertTrue(ident())
        self.write("build/x86_64/xenolith", "ba9876543210\0pretended")
        self.assertFalse(ident())
        self.plan("[100, 250]", "[100, 251]")
        self.assertTrue(ident())

    def test_missing_image(self):
        """The make target is named."""
        os.unlink(self.place("build/bench/bench.elf"))
        status, _, err = self.lab("run", self.experiment)
        self.assertEqual(status, 2)
        self.assertIn("run: make bench-guests", err)

    def failing(self, how, timeout=60):
        """Run with one good and one bad level of how; (output, the bad cell's outcome)."""
        self.write("pretended/plan.toml", world.PLAN.replace('["plain"]', f'["plain", "{how}"]')
                   .replace("[100, 250]", "[100]").replace(', "xen-4.17"', "")
                   .replace("timeout = 60", f"timeout = {timeout}"))
        status, out, err = self.lab("run", self.experiment)
        self.assertEqual(status, 1, out + err)
        run = folder.Run(self.run_folder())
        self.assertEqual(run.outcome(0)["status"], "ok")
        self.assertIn("1 boots failed and are in no figure",
                      self.read(run.path, "report.html"))
        return out, run.outcome(1)

    def test_hung(self):
        """A hung guest is bounded, and its last lines are told."""
        out, outcome = self.failing("hang=1", 20)
        self.assertEqual(outcome["status"], "hung")
        self.assertIn("last words", outcome["last_lines"])
        self.assertIn("    | last words", out)
        self.assertIn("still awaited: BENCH done", out)

    def test_failed(self):
        """A panic ends a cell at once; only --failed runs it again."""
        _, outcome = self.failing("fail=1")
        self.assertEqual((outcome["status"], outcome["why"]),
                         ("failed", "Panic on CPU 0: on purpose"))
        path = self.run_folder()
        status, out, _ = self.lab("resume", path)
        self.assertEqual((status, "all 2 boots are there" in out), (1, True), out)
        status, out, _ = self.lab("resume", "--failed", path)
        self.assertEqual((status, "1 of 2 boots to do" in out), (1, True), out)

    def test_died(self):
        """An emulator that ends early."""
        _, outcome = self.failing("die=1")
        self.assertEqual(outcome["status"], "died")
        self.assertIn("status 3", outcome["why"])

    def running(self):
        """Does a process name the folder of this world in its command line?"""
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            with contextlib.suppress(OSError), open(path, "rb") as file:
                if self.root.encode() in file.read():
                    return True
        return False

    def test_killed(self):
        """After kill -9 nothing half done is left, no cell runs on, and the run goes on."""
        self.plan('["plain"]', f'["until={self.place("later")}"]')     # the second cell waits
        with subprocess.Popen([sys.executable, LAB, *self.argv("run", self.experiment, "--jobs",
                                                               "1")],
                              stdout=subprocess.DEVNULL) as child:
            end = time.monotonic() + 60
            while not os.path.exists(self.place("later.held")):
                self.assertLess(time.monotonic(), end, "no second cell is started")
                time.sleep(0.02)
            child.send_signal(signal.SIGKILL)
        done = outcomes(self.run_folder())
        self.assertEqual(done, ["000"])
        self.write("later", "")
        while self.running():
            time.sleep(0.02)
        self.assertEqual(outcomes(self.run_folder()), done, "a cell ran on")
        cell = os.path.join(self.run_folder(), "raw", "000", "cell.json")
        stamp = os.stat(cell).st_mtime_ns
        status, out, err = self.lab("resume", self.run_folder())
        self.assertEqual(status, 0, out + err)
        self.assertIn("3 of 4 boots to do", out)
        self.assertEqual(stamp, os.stat(cell).st_mtime_ns, "a finished cell ran again")

    def test_full_disk(self):
        """A full disk stops the run with finished cells kept and nothing half written."""
        self.lab("run", self.experiment)
        run = folder.Run(self.run_folder())
        for index in (2, 3):
            os.unlink(os.path.join(run.cell_folder(index), "cell.json"))
        real = os.replace

        def full(source, target):
            if "raw/002" in target:
                raise OSError(errno.ENOSPC, "No space left on device", target)
            real(source, target)

        with mock.patch("os.replace", full):
            status, _, err = self.lab("cell", run.path, "2")
        self.assertEqual(status, 4)
        self.assertIn("the disk is full", err)
        self.assertEqual(outcomes(run.path), ["000", "001"])
        self.assertFalse([n for n in os.listdir(run.cell_folder(2)) if n.startswith(".new")])
        with mock.patch("lab.local.command", lambda run, cell: [
                "sh", "-c", "echo the disk is full >&2; exit 4"]):
            status, _, err = self.lab("resume", run.path)
        self.assertEqual(status, 4)
        self.assertIn("finished cells are kept", err)
        status, _, _ = self.lab("resume", run.path)
        self.assertEqual((status, len(outcomes(run.path))), (0, 4))

    def test_full_device(self):
        """The same with a device that is really full."""
        with self.assertRaisesRegex(Exception, "the disk is full"):
            try:
                with open("/dev/full", "wb", 0) as file:
                    file.write(b"x")
            except OSError as err:
                raise files.errors.explain(err, "writing") from None

    def test_analysis_again(self):
        """Raw data stays; the analysis may change."""
        self.lab("run", self.experiment)
        self.write("pretended/analyse.py", world.ANALYSE.replace("It does.", "On reflection, yes."))
        status, out, _ = self.lab("analyse", self.run_folder())
        self.assertEqual((status, "On reflection" in out), (0, True), out)
        self.write("pretended/analyse.py", "# nothing\n")
        status, _, err = self.lab("analyse", self.run_folder())
        self.assertEqual((status, "no function analyse(data)" in err), (2, True), err)

    def test_bad_plot(self):
        """gnuplot's own words."""
        self.write("pretended/plot.gp", "plot nonsense\n")
        status, _, err = self.lab("run", self.experiment)
        self.assertEqual((status, "plot.gp: gnuplot says" in err), (2, True), err)


class Again(world.World):
    """The same run twice."""

    def two(self, change=lambda: None):
        """A run, and another after a change."""
        self.lab("run", self.experiment)
        first = folder.Run(self.run_folder())
        change()
        self.results = self.place("other")
        self.lab("run", self.experiment)
        return first, folder.Run(self.run_folder())

    def test_same(self):
        """Nothing changed: the same logs and figures."""
        same, lines = reproduce.compare(*self.two())
        self.assertTrue(same, lines)
        self.assertIn("exact logs: 4 the same", lines[0])

    def test_changed_image(self):
        """Which input changed, which figure moved, and how far."""
        def change():
            self.write("build/x86_64/xenolith", "another")
            self.write("cache/bin/qemu-system-x86_64",
                       world.EMULATOR.replace('words.get("cost", "100")', '"110"'))
        same, lines = reproduce.compare(*self.two(change))
        text = "\n".join(lines)
        self.assertFalse(same)
        self.assertIn("input xenolith changed", text)
        self.assertRegex(text, r"cost \[.*cost=100.*\]: 100 -> 110 instructions \(\+10.00%\)")
        self.assertNotIn("no input changed", text)

    def test_command(self):
        """The command runs a given result again, wherever that is."""
        self.lab("run", self.experiment)
        self.write("pretended/plan.toml", "the plan has moved on")
        status, out, err = self.lab("reproduce", self.run_folder())
        self.assertEqual(status, 0, out + err)
        self.assertIn(": the same", out)
        self.write("cache/bin/qemu-system-x86_64", world.EMULATOR.replace("pretended)", "newer)")
                   .replace('words.get("cost", "100")', '"110"'))
        status, out, _ = self.lab("reproduce", self.run_folder())
        self.assertEqual(status, 1, out)
        self.assertIn("emulator reference changed", out)

    def test_repeat(self):
        """Repeated cells agree, and one with a figure of the host's clock does not."""
        status, out, _ = self.lab("repeat-digest", "4", self.experiment)
        self.assertEqual(status, 0, out)
        self.assertEqual(out.count("identical 4/4"), 4, out)
        self.plan('["plain"]', '["noise=1"]')
        status, out, _ = self.lab("repeat-digest", "4", self.experiment)
        self.assertEqual(status, 1, out)
        self.assertNotIn("identical 4/4", out)


if __name__ == "__main__":
    unittest.main()
