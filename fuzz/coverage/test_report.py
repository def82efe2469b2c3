#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The coverage report's own tests: what is counted, what is left out, and when it fails."""
import collections
import contextlib
import io
import os
import tempfile
import unittest

import report

REACH = """
[[folder]]
name = "all of xen"
paths = ["xen"]
floor = 50
[[folder]]
name = "domain"
paths = ["xen/domain"]
floor = 90
[[left-out]]
what = "xen/domain/boot.c"
why = "boot"
[[left-out]]
what = "xen/*:init_*"
why = "boot"
"""


def gcov(path, functions, lines):
    """A report of one file as gcov writes it."""
    return {"current_working_directory": report.REPO, "files": [{
        "file": path,
        "functions": [{"name": n, "start_line": a, "end_line": b} for n, a, b in functions],
        "lines": [{"line_number": n, "count": c} for n, c in lines]}]}


class Report(unittest.TestCase):
    """A few files with known counts."""

    def setUp(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml", delete=False) as file:
            file.write(REACH)
        self.addCleanup(os.remove, file.name)
        self.reach = report.Reach(file.name)
        self.files = collections.defaultdict(report.File)
        report.add(self.files, gcov("xen/domain/a.c", [("f", 1, 9), ("init_a", 10, 19)],
                                    [(2, 0), (3, 4), (11, 0)]))
        report.add(self.files, gcov("xen/domain/boot.c", [("g", 1, 9)], [(2, 0)]))
        report.add(self.files, gcov("xen/core/b.c", [("h", 1, 9)], [(2, 1), (3, 1)]))

    def test_objects_that_share_a_file_are_added(self):
        report.add(self.files, gcov("xen/domain/a.c", [("f", 1, 9)], [(2, 7), (3, 1)]))
        self.assertEqual(self.files["xen/domain/a.c"].lines, {2: 7, 3: 5, 11: 0})

    def test_what_is_left_out_is_not_counted(self):
        kept = self.reach.cut(self.files)
        self.assertEqual(sorted(kept), ["xen/core/b.c", "xen/domain/a.c"])
        self.assertEqual(kept["xen/domain/a.c"].lines, {2: 0, 3: 4})
        self.assertFalse(self.reach.unused)

    def test_a_row_that_names_nothing_is_known(self):
        del self.files["xen/domain/boot.c"]
        self.reach.cut(self.files)
        self.assertEqual(self.reach.unused, {"xen/domain/boot.c"})

    def test_the_longest_path_is_the_folder(self):
        self.assertEqual(self.reach.folder_of("xen/domain/a.c"), "domain")
        self.assertEqual(self.reach.folder_of("xen/domains/a.c"), "all of xen")
        self.assertIsNone(self.reach.folder_of("tools/a.c"))

    def test_a_folder_below_its_floor_fails(self):
        rows = report.folder_rows(self.reach, self.reach.cut(self.files))
        self.assertEqual(rows, [("all of xen", 2, 2, 50), ("domain", 2, 1, 90), ("all", 4, 3, 0)])
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertFalse(report.tell(rows))
            self.assertTrue(report.tell(rows[:1]))
        self.assertIn("domain 50.0% 1 2 BELOW 90%", out.getvalue())

    def test_the_image_adds_lines_and_files(self):
        more = {"xen/domain/a.c": report.File({2: 1, 7: 0}, {}),
                "xen/domain/c.c": report.File({1: 0}, {"k": (1, 2)})}
        both = report.union(self.reach.cut(self.files), more)
        self.assertEqual(both["xen/domain/a.c"].lines, {2: 1, 3: 4, 7: 0})
        self.assertEqual(report.folder_rows(self.reach, both)[1], ("domain", 4, 2, 90))

    def test_functions_with_missing_lines(self):
        kept = self.reach.cut(self.files)
        self.assertEqual(report.function_rows(kept), [(1, 2, "xen/domain/a.c", "f", 2)])

    def test_lcov(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "info")
            report.write_info(path, self.reach.cut(self.files))
            with open(path, encoding="utf-8") as file:
                text = file.read()
        self.assertIn("FN:1,f\nFNDA:4,f\nFNF:1\nFNH:1\nDA:2,0\nDA:3,4\nLF:2\nLH:1\n", text)


if __name__ == "__main__":
    unittest.main()
