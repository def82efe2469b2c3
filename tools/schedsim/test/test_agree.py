# SPDX-License-Identifier: GPL-2.0-or-later
"""`schedsim agree`, on traces of the simulator; agree.py does it with traces of the hypervisor."""
import struct

from helpers import DIVERGENCE, INPUT, SPIN, USAGE, SimCase, domain, periodic


class Agree(SimCase):
    """The same decisions, and others."""

    def trace(self, *options):
        """A trace of domains that share two CPUs."""
        path = self.path("t")
        self.sim("run", "--quiet", "--misses-ok", "--machine", 2, "--trace", path, *options, self.workload(
            domain(SPIN, vcpus=2, weight=512), domain(SPIN, vcpus=2),
            domain(periodic("7ms", "1ms"), vcpus=2),
            domain({"kind": "yield", "work": "300us"}), duration="300ms"))
        return path

    def world(self, *weights):
        """The domains of that trace."""
        return self.file("world.json", {"domains": [
            {"domid": i, "vcpus": n, "weight": weight}
            for i, (n, weight) in enumerate(zip((2, 2, 2, 1), weights), 1)]})

    def test_agrees(self):
        """A simulation that is decided again, on two policies, and with costs."""
        costs = self.file("costs.json", {"context_switch": "3us", "ipi": "1us", "timer": "1us"})
        for policy in "credit2", "credit":
            out, _ = self.sim("agree", "--machine", 2, "--policy", policy,
                              self.world(512, 256, 256, 256),
                              self.trace("--policy", policy, "--costs", costs))
            self.assertRegex(out, r"^all \d{3,} decisions are the same; ")

    def test_another_weight(self):
        """A world that is not the trace's decides otherwise."""
        out, err = self.sim("agree", "--machine", 2, self.world(512, 1024, 256, 256),
                            self.trace(), status=DIVERGENCE)
        self.assertRegex(out, r"the hypervisor chose d\dv\d for CPU \d and the simulator ")
        self.assertIn("Queues of the simulator", out)
        self.assertRegex(err, r"^schedsim: divergence at \d+ ns, after \d+ decisions\n$")

    def test_cut_ring(self):
        """A ring that was full ends the comparison, whatever the rest would show."""
        trace = self.trace()
        with open(trace, "ab") as out:
            out.write(struct.pack("<5I", 2 << 28 | 0x1f003, 1, 8, 1 << 28 | 0x1f004, 1))
        _, err = self.sim("agree", "--machine", 2, self.world(512, 256, 256, 256), trace,
                          status=INPUT)
        self.assertIn("1 records or more are missing", err)

    def test_mistakes(self):
        """Worlds and machines that are not the trace's."""
        trace = self.trace()
        _, err = self.sim("agree", "--machine", 2, self.world(512), trace, status=INPUT)
        self.assertIn("which is not in the world", err)
        _, err = self.sim("agree", "--machine", 1, self.world(512), trace, status=INPUT)
        self.assertIn("the trace has 2 CPUs", err)
        self.sim("agree", trace, status=USAGE)
