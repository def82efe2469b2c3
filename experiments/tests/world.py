# SPDX-License-Identifier: GPL-2.0-or-later
"""A small world for tests of the laboratory: a pretended emulator and images, and an experiment."""
import contextlib
import io
import os
import stat
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
EXPERIMENTS = os.path.dirname(HERE)
sys.path.insert(0, EXPERIMENTS)
from lab import cli  # noqa: E402  pylint: disable=wrong-import-position,unused-import
import qemu  # noqa: E402  pylint: disable=wrong-import-position,wrong-import-order

# Speaks as a hypervisor and its guest would; words of the command line say what happens.
EMULATOR = f"""#!{sys.executable}
import os, sys, time
if "--version" in sys.argv:
    print("QEMU emulator version 1.2.3 (pretended)"); sys.exit()
line = sys.argv[sys.argv.index("-append") + 1].split()
words = dict(w.split("=", 1) for w in line if "=" in w)
print("(XEN) [0000000000001000] Xenolith 4.17, commit 0123456789ab of 2026-01-01", flush=True)
if "until" in words and words["cost"] != "100":
    open(words["until"] + ".held", "w").close()
    while not os.path.exists(words["until"]): time.sleep(0.02)
if "typo" in words: print("(XEN) command line: unknown parameter \\"typo\\"", flush=True); time.sleep(60)
if "hang" in words: print("last words", flush=True); time.sleep(60)
if "fail" in words: print("Panic on CPU 0: on purpose", flush=True); time.sleep(60)
if "die" in words: sys.exit(3)
print("BENCH cost", words.get("cost", "100"), "instructions rounds=10 mean=101")
if "noise" in words: print("BENCH noise", time.time_ns() % 1000, "ns")
print("BENCH done", flush=True)
"""

PLAN = """# SPDX-License-Identifier: GPL-2.0-or-later
title = "A pretended experiment"
question = "Does it cost more?"
no = "the same cost"
timeout = 60

[hypervisor]
options = "cost={cost} {how}"

[factors]
hypervisor = ["xenolith", "xen-4.17"]
cost = [100, 250]
how = ["plain"]

[guest.first]
image = "bench"
args = "unit={unit}"
"""

ANALYSE = """# SPDX-License-Identifier: GPL-2.0-or-later
from lab.analysis import Findings, Table, write_data

def analyse(data):
    rows = [[c, data.value("cost", cost=c)] for c in data.levels("cost")]
    write_data(data.run, "plot", ["cost", "found"], rows)
    return Findings("It does.", "yes", [Table("Costs", ["asked", "found"], rows)])
"""

PLOT = """# SPDX-License-Identifier: GPL-2.0-or-later
set title question
plot data.'/plot.tsv' using 1:2 skip 1 with linespoints ls 1
"""


class World(unittest.TestCase):
    """A test with a world of its own, in a folder that goes away."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="lab-test-")
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        self.build, self.results = self.place("build"), self.place("results")
        cache = self.place("cache")
        before = os.environ.get("XENOLITH_CACHE")
        os.environ["XENOLITH_CACHE"] = cache
        self.addCleanup(self.restore, before)
        for name in ("qemu-system-x86_64", "qemu-stable-system-x86_64"):
            self.write(f"cache/bin/{name}", EMULATOR)
            os.chmod(os.path.join(cache, "bin", name), stat.S_IRWXU)
        peer = os.path.join(os.path.relpath(qemu.image_dir(), self.root), "xen-4.17")
        for name in ("build/x86_64/xenolith", "build/bench/bench.elf", peer):
            self.write(name, f"pretended {name}")
        self.experiment = self.place("pretended")
        self.write("pretended/plan.toml", PLAN)
        self.write("pretended/analyse.py", ANALYSE)
        self.write("pretended/README.md", "# pretended\n")

    @staticmethod
    def restore(value):
        """The variable as it was."""
        if value is None:
            os.environ.pop("XENOLITH_CACHE", None)
        else:
            os.environ["XENOLITH_CACHE"] = value

    def place(self, name):
        """A path in the world."""
        return os.path.join(self.root, name)

    def write(self, name, text):
        """A file in the world."""
        path = self.place(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, *name):
        """A file's text."""
        with open(os.path.join(self.root, *name), encoding="utf-8") as file:
            return file.read()

    def plan(self, old="", new=""):
        """Change the experiment's plan."""
        self.assertIn(old, PLAN)
        self.write("pretended/plan.toml", PLAN.replace(old, new) if old else PLAN + new)

    def argv(self, *words):
        """A command line of lab.py."""
        words = list(words)
        if words[0] in ("run", "repeat-digest", "reproduce"):
            words.insert(1, "--no-build")
        return ["--results", self.results, "--build", self.build, *words]

    def lab(self, *words):
        """Run a command; (status, what it printed, its errors)."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = cli.main(self.argv(*words))
        return status, out.getvalue(), err.getvalue()

    def run_folder(self):
        """The folder of the one run."""
        names = os.listdir(self.results)
        self.assertEqual(len(names), 1, names)
        return os.path.join(self.results, names[0])
