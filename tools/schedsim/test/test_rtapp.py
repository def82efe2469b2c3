# SPDX-License-Identifier: GPL-2.0-or-later
"""Workloads of rt-app."""
import os

from helpers import INPUT, WORKLOADS, SimCase


class RtApp(SimCase):
    """What its events do, by arithmetic."""

    def simulate(self, tasks, cpus=1, duration=1, **more):
        """Rows of these tasks on that many CPUs."""
        path = self.file("rt.json", {"global": {"duration": duration}, "tasks": tasks, **more})
        return self.run_json("--machine", cpus, "--misses-ok", path)

    def refused(self, text, **task):
        """A task that is not simulated; text: what the message says."""
        path = self.file("rt.json", {"tasks": {"t": task}})
        _, err = self.sim("run", "--machine", 1, path, status=INPUT)
        self.assertIn(text, err)

    def test_timer(self):
        """A timer makes jobs with its period, whatever the work in between."""
        row = self.simulate({"t": {"run": 3000, "timer": {"ref": "unique", "period": 10000}}})[
            "domains", "t"]
        self.assertEqual((row["jobs"], row["misses"]), (100, 0))
        self.assertEqual(row["response_max_ns"], 3000000)

    def test_late_timer(self):
        """A late relative timer starts again from now; an absolute one catches up."""
        def late(mode):
            rows = self.simulate({"t": {"loop": 1, "phases": {
                "slow": {"run": 35000, "timer": {"ref": "u", "period": 10000, "mode": mode}},
                "fast": {"loop": 5, "run": 1000,
                         "timer": {"ref": "u", "period": 10000, "mode": mode}}}}})
            return rows["domains", "t"]
        self.assertEqual((late("relative")["jobs"], late("relative")["misses"]), (6, 1))
        self.assertEqual((late("absolute")["jobs"], late("absolute")["misses"]), (6, 3))

    def test_phases_and_loops(self):
        """2 * (3 * 1 ms + 2 ms) of computing, then the task ends."""
        row = self.simulate({"t": {"loop": 2, "phases": {
            "a": {"loop": 3, "run": 1000, "sleep": 1000}, "b": {"run0": 1500, "run1": 500}}}})[
                "domains", "t"]
        self.assertEqual(row["ran_ns"], 10000000)

    def test_runtime_passes_without_the_cpu(self):
        """run counts computing, runtime the time that passes."""
        rows = self.simulate({"a": {"loop": 1, "runtime": 100000}, "b": {"loop": 1, "run": 100000}})
        self.assertEqual(rows["domains", "b"]["ran_ns"], 100000000)
        self.assertLess(rows["domains", "a"]["ran_ns"], 60000000)

    def test_instances_meet(self):
        """Three instances pass a barrier together."""
        row = self.simulate({"t": {"instance": 3, "run": 1000, "barrier": "b", "sleep": 1000}},
                            cpus=3)["domains", "t"]
        self.assertEqual(row["vcpus"], 3)
        self.assertEqual(row["ran_ns"], 3 * 500 * 1000000)

    def test_conditions(self):
        """A resumed task runs as often as it is resumed; waiters of a broadcast all wake."""
        rows = self.simulate({
            "source": {"run": 100, "resume": "sink", "sleep": 900},
            "sink": {"suspend": "sink", "run": 200},
            "waiter": {"instance": 2, "lock": "m", "wait": {"ref": "c", "mutex": "m"},
                       "unlock": "m", "run": 50},
            "crier": {"sleep": 10000, "broad": "c"}}, cpus=4)
        self.assertEqual(rows["domains", "sink"]["ran_ns"], 1000 * 200000)
        self.assertEqual(rows["domains", "waiter"]["ran_ns"], 2 * 99 * 50000)

    def test_nice_is_weight(self):
        """Nice 0 and 5 on one CPU share it as 1.25^5 to 1."""
        rows = self.simulate({"a": {"run": 1000000}, "b": {"run": 1000000, "priority": 5}},
                             duration=4)
        self.assertAlmostEqual(rows["domains", "a"]["ran_ns"] / rows["domains", "b"]["ran_ns"],
                               1.25 ** 5, delta=0.15)

    def test_refused(self):
        """What cannot be simulated is an error, at its place."""
        self.refused("tasks.t.mem: unknown here", mem=10)
        self.refused("tasks.t.policy: vCPUs have no fixed priorities", policy="SCHED_FIFO")
        self.refused("tasks.t.dl-deadline: must be dl-period", policy="SCHED_DEADLINE",
                     **{"dl-runtime": 1000, "dl-period": 10000, "dl-deadline": 5000})
        self.refused("a task with two timers", timer0={"ref": "a", "period": 10},
                     timer1={"ref": "b", "period": 10})
        self.refused("tasks.t.run: a number", run="long")

    def test_shipped(self):
        """The workload in the tree."""
        rows = self.run_json("--machine", 4, os.path.join(WORKLOADS, "rtapp.json"))
        self.assertEqual(rows["domains", "video"]["jobs"], 480)
