#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The campaign's own tests: where a failure is put, and what the page says."""
import os
import tempfile
import types
import unittest
import unittest.mock

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
        where, reason = campaign.place(ASAN, "save")
        self.assertEqual(reason, "heap-buffer-overflow")
        self.assertEqual(where, "copy_in xen/domain/guest_copy.c < do_call xen/domain/hypercall.c")

    def test_a_panic_without_frames_is_its_message(self):
        where, reason = campaign.place("x\nPanic on CPU 3: BUG at a.c:1\n", "save")
        self.assertEqual((where, reason), ("BUG at a.c:1", "BUG at a.c:1"))

    def test_a_target_says_itself_what_is_wrong(self):
        _, reason = campaign.place("save: it is refused\nERROR: libFuzzer: deadly signal\n", "save")
        self.assertEqual(reason, "it is refused")

    def test_stats_are_read(self):
        match = campaign.STATS.search("#132441\tDONE   cov: 167 ft: 319 corp: 115/9Kb lim: 4096 "
                                      "exec/s: 14715 rss: 70Mb")
        self.assertEqual([int(g) for g in match.groups()], [132441, 167, 319, 115, 14715])


# Fails at its first start, and searches until the end of its time at its second.
TARGET = """for a; do case $a in
-max_total_time=*) time=${a#*=} ;; -artifact_prefix=*) found=${a#*=} ;; -minimize*) exit ;;
esac; done
echo '#7 DONE cov: 5 ft: 6 corp: 2/9b lim: 4 exec/s: 7 rss: 1Mb'
if [ -f $0.once ]; then echo $time > $0.time; exit; fi
touch $0.once; echo bad > $found/crash; echo 'fake: wrong 12 times'; exit 1
"""


class Turns(unittest.TestCase):
    """A turn does not end with a failure."""

    def test_the_search_goes_on(self):
        with tempfile.TemporaryDirectory() as build:
            path = os.path.join(build, "fake")
            with open(path, "w", encoding="utf-8") as file:
                file.write(TARGET)
            run = campaign.Campaign(types.SimpleNamespace(build=build))
            run.command = lambda target: ["sh", path]
            turn = run.run("fake", 100)
            self.assertEqual((turn.execs, turn.crashes, turn.coverage), (14, 1, 5))
            with open(path + ".time", encoding="utf-8") as file:
                self.assertGreater(int(file.read()), 0)
            crashes = os.path.join(run.root, "crashes")
            with open(os.path.join(crashes, os.listdir(crashes)[0], "what"), encoding="utf-8") as f:
                self.assertIn("wrong 12 times", f.read())


    def test_a_target_that_does_not_run_is_not_a_search_without_failures(self):
        with tempfile.TemporaryDirectory() as root:
            run = campaign.Campaign(types.SimpleNamespace(build=root))
            run.command = lambda target: ["sh", "-c", "echo no machine; exit 3"]
            run.run("fake", 100)
            self.assertEqual(run.not_run, ["fake"])
            with open(os.path.join(run.folder("fake"), "log.not-run"), encoding="utf-8") as file:
                self.assertEqual(file.read(), "no machine\n")

    def test_a_target_that_does_not_end_is_ended_and_named(self):
        with tempfile.TemporaryDirectory() as root:
            run = campaign.Campaign(types.SimpleNamespace(build=root))
            run.command = lambda target: ["sh", "-c", "sleep 60"]
            with unittest.mock.patch.object(campaign, "PATIENCE", 0.2):
                run.run_once(campaign.Turn("fake"), 0)
            self.assertEqual(run.not_run, ["fake"])


class Page(unittest.TestCase):
    """The report adds up all turns."""

    def test_a_damaged_history_is_told_with_its_line(self):
        for bad in ("cut off\t1", "1\tsave\t10\tmany\t1\t1\t1\t1\t1", ""):
            with tempfile.TemporaryDirectory() as root, self.subTest(bad):
                with open(os.path.join(root, "history.tsv"), "w", encoding="utf-8") as file:
                    print(*campaign.FIELDS, sep="\t", file=file)
                    print(1, "save", 10, 1000, 100, 50, 60, 7, 1, sep="\t", file=file)
                    print(bad, file=file)
                with self.assertRaisesRegex(report.Damaged, "line 3 is not a turn"):
                    report.read(root)

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

    def test_part_of_an_array(self):
        """Tasks of an array that begins anywhere, with steps between them, are numbered from 1."""
        def part(task, first, count, **more):
            return campaign.part_of_array({"SLURM_ARRAY_TASK_ID": task, "SLURM_ARRAY_TASK_MIN": first,
                                           "SLURM_ARRAY_TASK_COUNT": count, **more})
        self.assertEqual([part(str(i), "1", "4") for i in range(1, 5)], ["1/4", "2/4", "3/4", "4/4"])
        self.assertEqual(part("0", "0", "3"), "1/3")
        self.assertEqual([part(str(i), "5", "3", SLURM_ARRAY_TASK_STEP="2") for i in (5, 7, 9)],
                         ["1/3", "2/3", "3/3"])
        self.assertEqual(campaign.part_of_array({}), "1/1")


if __name__ == "__main__":
    unittest.main()
