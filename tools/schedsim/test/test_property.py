# SPDX-License-Identifier: GPL-2.0-or-later
"""`schedsim property`: that it counts, replays, and says what a line must be."""
import os

from helpers import SIM, USAGE, SimCase


class Property(SimCase):
    """The command; what it finds is tested by `make mutants`."""

    def property(self, *args, status=0):
        """Run the build with assertions."""
        return self.sim("property", *args, status=status, program="SCHEDSIM_CHECK")

    def test_counts(self):
        """Seeds of one policy."""
        out, _ = self.property("--policy", "credit2", "--seeds", 5, "--jobs", 2)
        self.assertEqual(out, "PROPERTY total 5 0 0\n")

    def test_bounds(self):
        """The kinds that check a bound count too, and a server that is left out is not made."""
        for kind in ("rtds-supply", "credit2-share"):
            out, _ = self.property("--policy", kind, "--seeds", 20)
            self.assertEqual(out, "PROPERTY total 20 0 0\n")
        _, whole = self.property("--replay", "rtds-supply 3 0")
        first = next(line for line in whole.splitlines() if line.startswith("d"))
        omit = 1 << int(first[1:].split(":")[0]) - 1
        _, less = self.property("--replay", f"rtds-supply 3 {omit:#x}")
        self.assertEqual(less, whole.replace(first + "\n", ""))

    def test_regressions(self):
        """Each line of the file is replayed once."""
        path = os.path.join(SIM, "property", "regressions.txt")
        with open(path, encoding="utf-8") as file:
            lines = sum(not line.startswith("#") for line in file)
        out, _ = self.property("--policy", "null", "--seeds", 1, "--regressions", path)
        self.assertEqual(out, f"PROPERTY total {lines + 1} 0 0\n")

    def test_same_scenario_twice(self):
        """A replay does the same things at the same times."""
        runs = [self.property("--replay", "credit2 12 0") for _ in range(2)]
        self.assertEqual(*runs)
        self.assertGreater(len(runs[0][1].splitlines()), 5)

    def test_leaving_out(self):
        """An item that is left out changes no other."""
        _, whole = self.property("--replay", "null 12 0")
        _, less = self.property("--replay", "null 12 0x1")
        self.assertIn(" d1: ", whole)
        self.assertNotIn(" d1: ", less)
        domains = [line for line in whole.splitlines() if " vCPUs in pool 0" in line][1:]
        self.assertTrue(domains)
        for line in domains:
            self.assertIn(line.split(None, 1)[1], less)

    def test_mistakes(self):
        """Lines and policies that are none."""
        _, err = self.property("--replay", "credit2", status=USAGE)
        self.assertIn("a line is POLICY SEED OMIT [GRAN]", err)
        _, err = self.property("--replay", "nonesuch 1 0", status=USAGE)
        self.assertIn("a line is POLICY SEED OMIT [GRAN]", err)
        _, err = self.property("--policy", "nonesuch", status=USAGE)
        self.assertIn("there is no such policy", err)
        for args in (("--gran", "node"), ("--replay", "credit 1 0 node")):
            _, err = self.sim("property", *args, program="SCHEDSIM_CHECK", status=USAGE)
            self.assertIn("node: the granularity is cpu, core or socket", err)
