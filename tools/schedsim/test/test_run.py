# SPDX-License-Identifier: GPL-2.0-or-later
"""`schedsim run`: what it prints, how it ends, and that it does so every time."""
import json
import os
import subprocess
import sys

from helpers import INPUT, MISS, REPO, SPIN, STALL, USAGE, WORKLOADS, SimCase, domain, periodic

MIXED = os.path.join(WORKLOADS, "mixed.json")


class Run(SimCase):
    """Results that follow from arithmetic."""

    def test_shares_follow_weights(self):
        """Two spinners on one CPU with weights 1 to 3 run a quarter and three quarters."""
        rows = self.run_json("--machine", 1, self.workload(
            domain(SPIN, name="light", weight=256), domain(SPIN, name="heavy", weight=768),
            duration="4s"))
        self.assertAlmostEqual(rows["domains", "light"]["cpus_used"], 0.25, delta=0.01)
        self.assertAlmostEqual(rows["domains", "heavy"]["cpus_used"], 0.75, delta=0.01)
        self.assertEqual(rows["cpu", "0"]["idle_ns"], 0)

    def test_cap(self):
        """A cap of 30 % holds on an idle machine."""
        rows = self.run_json("--machine", 2, self.workload(
            domain(SPIN, name="capped", cap=30), duration="2s"))
        self.assertAlmostEqual(rows["domains", "capped"]["cpus_used"], 0.30, delta=0.01)

    def test_periodic_alone(self):
        """A task alone on a machine starts at once and ends its jobs after its work."""
        rows = self.run_json("--machine", 1, self.workload(
            domain(periodic("10ms", "3ms"), name="t")))
        row = rows["domains", "t"]
        self.assertEqual((row["jobs"], row["misses"], row["latency_max_ns"]), (100, 0, 0))
        self.assertEqual(row["response_max_ns"], 3000000)
        self.assertEqual(rows["cpu", "0"]["idle_ns"], 700000000)

    def test_costs(self):
        """A context switch delays the first instruction, and a decision takes the vCPU's time."""
        costs = self.file("costs.json", {"context_switch": "5us", "decision": "2us"})
        rows = self.run_json("--machine", 1, "--costs", costs, self.workload(
            domain(periodic("10ms", "3ms"), name="t")))
        row = rows["domains", "t"]
        self.assertEqual(row["latency_p50_ns"], 7000)
        self.assertEqual(row["response_p50_ns"], 3007000)

    def test_remote(self):
        """Away from its memory a vCPU takes longer for its work, and the time there is counted."""
        costs = self.file("costs.json", {"remote": 50})
        rows = self.run_json("--machine", "2x1x1", "--costs", costs, self.workload(
            domain(periodic("10ms", "3ms"), name="far", hard="0", home=1),
            domain(periodic("10ms", "3ms"), name="near", hard="1", home=1)))
        far, near = rows["domains", "far"], rows["domains", "near"]
        self.assertEqual((far["response_p50_ns"], near["response_p50_ns"]), (4500000, 3000000))
        self.assertEqual((far["remote_ns"], near["remote_ns"]), (450000000, 0))
        # Preempted over and over by the other, it does no work twice.
        rows = self.run_json("--machine", 1, "--costs", costs, self.workload(
            domain(SPIN, name="other"),
            domain(periodic("1s", "200ms"), name="far", home=1), duration="4s"))
        self.assertAlmostEqual(rows["domains", "far"]["remote_ns"], 4 * 300e6, delta=2e6)

    def test_windows(self):
        """arinc653 gives each vCPU its window; no other policy takes windows."""
        load = self.workload(domain(SPIN, name="a", window="3ms"),
                             domain(SPIN, name="b", window="1ms"), duration="4s")
        rows = self.run_json("--machine", 1, "--policy", "arinc653", load)
        self.assertAlmostEqual(rows["domains", "a"]["cpus_used"], 0.75, delta=0.01)
        self.assertAlmostEqual(rows["domains", "b"]["cpus_used"], 0.25, delta=0.01)
        _, err = self.sim("run", "--machine", 1, load, status=INPUT)
        self.assertIn("the policy has no windows", err)

    def test_never_ran(self):
        """A vCPU that no CPU may run is a stall in a run that is shorter than one, too."""
        load = self.workload(domain(SPIN, name="a", window="3ms"), domain(SPIN, name="b"),
                             duration="100ms")
        _, err = self.sim("run", "--machine", 1, "--policy", "arinc653", load, status=STALL)
        self.assertIn("1 of 2 vCPUs never had a CPU, the first one d2v0", err)

    def test_budget_above_period(self):
        """A reservation that cannot be is refused with what may be."""
        load = self.workload(domain(SPIN, name="a", period="1ms", budget="2ms"), duration="100ms")
        _, err = self.sim("run", "--machine", 1, "--policy", "rtds", load, status=INPUT)
        self.assertIn("the budget at most the period", err)

    def test_one_form_of_summary(self):
        """Options that exclude one another are wrong usage."""
        load = self.workload(domain(SPIN, name="a"), duration="10ms")
        for options in (["--tsv", "--json"], ["--quiet", "--tsv"], ["--json", "--quiet"]):
            _, err = self.sim("run", "--machine", 1, *options, load, status=USAGE)
            self.assertIn("--tsv, --json and --quiet exclude one another", err)

    def test_barrier_lock_device(self):
        """vCPUs that wait for one another make progress, and a device serves one at a time."""
        rows = self.run_json("--machine", 4, self.workload(
            domain({"kind": "barrier", "barrier": "b", "work": "1ms"}, name="b", vcpus=2),
            domain({"kind": "io", "device": "d", "work": "0us", "service": "1ms"}, name="d",
                   vcpus=4), duration="1s"))
        self.assertAlmostEqual(rows["domains", "b"]["cpus_used"], 2, delta=0.01)
        self.assertLess(rows["domains", "d"]["latency_samples"], 1010)
        self.assertGreater(rows["domains", "d"]["latency_samples"], 990)
        rows = self.run_json("--machine", 2, self.workload(
            domain({"kind": "lock", "lock": "l", "work": "0us", "hold": "1ms"}, name="l", vcpus=2)))
        self.assertAlmostEqual(rows["domains", "l"]["spun_ns"], 1e9, delta=2e6)

    def test_same_digest_twice(self):
        """The same seed gives the same decisions and the same bytes of trace; another does not."""
        traces = [self.path("a"), self.path("b")]
        digests = [self.run_json("--machine", 4, "--duration", "300ms", "--trace", trace,
                                 MIXED)["run", ""]["digest"] for trace in traces]
        self.assertEqual(*digests)
        contents = []
        for trace in traces:
            with open(trace, "rb") as file:
                contents.append(file.read())
        self.assertEqual(*contents)
        other = self.run_json("--machine", 4, "--duration", "300ms", "--seed", 2, MIXED)
        self.assertNotEqual(other["run", ""]["digest"], digests[0])

    def test_trace_is_the_hypervisors(self):
        """The trace tools read the trace, and find every runstate to follow from the last."""
        trace = self.path("t")
        self.sim("run", "--quiet", "--machine", 4, "--duration", "300ms", "--trace", trace, MIXED)
        done = subprocess.run([sys.executable, os.path.join(REPO, "traces", "xltrace.py"),
                               "summary", "--json", trace], capture_output=True, text=True,
                              check=True)
        overview = {row["what"]: row["value"]
                    for row in json.loads(done.stdout)["overview"]["rows"]}
        self.assertEqual((overview["CPUs"], overview["vCPUs"]), (4, 36))
        self.assertEqual(overview["runstates that do not follow from the one before"], 0)
        self.assertEqual(done.stderr, "")


class Topology(SimCase):
    """Machines."""

    def cpus(self, machine, status=0):
        """How many CPUs --machine makes."""
        rows = self.run_json("--machine", machine, self.workload(domain(SPIN), duration="10ms"),
                             status=status)
        return rows["run", ""]["cpus"]

    def test_forms(self):
        """Numbers, products, files and this machine."""
        self.assertEqual(self.cpus("3"), 3)
        self.assertEqual(self.cpus("2x4x2"), 16)
        self.assertEqual(self.cpus(self.file("m.json", {"sockets": 2, "cores": 3})), 6)
        self.assertEqual(self.cpus(self.file("n.json", {"cpus": [
            {"socket": 0, "core": 0}, {"socket": 1, "core": 0, "node": 1}]})), 2)
        self.assertGreaterEqual(self.cpus("host"), 1)

    def test_sysfs(self):
        """A copy of a sysfs: CPU 1 is offline, so it has no topology, and does not count."""
        root = self.path("sysfs")
        for cpu, (socket, core) in {0: (0, 0), 2: (0, 1), 3: (1, 0)}.items():
            folder = os.path.join(root, "cpu", f"cpu{cpu}")
            os.makedirs(os.path.join(folder, "topology"))
            os.mkdir(os.path.join(folder, f"node{socket}"))
            for name, value in (("physical_package_id", socket), ("core_id", core)):
                with open(os.path.join(folder, "topology", name), "w", encoding="utf-8") as file:
                    file.write(f"{value}\n")
        os.mkdir(os.path.join(root, "cpu", "cpu1"))
        self.assertEqual(self.cpus(root), 3)
        _, err = self.sim("run", "--machine", self.folder.name, MIXED, status=INPUT)
        self.assertIn("no CPU has a folder cpu/cpuN/topology", err)

    def test_largest(self):
        """4096 CPUs and 65536 vCPUs."""
        rows = self.run_json("--machine", "64x32x2", self.workload(
            domain(periodic("50ms", "1ms"), name="t", count=1024, vcpus=64,
                   start={"uniform": ["0ms", "50ms"]}), duration="20ms"))
        self.assertEqual((rows["run", ""]["cpus"], rows["run", ""]["vcpus"]), (4096, 65536))


class Failures(SimCase):
    """One line on stderr, and a status that scripts can rely on."""

    def fails(self, status, text, *args):
        """Run with these arguments; stderr is one line with this text."""
        _, err = self.sim("run", "--quiet", *args, status=status)
        self.assertIn(text, err)
        self.assertEqual(len(err.splitlines()), 1, err)

    def test_stall(self):
        """The null policy keeps a second vCPU waiting for ever."""
        self.fails(STALL, "has waited for a CPU since 0.000000 s", "--machine", 1, "--policy",
                   "null", "--stall", "100ms", self.workload(domain(SPIN, vcpus=2)))
        self.sim("run", "--quiet", "--machine", 2, "--stall", "1ns", "--duration", "1us",
                 self.workload(domain(SPIN)))

    def test_miss(self):
        """Two tasks that need 0.6 of a CPU each miss deadlines on one CPU."""
        tasks = self.workload(domain(periodic("10ms", "6ms"), count=2))
        self.fails(MISS, "jobs missed their deadlines", "--machine", 1, tasks)
        self.sim("run", "--quiet", "--misses-ok", "--machine", 1, tasks)

    def test_inputs(self):
        """Each mistake is named with its place."""
        good = self.file("good.json", {"duration": "1s", "domains": [domain(SPIN)]})
        self.fails(INPUT, "no such file".capitalize(), self.path("none.json"))
        self.fails(INPUT, "not JSON", self.file("bad.json", "{"))
        self.fails(INPUT, "domains[0].task.kind: spin, periodic",
                   self.workload(domain({"kind": "dance"})))
        self.fails(INPUT, "domains[0].wieght: unknown here",
                   self.workload(domain(SPIN, wieght=3)))
        self.fails(INPUT, "domains[0].task.period: a time such as ",
                   self.workload(domain({"kind": "periodic", "work": "1ms"})))
        self.fails(INPUT, "domains[0].task.period: a time above 0 ",
                   self.workload(domain(periodic("0us", "1us"))))
        self.fails(USAGE, "--policy: there is no such policy", "--policy", "", good)
        self.fails(USAGE, "--policy names the policy", "--options", "a=b sched=null", good)
        self.fails(USAGE, "SOCKETSxCORESxTHREADS, must be here", "--machine", "2x4", good)
        self.fails(USAGE, "policy nonesuch: there is no such policy", "--policy", "nonesuch", good)
        self.fails(USAGE, "a machine has 1 to 4096 CPUs", "--machine", 5000, good)
        self.fails(INPUT, "is not a list of the machine's 1 CPUs", "--machine", 1,
                   self.workload(domain(SPIN, hard="0-1")))
        self.fails(INPUT, "has no such parameters; leave them out", "--policy", "null",
                   "--machine", 2, self.workload(domain(SPIN, weight=3)))
        self.fails(INPUT, "never computes nor waits", self.workload(
            domain({"kind": "bursty", "work": "0us", "sleep": "0us"})))
        for task in ({"kind": "yield", "work": "0us"},
                     {"kind": "barrier", "barrier": "b", "work": "0us"},
                     {"kind": "io", "device": "d", "work": "0us", "service": "0us"}):
            self.fails(INPUT, "the time stays at 0.000000 s", "--machine", 2,
                       self.workload(domain(task, vcpus=2)))
        self.fails(USAGE, "name one workload")
        self.fails(USAGE, "--duration 5: a time", "--duration", "5", good)
        for value in ("-1", " -1", "1x", "18446744073709551616"):
            self.fails(USAGE, f"--seed {value}: a natural number", "--seed", value, good)
        for value in ("0.5", "1e9x", "inf", "1e30"):
            self.fails(USAGE, f"--tsc-hz {value}: a frequency in Hz", "--tsc-hz", value, good)
        self.fails(INPUT, "65536 vCPUs at most", self.workload(domain(SPIN, count=1025, vcpus=64)))

    def test_whole_documents(self):
        """A document is whole, and is all that its file has."""
        for text in ("", "{", "{} {}", "{}\0", '{"duration": "1s"} tail', "[}"):
            self.fails(INPUT, "not JSON: ", self.file("bad.json", text))
        for text, why in (("", "unexpected end of data at byte 0"), ("null", "not an object"),
                          (" {} x", "more text after it at byte 4")):
            self.fails(INPUT, why, self.file("bad.json", text))
        self.sim("run", "--quiet", self.file("good.json", "\n" + json.dumps(
            {"duration": "1ms", "domains": [domain(SPIN)]}) + " \n\n"))

    def test_refused_trace(self):
        """What is refused leaves no trace, and an old one as it was."""
        bad = self.workload(domain(SPIN, weight=3), name="bad.json")
        late = self.workload(domain({"kind": "bursty", "work": "0us", "sleep": "0us"}))
        old = self.file("old.trace", "old")
        for trace in (self.path("new.trace"), old):
            for policy, work, status in (("nonesuch", late, USAGE), ("null", bad, INPUT),
                                         ("credit2", late, INPUT)):
                self.sim("run", "--policy", policy, "--trace", trace, work, status=status)
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["bad.json", "old.trace", "w.json"])
        with open(old, encoding="utf-8") as kept:
            self.assertEqual(kept.read(), "old")
        self.sim("run", "--quiet", "--duration", "1us", "--trace", old, self.workload(domain(SPIN)))
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["bad.json", "old.trace", "w.json"])
        self.assertGreater(os.path.getsize(old), 3)
        self.sim("run", "--quiet", "--duration", "1us", "--trace", "/dev/null",
                 self.workload(domain(SPIN)))
        self.fails(INPUT, "/dev/full: cannot be written", "--trace", "/dev/full", MIXED)
