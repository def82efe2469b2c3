# SPDX-License-Identifier: GPL-2.0-or-later
"""Cells that are simulations: plans, runs, and reports without any emulator."""
import json
import os
import stat
import sys

import world
from lab import cells, console, folder, plan as plans

SIMULATOR = f"""#!{sys.executable}
import sys
words = dict(zip(sys.argv[2::2], sys.argv[3::2]))
if words["--machine"] == "3":
    print("schedsim: error: three is too many", file=sys.stderr); sys.exit(1)
print("BENCH cost", 10 * int(words["--machine"]), "sets by=rtds")
"""

PLAN = """# SPDX-License-Identifier: GPL-2.0-or-later
title = "A pretended simulation"
question = "Does it cost more?"
no = "the same cost"
repetitions = 3

[simulation]
command = "sets --machine {cpus} --seed {seed} --share {cost}"

[factors]
cpus = [1, 2]
cost = [0.5]
"""


class Simulations(world.World):
    """Plans with [simulation]."""

    def setUp(self):
        super().setUp()
        self.write("build/schedsim/schedsim", SIMULATOR)
        os.chmod(self.place("build/schedsim/schedsim"), stat.S_IRWXU)
        self.write("pretended/plan.toml", PLAN)

    def change(self, old, new):
        """Change the plan."""
        self.assertIn(old, PLAN)
        self.write("pretended/plan.toml", PLAN.replace(old, new))

    def complain(self, old, new, *expected):
        """The plan with this change is refused with these words."""
        self.change(old, new)
        status, _, err = self.lab("validate", self.experiment)
        self.assertEqual(status, 2, err)
        for text in expected:
            self.assertIn(text, err)

    def test_whole(self):
        """It runs once whatever the repetitions, is exact, and the report says what it is."""
        self.write("pretended/analyse.py", world.ANALYSE.replace("cost=c", "cost=c, by='rtds'"))
        status, out, err = self.lab("run", self.experiment)
        self.assertEqual(status, 0, out + err)
        run = folder.Run(self.run_folder())
        self.assertEqual([cell.exact for cell in run.cells], [True, True])
        self.assertEqual(run.manifest["emulators"], {})
        self.assertEqual(list(run.manifest["inputs"]), ["schedsim"])
        self.assertEqual(run.outcome(1)["command"], ["schedsim", "sets", "--machine", "2", "--seed",
                                                     "1", "--share", "0.5"])
        found = json.loads(self.read(run.path, "metrics.json"))["metrics"]
        self.assertEqual([(m["cpus"], m["value"], m["exact"]) for m in found],
                         [(1, 10, True), (2, 20, True)])
        self.assertIn("2 of 2 simulations ran the hypervisor's scheduler",
                      self.read(run.path, "report.md"))
        status, out, _ = self.lab("repeat-digest", "2", self.experiment)
        self.assertEqual((status, out.count("identical 2/2")), (0, 2), out)

    def test_failure(self):
        """A simulation that fails is told of with its own words."""
        self.change("[1, 2]", "[1, 3]")
        status, out, _ = self.lab("run", self.experiment)
        self.assertEqual(status, 1)
        self.assertIn("three is too many", out)

    def test_mistakes(self):
        """A factor that the command does not name, even a known one; no command; no guest."""
        self.complain("--machine {cpus} ", "--machine 1 ", "factors.cpus", "unknown factor")
        self.complain("sets --machine {cpus} --seed {seed} --share {cost}", " ", "has no command")
        self.complain("[factors]", "when = { cpus = 1 }\n[factors]", "there is no guest")
        self.complain("command =", "comand =", "did you mean 'command'?")
        self.complain("[factors]", "files.load.weight = 1\n[factors]", "simulation.files", "@NAME")
        self.complain("[factors]", "files.load = 1\n[factors]", "give a table")
        self.complain("cost = [0.5]", "cost = [0.5]\narrangement = [1]", "has {arrangement}")

    def test_files(self):
        """A file of the plan has the cell's levels in it, is beside the outcome, and is the word's."""
        self.change("{cost}\"\n", "{cost} --file @load-{cost}\"\nfiles.load-x.weight = 1\n"
                    "files.load-y = { duration = \"1s\", domains = [{ weight = \"{cpus}\" }] }\n")
        plan = self.read("pretended/plan.toml").replace("cost = [0.5]", "cost = [\"y\"]")
        self.write("pretended/plan.toml", plan)
        self.write("pretended/analyse.py", world.ANALYSE)
        status, out, err = self.lab("run", self.experiment)
        self.assertEqual(status, 0, out + err)
        run = folder.Run(self.run_folder())
        into = run.cell_folder(1)
        self.assertEqual(json.loads(self.read(into, "load-y.json")),
                         {"duration": "1s", "domains": [{"weight": 2}]})
        self.assertFalse(os.path.exists(os.path.join(into, "load-x.json")))
        self.assertEqual(run.outcome(1)["command"][-1], "@load-y")
        self.write("pretended/plan.toml", plan.replace("[\"y\"]", "[\"z\"]"))
        status, _, err = self.lab("validate", self.experiment)
        self.assertEqual(status, 2, err)
        self.assertIn("unknown file 'load-z'", err)

    def test_beside_boots(self):
        """A condition chooses which cells are simulations; the others boot."""
        self.change("[factors]", 'when = { by = "simulator" }\n[guest.first]\nimage = "bench"\n'
                    '[factors]\nby = ["simulator", "machine"]')
        found = cells.expand(plans.load(self.experiment))
        self.assertEqual([("simulation" in cell.config, cell.factors["by"], cell.factors["cpus"])
                          for cell in found],
                         [(True, "simulator", 1), (True, "simulator", 2),
                          (False, "machine", 1), (False, "machine", 2)])
        self.assertEqual(cells.images_of(found), ["bench", "schedsim", "xenolith"])

    def test_summary(self):
        """The lines of `schedsim run --tsv` are records."""
        found = console.records("table\trow\tname\tvalue\nrun\t\tpolicy\trtds\n"
                                "domains\tweb\tlatency_p99.9_ns\t1200\ncpu\t3\tidle_ns\t7\n")
        self.assertEqual([(r["metric"], r["row"], r["value"], r["unit"]) for r in found],
                         [("domains.latency_p99.9_ns", "web", 1200, "ns"),
                          ("cpu.idle_ns", "3", 7, "ns")])
