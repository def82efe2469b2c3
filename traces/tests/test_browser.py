# SPDX-License-Identifier: GPL-2.0-or-later
"""The timeline in a headless Chromium: a million records, and the recorded traces.

Nothing here depends on speed; how long a frame took is printed (`make test-trace-browser`), and
TRACE_BROWSER_KEEP=FOLDER keeps the pages and their pictures there.
"""
import contextlib
import json
import os
import re
import subprocess
import tempfile
import unittest
from unittest import mock

from helpers import RECORDED, abi, change, run, window
import browser
from tracelib import files, synth

MILLION = 1000000
A = (1, 0)


@unittest.skipUnless(browser.find(), "needs Debian's chromium")
class TimelineTest(unittest.TestCase):
    """One browser a test; exceptions in the page and requests to anywhere are failures."""

    def setUp(self):
        keep = os.environ.get("TRACE_BROWSER_KEEP")
        if keep:
            os.makedirs(keep, exist_ok=True)
        else:
            folder = tempfile.TemporaryDirectory()
            self.addCleanup(folder.cleanup)
            keep = folder.name
        self.path = lambda name: os.path.join(keep, name)

    @contextlib.contextmanager
    def page(self, trace, query="?theme=light", **kwargs):
        """A browser that shows this trace file."""
        argv = kwargs.pop("argv", [])
        status, _, errors = run("html", trace, "-o", self.path("page.html"), *argv)
        self.assertEqual(status, 0, errors)
        with browser.Browser(**kwargs) as page:
            page.open(self.path("page.html"), query)
            yield page
            self.assertEqual(page.errors, [])

    def file(self, data):
        """A trace file with these bytes."""
        files.write(self.path("trace"), data)
        return self.path("trace")

    def test_a_million_records(self):
        """All drawn sums agree with slow ones and with the command's tables."""
        path = self.file(synth.trace_bytes(MILLION, 8, 1))
        with self.page(path) as page:
            said = page.run("selftest(app)")
            print("\n" + said)
            page.screenshot(self.path("million.png"))
            sums = json.loads(page.run(
                "JSON.stringify(Object.fromEntries(app.layout.lanes.flatMap(l => l.rows)"
                ".filter(r => r.type === 'state').map(r =>"
                " [r.lane.title, [...r.band.within(0, app.trace.span)]])))"))
        self.assertGreaterEqual(int(re.search(r"records (\d+)", said).group(1)), MILLION)
        self.assertEqual(re.findall(r"check (\S+) (?!ok)", said), [], said)
        self.assertEqual(said.count("check "), 5)
        self.assertEqual(said.count("frame_ms "), 4)
        _, text, _ = run("summary", "--json", path)
        for row in json.loads(text)["runstates"]["rows"]:
            if not row["vcpu"].startswith("idle"):
                self.assertEqual(sums[row["vcpu"]], [row[s] for s in (
                    "running", "runnable", "blocked", "offline")], row["vcpu"])

    def test_recorded(self):
        """Traces of real machines, light and dark."""
        for name, path in RECORDED.items():
            with self.page(path) as page:
                said = page.run("selftest(app)")
                self.assertEqual(re.findall(r"check (\S+) (?!ok)", said), [], (name, said))
                for theme in ("light", "dark"):
                    page.run("app.settled()")
                    page.screenshot(self.path(f"{name.split('.trace')[0]}-{theme}.png"))
                    page.key("t")

    def test_mouse_and_keys(self):
        """Zoom at the pointer, drag, select, step, measure."""
        with self.page(self.file(synth.trace_bytes(20000, 2, 3))) as page:
            view = lambda: page.run("[app.view.t0, app.view.t1]")
            settle = lambda: page.run("app.settled()")
            whole = view()
            before = page.run("app.timeAt(700)")
            page.mouse("mouseWheel", 700, 400, deltaX=0, deltaY=-600)
            settle()
            length = view()[1] - view()[0]
            self.assertLess(length, 0.8 * (whole[1] - whole[0]))
            self.assertAlmostEqual(page.run("app.timeAt(700)"), before, delta=length / 500)
            left = view()[0]
            page.mouse("mousePressed", 700, 400, button="left", clickCount=1)
            page.mouse("mouseMoved", 600, 400, button="left", buttons=1)
            page.mouse("mouseReleased", 600, 400, button="left", clickCount=1)
            settle()
            self.assertGreater(view()[0], left)
            page.key("0")
            settle()
            self.assertEqual(view(), whole)
            page.run("document.getElementById('find').value = 'virq_eoi'")
            for _ in range(3):
                page.key("n")
            picked = page.run("app.state.pick.record")
            self.assertEqual(page.run(f"app.trace.name({picked})"), "virq_eoi")
            page.key("p")
            self.assertLess(page.run("app.state.pick.record"), picked)
            self.assertIn("virq_eoi", page.run("document.getElementById('tab-pick').textContent"))
            page.key("t")
            self.assertTrue(page.run("document.documentElement.classList.contains('dark')"))

    def test_unknown_time_and_flows(self):
        """A full ring hatches the rest and leaves percentages to what is known; arrows are drawn."""
        trace = (window(0, change(0, A, 1, 0), (100, "sched_wake", 2, 0), (300, "evtchn_send", 1, 7),
                        (310, "evtchn_deliver", 2, 9), (400, abi.RING_CUT, 1)) +
                 window(1, change(0, (2, 0), 0, 2), change(120, (2, 0), 2, 1),
                        change(200, (2, 0), 1, 0), change(1000, (2, 0), 0, 2)))
        with self.page(self.file(trace)) as page:
            page.run("app.settled()")
            page.screenshot(self.path("unknown.png"))
            self.assertEqual(page.run("app.layout.lanes.flatMap(l => l.rows).filter(r => r.unknown)"
                                      ".map(r => r.unknown)"), [[{"start": 400, "end": 1000}], []])
            self.assertEqual(page.run("app.painter.flowsShown"), 2)
            text = page.run("(app.showStatistics(), document.getElementById('tab-view').textContent)")
            self.assertIn("100.0%", text)
            self.assertIn("1 CPU partly unknown",
                          page.run("document.getElementById('facts').textContent"))

    def test_what_a_tooltip_says(self):
        """Name, length, fields and what happened in an exit; a gap says how much is missing."""
        trace = window(0, change(0, A, 1, 0), (1000, "vmexit", 0x81, 0x1234, 0),
                       (1100, "hypercall", 29), (3000, "vmentry"),
                       (9000, abi.LOST_RECORDS, 77, 1, 6000, 0), (10000, "vmentry"))
        with self.page(self.file(trace)) as page:
            hover = ("(time, lane, row) => {"
                     " const l = app.layout.lanes.find(l => l.title === lane);"
                     " app.point({x: app.painter.x(time, app.view), y: TOP + l.rows[row].y + 5});"
                     " const t = document.getElementById('tip');"
                     " return t.hidden ? null : t.textContent.replace(/\\s+/g, ' '); }")
            tip = page.run(f"({hover})(2000, 'd1v0', 1)")
            for words in ("VMMCALL", "2 \u00b5s", "2 000 cycles", "rip0x1234",
                          "hypercall nr=sched_op(29)"):
                self.assertIn(words, tip)
            self.assertIn("running", page.run(f"({hover})(500, 'd1v0', 0)"))
            self.assertIn("lost_records", page.run(f"({hover})(7000, 'CPU 0', 0)"))
            self.assertIn("count77", page.run(f"({hover})(7000, 'CPU 0', 0)"))
            self.assertIsNone(page.run(f"({hover})(5000, 'd1v0', 1)"))

    def test_names_cannot_become_code(self):
        """A title with markup is shown, not run."""
        title = "</script><img src=x onerror=window.bad=1>"
        with self.page(self.file(window(0, (1, "vmentry"))), argv=["--title", title]) as page:
            self.assertEqual(page.run("document.querySelector('h1').textContent"), title)
            self.assertIsNone(page.run("window.bad ?? null"))


class StartTest(unittest.TestCase):
    """A browser that does not start well; needs none."""

    def start(self, script, wrong):
        """Start this script as the browser, which fails; nothing may be left of it."""
        started = []

        def popen(*args, **kwargs):
            started.append(start(*args, **kwargs))
            return started[0]

        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "chromium")
            with open(program, "w", encoding="ascii") as file:
                file.write("#!/bin/sh\n" + script)
            os.chmod(program, 0o755)
            files_open = sorted(os.listdir("/proc/self/fd"))
            start = subprocess.Popen
            with mock.patch("browser.find", lambda: program), \
                    mock.patch("subprocess.Popen", popen), \
                    mock.patch("browser.Browser.GRACE", 0.1), self.assertRaisesRegex(*wrong):
                browser.Browser(timeout=1)
            self.assertIsNotNone(started[0].returncode, "it is still running")
            profile, = (word.split("=", 1)[1] for word in started[0].args
                        if word.startswith("--user-data-dir="))
            self.assertFalse(os.path.exists(profile))
            self.assertEqual(sorted(os.listdir("/proc/self/fd")), files_open)

    def test_no_answer(self):
        """It runs and says nothing."""
        self.start("exec sleep 100\n", (TimeoutError, "does not answer"))

    def test_early_end(self):
        """It ends at once."""
        self.start("exit 1\n", ((RuntimeError, BrokenPipeError), "has ended|Broken pipe"))


if __name__ == "__main__":
    unittest.main()
