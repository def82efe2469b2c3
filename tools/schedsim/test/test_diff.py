# SPDX-License-Identifier: GPL-2.0-or-later
"""`schedsim diff`: the first different decision, of policies, of builds and of traces."""
import os

from helpers import DIVERGENCE, INPUT, SPIN, USAGE, WORKLOADS, SimCase, domain, periodic

MIXED = os.path.join(WORKLOADS, "mixed.json")


class Diff(SimCase):
    """Sides that agree, and sides that do not."""

    def test_same(self):
        """A policy decides as itself does; another build that is the same program too."""
        out, _ = self.sim("diff", "--machine", 4, "--duration", "200ms", "credit2", "credit2",
                          MIXED)
        self.assertRegex(out, r"^no difference in \d{4} decisions\n$")
        self.sim("diff", "--machine", 4, "--duration", "200ms", "credit2",
                 os.environ["SCHEDSIM"] + ":credit2", MIXED)

    def test_first_difference(self):
        """Two spinners on one CPU change places when the rate limit lets them, and not before."""
        work = self.workload(domain(SPIN, name="a"), domain(SPIN, name="b"), duration="50ms")
        out, err = self.sim("diff", "--machine", 1, "credit2:sched_ratelimit_us=1000",
                            "credit2:sched_ratelimit_us=700", work, status=DIVERGENCE)
        self.assertIn("the first 1 decisions are the same", out)
        self.assertIn("credit2:sched_ratelimit_us=1000: at 1000000 ns CPU 0 goes from d1v0 to d2v0",
                      out)
        self.assertIn("credit2:sched_ratelimit_us=700: at 700000 ns CPU 0 goes from d1v0 to d2v0",
                      out)
        self.assertEqual(out.count("Run queue 0: 1 CPUs, 2 units, 2 active, 1 waiting"), 2)
        self.assertEqual(out.count("d2v0 waiting"), 2)
        self.assertEqual(err, "schedsim: divergence at 700000 ns, after 1 decisions\n")

    def test_shipped_workloads(self):
        """credit and credit2 part on each, and the queues of both are shown."""
        for name, machine in ("mixed.json", 8), ("rtapp.json", 4), ("trace.dat", 4):
            out, err = self.sim("diff", "--machine", machine, "credit", "credit2",
                                os.path.join(WORKLOADS, name), status=DIVERGENCE)
            self.assertRegex(out, r"^the first \d+ decisions are the same; then")
            self.assertIn("Queues of credit before that:", out)
            self.assertIn("Queues of credit2 before that:", out)
            self.assertRegex(err, r"^schedsim: divergence at \d+ ns, after \d+ decisions\n$")

    def test_any_cpu(self):
        """Which CPU is compared unless that does not matter."""
        tasks = [domain(periodic("10ms", "1ms"), name="t"), domain(periodic("10ms", "2ms"))]
        one = self.path("one")
        two = self.path("two")
        for path, soft in (one, "0"), (two, "1"):
            self.sim("run", "--quiet", "--machine", 2, "--trace", path, self.workload(
                *[{**t, "soft": s} for t, s in zip(tasks, [soft, str(1 - int(soft))])],
                duration="100ms"))
        self.sim("diff", one, two, status=DIVERGENCE)
        self.sim("diff", "--any-cpu", one, two)

    def test_trace(self):
        """A simulation of zero cost and its own trace agree but for the records' 1 ns."""
        trace = self.path("t")
        work = self.workload(domain(SPIN, vcpus=2), duration="50ms")
        self.sim("run", "--quiet", "--machine", 1, "--trace", trace, work)
        self.sim("diff", trace, trace)
        out, _ = self.sim("diff", "--machine", 1, trace, "credit2", work, status=DIVERGENCE)
        self.assertIn("is a trace, which has no run queues", out)

    def test_page(self):
        """The page has both sides and nothing from elsewhere."""
        page = self.path("p.html")
        self.sim("diff", "--machine", 4, "--html", page, "credit2",
                 "credit2:sched_ratelimit_us=500", MIXED, status=DIVERGENCE)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text.count("{name:"), 2)
        self.assertNotRegex(text, r"(src|href)=|https?:")

    def test_mistakes(self):
        """Sides that are none, and a missing workload."""
        self.sim("diff", "credit2", "credit2", status=USAGE)
        self.sim("diff", "credit2", status=USAGE)
        _, err = self.sim("diff", "./none", "credit2", MIXED, status=INPUT)
        self.assertIn("./none: neither a trace nor a program", err)
        _, err = self.sim("diff", "--machine", 1, "nonesuch", "credit2", MIXED, status=USAGE)
        self.assertIn("policy nonesuch: there is no such policy", err)
        damaged = self.path("damaged")
        self.sim("run", "--quiet", "--machine", 1, "--trace", damaged, self.workload(domain(SPIN)))
        os.truncate(damaged, 40)
        _, err = self.sim("diff", damaged, damaged, status=INPUT)
        self.assertIn("a damaged change of CPU", err)
        page = self.path("none.html")
        self.sim("diff", "--machine", 1, "--html", page, "nonesuch", "credit2", MIXED,
                 status=USAGE)
        self.assertFalse(os.path.exists(page))
        _, err = self.sim("diff", *["--seed=1"] * 40, "credit2", "credit2", MIXED, status=INPUT)
        self.assertIn("more than 32 options", err)

    def test_options(self):
        """Both sides get each option as it was given, the last one of a kind counts."""
        spin = self.workload(domain(SPIN, vcpus=2))
        out, _ = self.sim("diff", "--verbose", "--machine", 2, "--duration", "5ms", "credit2",
                          "credit2", spin)
        self.assertIn("no difference in 2 decisions", out)
        self.sim("diff", *["--seed=1"] * 9, "--machine", 2, "--duration", "5ms", "credit2",
                 "credit2", spin)
