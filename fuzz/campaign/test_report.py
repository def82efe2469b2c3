#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The campaign's own tests: where a failure is put, and what the page says."""
import os
import tempfile
import unittest

import campaign
import report

ASAN = """==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1
    #0 0x5 in __asan_memcpy (target+0x1)
    #1 0x6 in copy_in xen/domain/guest_copy.c:12:3
    #2 0x7 in do_call xen/domain/hypercall.c:40:9
    #3 0x8 in fuzzer::Fuzzer::ExecuteCallback(unsigned char const*) (target+0x2)
"""


class Place(unittest.TestCase):
    """Failures of one kind go to one bucket."""

    def test_frames_that_only_notice_are_left_out(self):
        where, reason = campaign.place(ASAN)
        self.assertEqual(reason, "heap-buffer-overflow")
        self.assertEqual(where, "copy_in xen/domain/guest_copy.c < do_call xen/domain/hypercall.c")

    def test_a_panic_without_frames_is_its_message(self):
        where, reason = campaign.place("x\nPanic on CPU 3: BUG at a.c:1\n")
        self.assertEqual((where, reason), ("BUG at a.c:1", "BUG at a.c:1"))

    def test_stats_are_read(self):
        match = campaign.STATS.search("#132441\tDONE   cov: 167 ft: 319 corp: 115/9Kb lim: 4096 "
                                      "exec/s: 14715 rss: 70Mb")
        self.assertEqual([int(g) for g in match.groups()], [132441, 167, 319, 115, 14715])


class Page(unittest.TestCase):
    """The report adds up all turns."""

    def test_two_turns_and_a_crash(self):
        with tempfile.TemporaryDirectory() as root:
            bucket = os.path.join(root, "crashes", "save-12345678")
            os.makedirs(bucket)
            with open(os.path.join(bucket, "what"), "w", encoding="utf-8") as file:
                file.write("save\nout of <bounds>\nload x.c\n")
            with open(os.path.join(root, "history.tsv"), "w", encoding="utf-8") as file:
                print(*campaign.FIELDS, sep="\t", file=file)
                print(1, "save", 10, 1000, 100, 50, 60, 7, 1, sep="\t", file=file)
                print(2, "save", 30, 9000, 300, 80, 90, 9, 0, sep="\t", file=file)
            report.write(root, ["CONTROL save: found in 1 s: a bound"])
            with open(os.path.join(root, "report.tsv"), encoding="utf-8") as file:
                self.assertIn("save\t40\t10000\t250\t80\t9\t1\n", file.read())
            with open(os.path.join(root, "report.html"), encoding="utf-8") as file:
                page = file.read()
            self.assertIn("out of &lt;bounds&gt;", page)
            self.assertIn("found in 1 s", page)


if __name__ == "__main__":
    unittest.main()
