# SPDX-License-Identifier: GPL-2.0-or-later
"""`schedsim sets`: the sets, the tests of theory against their definitions, rtds against EDF."""
import collections
import re
from fractions import Fraction

from helpers import OK, USAGE, SimCase

BENCH = re.compile(r"BENCH sets\.(\S+) (\d+) \w+ by=(\w+)")
PERIODS = range(10000, 100001)


def gfb(tasks, cpus):
    """By its definition: tasks are (work, period)."""
    shares = [Fraction(work, period) for work, period in tasks]
    return sum(shares) <= cpus - (cpus - 1) * max(shares)


def bcl(tasks, cpus):
    """By its definition, with shares of the window in place of times."""
    for k, (work, window) in enumerate(tasks):
        slack = 1 - Fraction(work, window)
        total = Fraction(0)
        for i, (other, period) in enumerate(tasks):
            if i != k:
                jobs = (window - period) // period + 1
                carried = min(other, max(0, window - jobs * period))
                total += min(Fraction(jobs * other + carried, window), slack)
        if total >= cpus * slack:
            return False
    return True


class Sets(SimCase):
    """Small numbers of sets."""

    def counts(self, *args, status=OK):
        """{metric: {by: count}}, and all that was printed."""
        out, _ = self.sim("sets", *args, status=status)
        found = collections.defaultdict(dict)
        for metric, value, by in BENCH.findall(out):
            found[metric][by] = int(value)
        return found, out

    def sets(self, *args):
        """The sets, as lists of (work, period)."""
        out, _ = self.sim("sets", "--list", *args)
        return [[tuple(map(int, pair.split("/"))) for pair in line.split(": ")[-1].split()]
                for line in out.splitlines()]

    def test_sets_are_what_was_asked_for(self):
        """The sum, the periods and their distribution; a set alone is the same as among others."""
        made = self.sets("--machine", 4, "--utilisation", 0.7, "--sets", 400)
        self.assertEqual(len(made), 400)
        for tasks in made:
            self.assertEqual(len(tasks), 16)
            self.assertTrue(all(period in PERIODS and 10 <= work <= period
                                for work, period in tasks))
            self.assertAlmostEqual(sum(work / period for work, period in tasks), 2.8, delta=0.02)
        periods = [period for tasks in made for _, period in tasks]
        # Half of a log-uniform distribution lies below the geometric mean of its ends.
        below = sum(period * period < 10000 * 100000 for period in periods) / len(periods)
        self.assertAlmostEqual(below, 0.5, delta=0.03)
        self.assertEqual(self.sets("--machine", 4, "--utilisation", 0.7, "--sets", 1,
                                   "--first", 123), [made[123]])
        self.assertNotEqual(self.sets("--machine", 4, "--utilisation", 0.7, "--sets", 400,
                                      "--seed", 2), made)

    def test_theory_is_its_definition(self):
        """GFB and BCL accept the sets that their definitions accept, in exact arithmetic."""
        seen = set()
        for cpus, share in ((1, 1.0), (2, 0.5), (4, 0.4), (4, 0.55)):
            args = "--machine", cpus, "--utilisation", share, "--sets", 150
            made, (found, _) = self.sets(*args), self.counts(*args, "--policies", "rtds")
            want = {"gfb": [gfb(tasks, cpus) for tasks in made],
                    "bcl": [bcl(tasks, cpus) for tasks in made]}
            for name, verdicts in want.items():
                self.assertEqual(found["schedulable"][name], sum(verdicts), (name, cpus, share))
                seen |= set(verdicts)
            self.assertEqual(found["schedulable"]["theory"],
                             sum(map(max, zip(want["gfb"], want["bcl"]))))
        self.assertEqual(seen, {True, False})

    def test_rtds_is_edf(self):
        """rtds ends every job when the reference does, also of sets that miss deadlines."""
        missed = 0
        for cpus in (1, 2, 3, 8):
            found, _ = self.counts("--machine", cpus, "--utilisation", 0.95, "--sets", 60,
                                   "--policies", "rtds")
            self.assertEqual(found["same_as_reference"]["rtds"], 60)
            self.assertEqual(found["schedulable"]["rtds"], found["schedulable"]["reference"])
            self.assertEqual(found["safe.misses"]["rtds"], 0)
            missed += 60 - found["schedulable"]["rtds"]
        self.assertGreater(missed, 0)

    def test_again(self):
        """The same words, the same lines; another seed, others."""
        args = "--machine", 2, "--utilisation", 0.8, "--sets", 40
        self.assertEqual(self.counts(*args)[1], self.counts(*args)[1])
        self.assertNotEqual(self.counts(*args)[1], self.counts(*args, "--seed", 7)[1])

    def test_mistakes(self):
        """What cannot be studied is refused."""
        for args in (["--machine", 1], ["--machine", 1, "--utilisation", 1.5],
                     ["--machine", 128, "--utilisation", 0.5],
                     ["--machine", 1, "--utilisation", 0.5, "--policy", "credit"],
                     ["--machine", 1, "--utilisation", 1, "--tasks", 0],
                     ["--machine", 1, "--utilisation", 0.5, "--policies", "rtds,nonsense"]):
            out, _ = self.sim("sets", *args, status=USAGE)
            self.assertEqual(out, "")
        self.sim("sets", "--machine", 1, "--utilisation", 0.5, "w.json", status=USAGE)
