# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions at guests' addresses."""
import json
import os
import subprocess
import tempfile
import unittest

from helpers import change, run, window
from tracelib import files, symbols
from tracelib.errors import TraceError

MAP = """ffffffff81000000 T _text
ffffffff81000000 t alias
ffffffff81001000 t idle_loop
ffffffff81002000 D data
ffffffff81003000 W weak_one
0000000000000000 A absolute
"""


class SymbolsTest(unittest.TestCase):
    """A folder with a map and a trace of two domains that leave at the same address."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.map = self.write("System.map", MAP.encode())
        self.trace = self.write("trace", window(
            0, change(0, (1, 0), 1, 0), (10, "vmexit", 0x78, 0x81001010, 0xffffffff),
            (20, "vmentry"), change(30, (1, 0), 0, 1), change(30, (2, 0), 1, 0),
            (40, "vmexit", 0x78, 0x81001010, 0xffffffff), (60, "vmentry")))

    def write(self, name, data):
        """A file."""
        path = os.path.join(self.folder, name)
        files.write(path, data)
        return path

    def test_find(self):
        """The function before the address; data is none, and neither is what is far away."""
        found = symbols.Symbols([self.map])
        for address, name in ((0xffffffff81000000, "_text"), (0xffffffff81001010, "idle_loop+0x10"),
                              (0xffffffff81002004, "idle_loop+0x1004"),
                              (0xffffffff81003008, "weak_one+0x8"), (0xffffffff80fffff0, None),
                              (0xffffffff89000000, None), (0x10, None)):
            self.assertEqual(found.name(1, address), name, hex(address))

    def test_of_one_domain(self):
        """Another domain has no names."""
        found = symbols.Symbols([f"2={self.map}"])
        self.assertEqual([found.name(d, 0xffffffff81001000) for d in (1, 2)], [None, "idle_loop"])
        with self.assertRaisesRegex(TraceError, "another file for the same domains"):
            symbols.Symbols([self.map, self.map])

    def test_elf(self):
        """By nm."""
        source = self.write("a.c", b"int first(void) { return 1; } int second(void) { return 2; }")
        subprocess.run(["cc", "-c", "-o", os.path.join(self.folder, "a.o"), source], check=True)
        found = symbols.Table(os.path.join(self.folder, "a.o"))
        self.assertEqual(found.names, ["first", "second"])

    def test_nothing_in_it(self):
        """A stub is told, not taken for a table."""
        stub = self.write("stub", b"ffffffff B The real System.map is elsewhere\n")
        status, _, errors = run("summary", "--symbols", stub, self.trace)
        self.assertEqual((status, "no functions with addresses" in errors), (1, True), errors)

    def test_commands(self):
        """decode, summary, the exports and the timeline name the function."""
        words = ["--symbols", f"2={self.map}", self.trace]
        _, out, _ = run("decode", *words)
        self.assertEqual([line.split("rip=")[1] for line in out.splitlines() if "rip=" in line],
                         ["0xffffffff81001010", "0xffffffff81001010 (idle_loop+0x10)"])
        _, out, _ = run("decode", "--json", *words)
        self.assertEqual(out.count('"function": "idle_loop+0x10"'), 1)
        _, out, _ = run("summary", "--json", *words)
        rows = json.loads(out)["places"]["rows"]
        self.assertEqual([(r["domain"], r["function"], r["count"], r["cycles"]) for r in rows],
                         [("d2", "idle_loop", 1, 20), ("d1", "?", 1, 10)])
        for form in ("perfetto", "chrome"):
            path = os.path.join(self.folder, form)
            run("export", form, *words, "-o", path)
            with open(path, "rb") as file:
                self.assertEqual(file.read().count(b"idle_loop+0x10"), 1, form)
        path = os.path.join(self.folder, "page.html")
        run("html", *words, "-o", path)
        with open(path, encoding="utf-8") as file:
            self.assertIn('"0xffffffff81001010":"idle_loop+0x10"', file.read())


if __name__ == "__main__":
    unittest.main()
