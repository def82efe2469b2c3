#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the planted bugs (scripts/mutants): every patch still applies, and bad ones are told."""
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(HERE, "mutants"))
import bug  # noqa: E402  pylint: disable=wrong-import-position
import levels  # noqa: E402  pylint: disable=wrong-import-position
import run  # noqa: E402  pylint: disable=wrong-import-position
import tree  # noqa: E402  pylint: disable=wrong-import-position

GOOD = """Bug: nothing is checked
Kind: missing check
Test: unit list-basic

--- a/file.c
+++ b/file.c
@@ -1,2 +1,1 @@
 one
-two
"""


class Patches(unittest.TestCase):
    """The bugs in the tree."""

    def test_all_apply(self):
        """A change of the code may need a change of a patch: mend it, or remove it."""
        for one in bug.all_bugs(""):
            with open(one.path, encoding="utf-8") as patch:
                done = subprocess.run(["patch", "-p1", "--dry-run", "-f", "-d", REPO], stdin=patch,
                                      capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, f"{one.path} does not apply: {done.stdout}")

    def test_tests_are_there(self):
        """What a bug names as its tests can be built."""
        places = {"unit": "xen/test/unit/test-{}.c", "tools": "tools/test/test-{}.c",
                  "smoke": "fuzz/{}/target.c", "fuzz": "fuzz/{}/target.c",
                  "guest": "xen/test/guest/{}/main.c"}
        for one in bug.all_bugs(""):
            for test in one.tests:
                kind, *names = test.split()
                for name in names if kind in places else []:
                    path = os.path.join(REPO, places[kind].format(name))
                    self.assertTrue(os.path.exists(path), f"{one.path}: {test}")
                levels.targets(test)


class Reading(unittest.TestCase):
    """Patch files, good and bad."""

    def read(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".patch") as file:
            file.write(text)
            file.flush()
            return bug.read(file.name)

    def test_header(self):
        one = self.read(GOOD)
        self.assertEqual((one.title, one.tests, one.files, one.seconds),
                         ("nothing is checked", ["unit list-basic"], ["file.c"], 300))

    def test_refused(self):
        for old, new in (("Kind: missing check\n", ""), ("Test: ", "Level: "), ("--- a/", "--- "),
                         ("Test: ", "Seconds: 0\nTest: "), ("Test: ", "Seconds: ten\nTest: ")):
            with self.assertRaises(SystemExit, msg=old):
                self.read(GOOD.replace(old, new))

    def test_plant_and_restore(self):
        one = self.read(GOOD)
        with tempfile.TemporaryDirectory() as folder, \
                tempfile.NamedTemporaryFile("w", suffix=".patch") as patch:
            patch.write(GOOD)
            patch.flush()
            path = os.path.join(folder, "file.c")
            for before, wrong in (("one\ntwo\n", False), ("three\nfour\n", True)):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(before)
                said = tree.plant(folder, one._replace(path=patch.name))
                self.assertEqual(said is not None, wrong, said)


class CommandLine(unittest.TestCase):
    """A limit that cannot be meant is refused, not ignored."""

    def test_limits(self):
        for good in ([], ["--seconds", "0.5"], ["--least", "100"]):
            run.arguments(["build", *good])
        for bad in (["--seconds", "0"], ["--seconds", "nan"], ["--seconds", "-1"],
                    ["--least", "101"], ["--least", "-1"], ["--least", "nan"]):
            with self.subTest(bad), self.assertRaises(SystemExit) as end, \
                    contextlib.redirect_stderr(io.StringIO()):
                run.arguments(["build", *bad])
            self.assertEqual(end.exception.code, 2)


class Verdicts(unittest.TestCase):
    """What tests say."""

    def test_cmocka(self):
        lines = ["[ RUN      ] test_a", "(XEN) [ 0.1] check failed: a == b at t.c:3 (seed 7)",
                 "[  FAILED  ] test_a", "more"]
        self.assertEqual(levels.verdict(lines, False)[0],
                         "test_a: seed 7: check failed: a == b at t.c:3 (seed 7)")

    def test_nothing(self):
        self.assertIsNone(levels.verdict(["[       OK ] test_a"], False)[0])

    def test_hang_and_status(self):
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "build/host-asan/unit/test-x")
            os.makedirs(os.path.dirname(program))
            for body, found in (("while :; do :; done", True), ("exit 3", True), ("exit 0", False)):
                with open(program, "w", encoding="utf-8") as file:
                    file.write("#!/bin/sh\n" + body + "\n")
                os.chmod(program, 0o755)
                said, _ = levels.run(folder, "unit x", 2)
                self.assertEqual(said is not None, found, said)


if __name__ == "__main__":
    unittest.main()
