# SPDX-License-Identifier: GPL-2.0-or-later
"""costs.py: measured instructions become a file of costs that schedsim takes."""
import json
import os
import subprocess
import sys

from helpers import SIM, SPIN, SimCase, domain

COSTS = os.path.join(SIM, "costs.py")


def metric(name, value, cpus=1, sched="credit2", hypervisor="xenolith"):
    """A figure of sched-cost."""
    return {"hypervisor": hypervisor, "sched": sched, "cpus": cpus, "metric": name,
            "unit": "instructions", "value": value}


class Costs(SimCase):
    """Figures of one CPU, of one policy, less the hypercall."""

    def convert(self, metrics, *options):
        """Run costs.py on these figures."""
        path = self.file("metrics.json", {"metrics": metrics})
        return subprocess.run([sys.executable, COSTS, path, *options], capture_output=True,
                              text=True, check=False)

    def test_costs(self):
        """The right figures, in nanoseconds, and the simulation takes them."""
        figures = [metric("exit.hypercall", 200), metric("sched.yield", 600),
                   metric("sched.switch", 1600), metric("sched.switch", 5000, cpus=2),
                   metric("sched.yield", 7000, hypervisor="xen-4.17"),
                   metric("sched.yield", 800, sched="credit")]
        out = json.loads(self.convert(figures, "--ns-per-instruction", "0.5").stdout)
        self.assertEqual((out["decision"], out["context_switch"]), ("200ns", "500ns"))
        self.assertIn("credit2", out["source"])
        costs = self.file("costs.json", out)
        work = self.workload(domain(SPIN, vcpus=2), duration="100ms")
        free = self.run_json("--machine", 1, work)["domains", "domain"]["ran_ns"]
        paid = self.run_json("--machine", 1, "--costs", costs, work)["domains", "domain"]["ran_ns"]
        self.assertLess(paid, free)

    def test_missing_figures(self):
        """Another policy's figures are not taken instead."""
        done = self.convert([metric("exit.hypercall", 200), metric("sched.yield", 600)],
                            "--policy", "credit")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no sched-cost figures of credit on one CPU", done.stderr)
