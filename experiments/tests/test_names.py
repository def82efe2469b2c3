# SPDX-License-Identifier: GPL-2.0-or-later
"""Names, values and conditions that match nothing are mistakes, wherever they are given."""
import contextlib
import io
import json
import glob
import os
import unittest
from unittest import mock

import world
from lab import cli, files, folder, metrics


class Plans(world.World):
    """In a plan: told before anything boots."""

    def refused(self, old, new, *expected):
        """The plan with this change is refused with these words."""
        self.plan(old, new)
        status, out, err = self.lab("validate", self.experiment)
        self.assertEqual(status, 2, out + err)
        for text in expected:
            self.assertIn(text, err)

    def test_benchmark(self):
        """A benchmark that does not exist, alone or among others."""
        for names in ("exit.cupid", "exit.cpuid,exit.cupid"):
            self.refused("unit={unit}", f"bench={names} unit={{unit}}",
                         "plan.toml:17: guest.first.args: unknown benchmark 'exit.cupid'; "
                         "did you mean 'exit.cpuid'? (lab.py metrics lists all)")

    def test_word(self):
        """A word that the guest does not know."""
        self.refused("unit={unit}", "unit={unit} rouns=5", "unknown word 'rouns'", "'rounds'")

    def test_setting_of_another_role(self):
        """What the first domain cannot have."""
        self.refused("args =", "weight = 5\nargs =", "guest.first.weight",
                     'only a guest with role = "domain" has it')

    def test_condition_without_a_boot(self):
        """An exclude, a when and a hypervisor's options that no boot of any variant meets."""
        self.refused("timeout = 60", 'exclude = [{ hypervisor = "xen-4.17", cost = 250 }, '
                     '{ cost = [] }]', "plan.toml:5: exclude: no boot has cost = []")
        self.refused("args =", "when = { cost = [] }\nargs =", "guest.first.when: no boot has")

    def test_options_of_a_side_that_is_not_booted(self):
        """Nothing would read them."""
        self.write("pretended/plan.toml", world.PLAN.replace(', "xen-4.17"]', "]").replace(
            "options = ", '"xen-4.17" = "bootscrub=off"\noptions = '))
        status, _, err = self.lab("validate", self.experiment)
        self.assertEqual((status, "hypervisor.xen-4.17: no boot has" in err), (2, True), err)

    def test_nothing_to_do(self):
        """No seed, no trace to collect."""
        self.refused("timeout = 60", "seeds = []", "seeds: is empty")
        self.refused("timeout = 60", 'collect = ["bench", "trace"]', "plan.toml:5: collect has",
                     "no boot records anything")

    def test_variants_may_need_a_condition_that_the_plan_does_not(self):
        """A condition for one variant is not a mistake."""
        self.plan("", '\n[guest.hog]\nimage = "bench"\nrole = "domain"\n'
                  'args = "bench=work.spin spin=1"\nbackground = true\nwhen = { cost = 1 }\n'
                  '[variant.short]\nfactors = { hypervisor = ["xenolith"], cost = [1] }\n')
        self.assertEqual(self.lab("validate", self.experiment)[0], 0)


class Boots(world.World):
    """In a boot: the cell fails."""

    def test_option(self):
        """An option that the hypervisor does not know."""
        self.plan('["plain"]', '["typo=1"]')
        status, out, _ = self.lab("run", self.experiment)
        self.assertEqual((status, out.count('unknown parameter "typo"') > 0), (1, True), out)
        outcome = folder.Run(self.run_folder()).outcome(0)
        self.assertEqual(outcome["status"], "failed")


class Analyses(world.World):
    """In an analysis: its line is told."""

    def refused(self, call, *expected):
        """An analysis with this call is refused with these words."""
        self.write("pretended/analyse.py", world.ANALYSE.replace('data.value("cost", cost=c)', call))
        self.lab("run", self.experiment)
        status, _, err = self.lab("analyse", self.run_folder())
        self.assertEqual(status, 2, err)
        for text in expected:
            self.assertIn(text, err)

    def test_metric(self):
        """A metric that nothing reports."""
        self.refused('data.value("csot", cost=c)', "unknown metric 'csot'; did you mean 'cost'?")

    def test_key_and_level(self):
        """A factor or level that the plan does not have."""
        self.refused('data.value("cost", cots=c)', "unknown key of records 'cots'", "'cost'")
        self.refused('data.value("cost", cost=99)', "unknown level of cost 99")
        self.refused('data.levels("cots")', "unknown factor 'cots'; did you mean 'cost'?")

    def test_a_benchmark_that_did_not_run_is_no_mistake(self):
        """A variant may measure less."""
        self.write("pretended/analyse.py", world.ANALYSE.replace(
            'data.value("cost", cost=c)', 'data.value("exit.cpuid", cost=c)'))
        self.assertEqual(self.lab("run", self.experiment)[0], 0)

    def test_what_was_not_measured_is_in_the_report(self):
        """With the guest's reason."""
        self.write("cache/bin/qemu-system-x86_64", world.EMULATOR.replace(
            'print("BENCH done"', 'print("BENCH-SKIP clock.hpet: none here")\nprint("BENCH done"'))
        self.lab("run", self.experiment)
        for name in ("report.md", "report.html"):
            self.assertIn("none here", self.read(self.run_folder(), name))


class Runs(world.World):
    """A run by the name of its experiment."""

    def two(self):
        """Two runs, the first of which was carried out later."""
        self.lab("run", self.experiment)
        first = self.run_folder()
        self.plan("[100, 250]", "[100, 251]")
        self.lab("run", self.experiment)
        for path, when in ((first, "2026-01-02T00:00:00Z"),
                           (next(self.place(f"results/{n}") for n in os.listdir(self.results)
                                 if n not in first), "2026-01-01T00:00:00Z")):
            manifest = files.read_json(os.path.join(path, "manifest.json"))
            files.write_json(os.path.join(path, "manifest.json"), {**manifest, "finished": when})
        return first

    def test_newest(self):
        """It is taken, and said."""
        first = self.two()
        status, out, err = self.lab("report", "pretended")
        self.assertEqual((status, os.path.basename(first) in out), (0, True), out)
        self.assertIn("is the newest of 2 runs", err)

    def test_nothing_is_removed_by_guessing(self):
        """Clean wants the folder."""
        self.two()
        status, _, err = self.lab("clean", "pretended")
        self.assertEqual((status, "may be any of" in err), (2, True), err)
        self.assertEqual(len(os.listdir(self.results)), 2)


class Commands(world.World):
    """Words of a command that it cannot honour."""

    def refused(self, *words):
        """What argparse or the laboratory says; nothing was run."""
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            try:
                status = cli.main(self.argv(*words))
            except SystemExit as end:
                status = end.code
        self.assertEqual(status, 2, words)
        self.assertFalse(os.path.exists(self.results), words)
        return err.getvalue()

    def test_numbers(self):
        """One repetition is the same as itself, and no core does no work."""
        for times in ("-1", "0", "1", "two"):
            self.assertIn("a number from 2 on", self.refused("repeat-digest", times,
                                                             self.experiment))
        for words in (("run", self.experiment), ("repeat-digest", "2", self.experiment)):
            for jobs in ("-1", "0", "1.5"):
                self.assertIn("a number from 1 on", self.refused(*words, f"--jobs={jobs}"))

    def test_options_of_another_backend(self):
        """They would have no effect."""
        for backend in ("local", "slurm"):
            for option in ("--hosts", "--ssh"):
                self.assertIn(f"{option} is for --backend parallel, not for {backend}",
                              self.refused("run", self.experiment, "--backend", backend, option,
                                           "one"))

    def test_hosts(self):
        """A list without a name is found before anything is built."""
        for hosts in (",", "one,", ",one", "one,,two", "one two"):
            self.assertIn("give names with commas between",
                          self.refused("run", self.experiment, "--backend", "parallel",
                                       f"--hosts={hosts}"))

    def test_cell(self):
        """The console of a boot that the run does not have."""
        self.lab("run", self.experiment)
        for index in ("4", "99999999999999999999"):
            status, _, err = self.lab("log", "pretended", index)
            self.assertEqual((status, f"no cell {index}; the last is 3" in err), (2, True), err)


class References(world.World):
    """lab.py keep."""

    def keep(self, dirty):
        """Run, and keep the run; (status, errors, what is kept)."""
        with mock.patch("lab.folder.commit", lambda: {"commit": "c" * 40, "dirty": dirty}), \
                mock.patch("lab.reproduce.RESULTS", self.place("kept")):
            self.lab("run", self.experiment)
            status, _, err = self.lab("keep", "pretended")
        kept = self.place("kept")
        return status, err, os.listdir(kept) if os.path.isdir(kept) else []

    def test_takes_the_place_of_the_one_before(self):
        """One reference an experiment."""
        status, err, first = self.keep(False)
        self.assertEqual((status, len(first)), (0, 1), err)
        self.plan("[100, 250]", "[100, 251]")
        self.results = self.place("later")
        status, err, second = self.keep(False)
        self.assertEqual((status, len(second)), (0, 1), err)
        self.assertNotEqual(first, second)

    def test_what_is_no_reference(self):
        """Made from a changed tree, or with a boot that failed."""
        status, err, kept = self.keep(True)
        self.assertEqual((status, kept, "a tree with changes" in err), (2, [], True), err)
        self.results = self.place("failed")
        self.plan('["plain"]', '["fail=1"]')
        status, err, kept = self.keep(False)
        self.assertEqual((status, kept, "missing or failed" in err), (2, [], True), err)


class Catalogue(world.World):
    """lab.py metrics."""

    def test_all(self):
        """Every row of every table of the guest, by group."""
        status, out, _ = self.lab("metrics")
        self.assertEqual(status, 0)
        found = {line.strip() for line in out.splitlines()}
        sources = "".join(metrics._read(name)   # pylint: disable=protected-access
                          for name in glob.glob("**/*.c", root_dir=metrics.SOURCES, recursive=True))
        self.assertEqual(sources.count("\nDEFINE_GROUP("), len(metrics.groups()))
        for group in metrics.groups():
            self.assertGreater(len(group.about), 20, group)
            self.assertTrue(group.names, group)
            self.assertLessEqual(set(group.names), found)

    def test_of_a_run(self):
        """What a run has."""
        self.lab("run", self.experiment)
        status, out, _ = self.lab("metrics", self.run_folder())
        self.assertEqual((status, out.split()), (0, ["cost", "instructions"]))
        self.assertTrue(json.loads(self.read(self.run_folder(), "metrics.json"))["metrics"])


if __name__ == "__main__":
    unittest.main()
