# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tools conclude from records, and the tables they make of it."""
import json
import os
import tempfile
import unittest

from helpers import CATALOGUE, RECORDED, abi, change, model_of, number, recorded, run, window
from tracelib import catalogue, files, merge, reasons, stats, summary, synth
from tracelib.errors import TraceError

RUN, WAIT, BLOCK = 0, 1, 2
A, B, IDLE0 = (1, 0), (2, 0), (catalogue.IDLE, 0)
HLT, VMMCALL = 0x78, 0x81


def leave(tsc, reason=VMMCALL):
    """An exit."""
    return (tsc, "vmexit", reason, 0x1000, 0)


def post(tsc, vcpu, vector):
    """An interrupt becomes pending."""
    return (tsc, "virq_post", vcpu[1] << 16 | vcpu[0], vector)


class CatalogueTest(unittest.TestCase):
    """Names and fields."""

    def test_fields(self):
        """Of each width, and those in the event's number."""
        event = CATALOGUE.find(number("vmexit"))
        self.assertEqual(event.decode((0x72, 2, 1)), {"reason": 0x72, "rip": 0x100000002})
        event = CATALOGUE.find(number("runstate_change", old_state=2, new_state=1))
        self.assertEqual(event.decode((7 << 16 | 3,)),
                         {"old_state": 2, "new_state": 1, "vcpu": 3, "domain": 7})

    def test_unknown_event_and_other_length(self):
        """Decode to words."""
        self.assertEqual(CATALOGUE.find(0x8f123).decode((5, 6)), {"word0": 5, "word1": 6})
        self.assertEqual(CATALOGUE.find(number("vmexit")).decode((5,)), {"word0": 5})

    def test_no_number_twice(self):
        """In one file; the first file wins where both list one."""
        for path in catalogue.FILES:
            numbers = [entry["id"] for entry in catalogue.Catalogue([path]).entries]
            self.assertEqual(len(numbers), len(set(numbers)), path)

    def test_bad_catalogues(self):
        """Say what is wrong."""
        for text, what in (("[[event]]\nname=1", "not a catalogue"), ("nothing", "not a catalogue"),
                           ('[[event]]\nname="a"\nid=1\nfields=[{name="f",type="u8"}]', "type"),
                           ('[[event]]\nname="a"\nid=1\nfields=[{name="f",type="u16"}]', "of 2"),
                           ('[[event]]\nname="a"\nid=1\nfields=[{name="f",type="u16"},'
                            '{name="g",type="u32"}]', "aligned")):
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(text)
                file.flush()
                with self.assertRaisesRegex(TraceError, what):
                    catalogue.Catalogue([file.name])


class RunstateTest(unittest.TestCase):
    """Who runs where, and in which state everyone is."""

    def test_states_fill_the_whole_time(self):
        """What a vCPU was before its first change is told by that change."""
        model = model_of(window(0, (0, "hypercall", 1), change(100, A, RUN, BLOCK),
                                change(100, B, WAIT, RUN), change(400, A, BLOCK, WAIT),
                                (1000, "hypercall", 1)))
        self.assertEqual(model.states[A], [(0, 100, RUN, 0), (100, 400, BLOCK, 0),
                                           (400, 1000, WAIT, 0)])
        self.assertEqual(model.states[B], [(0, 100, WAIT, None), (100, 1000, RUN, 0)])
        self.assertEqual(model.ran[0], [(0, 100, A), (100, 1000, B)])
        self.assertEqual(model.mismatches, 0)

    def test_owner_of_records(self):
        """A record is about the vCPU that runs on its CPU."""
        model = model_of(window(0, (0, "hypercall", 1), change(100, A, RUN, BLOCK),
                                change(100, B, WAIT, RUN), (101, "hypercall", 1)))
        self.assertEqual([model.vcpus[o] for o in model.owner], [A, A, A, B])

    def test_nothing_known_of_scheduling(self):
        """The CPU takes its place."""
        model = model_of(window(4, leave(1), (5, "vmentry")))
        self.assertEqual(model.exits[0].vcpu, (catalogue.UNKNOWN, 4))

    def test_contradiction_is_counted(self):
        """Blocked, says one record; it was running, says the next."""
        model = model_of(window(0, change(1, A, RUN, BLOCK), change(2, A, RUN, WAIT)))
        self.assertEqual(model.mismatches, 1)

    def test_migration(self):
        """The CPU of a running interval is the one it ran on."""
        model = model_of(window(0, change(10, A, RUN, WAIT)),
                         window(1, change(20, A, WAIT, RUN), (50, "hypercall", 1)))
        self.assertEqual(model.states[A], [(10, 20, WAIT, 0), (20, 50, RUN, 1)])

    def test_wake_up_latency(self):
        """From the wake to running; being preempted is not a wake-up."""
        model = model_of(window(0, change(10, A, RUN, BLOCK), (100, "sched_wake", 1, 0),
                                change(102, A, BLOCK, WAIT), change(150, A, WAIT, RUN),
                                change(200, A, RUN, WAIT), change(210, A, WAIT, RUN)))
        self.assertEqual([(w.start, w.end, w.vcpu) for w in model.wakes], [(100, 150, A)])

    def test_queue(self):
        """How many wait, weighted with time; idle vCPUs wait for nothing."""
        model = model_of(window(0, (0, "hypercall", 1), change(100, IDLE0, RUN, WAIT),
                                change(100, A, WAIT, RUN), change(300, B, BLOCK, WAIT),
                                change(400, A, RUN, WAIT), change(400, B, WAIT, RUN),
                                (1000, "hypercall", 1)))
        self.assertEqual(summary.queue_times(model), {None: 0, 0: 200, 1: 800, 2: 0})


class ExitTest(unittest.TestCase):
    """Exits and entries."""

    def test_cycles(self):
        """From the exit to the entry."""
        model = model_of(window(0, change(0, A, WAIT, RUN), leave(10), (110, "vmentry"),
                                leave(200, HLT), (230, "vmentry")))
        self.assertEqual([(e.reason, e.end - e.start, e.vcpu) for e in model.exits],
                         [(VMMCALL, 100, A), (HLT, 30, A)])

    def test_hypercall(self):
        """The first call in an exit is its own; a multicall has more."""
        model = model_of(window(0, change(0, A, WAIT, RUN), leave(10), (20, "hypercall", 13),
                                (30, "hypercall", 12), (110, "vmentry")))
        rows = next(t for t in summary.summary(model, 1e9) if t.name == "hypercalls").rows
        self.assertEqual(rows, [["d1", "multicall(13)", 1, 0, 100, 100, 100, 100, 100]])

    def test_exit_that_loses_the_cpu(self):
        """Is marked, and ends with the entry of its own vCPU, on whichever CPU."""
        model = model_of(
            window(0, change(0, A, WAIT, RUN), leave(10, HLT), change(20, A, RUN, BLOCK),
                   change(20, B, WAIT, RUN), (30, "vmentry")),
            window(1, change(50, A, BLOCK, RUN), (60, "vmentry")))
        self.assertEqual([(e.start, e.end, e.cpu, e.switched) for e in model.exits],
                         [(10, 60, 0, True)])

    def test_lost_records_cut_what_is_open(self):
        """Or an exit would seem to last over the gap."""
        lost = (50, abi.LOST_RECORDS, 9, 0 << 16 | 1, 20, 0)
        model = model_of(window(0, change(0, A, WAIT, RUN), leave(10), lost, (60, "vmentry"),
                                leave(70), (75, "vmentry")))
        self.assertEqual([(e.start, e.end) for e in model.exits], [(70, 75)])
        self.assertEqual(model.cut, 1)

    def test_gap_tells_who_runs(self):
        """The record of lost ones names the current vCPU."""
        lost = (50, abi.LOST_RECORDS, 9, 0 << 16 | 2, 20, 0)
        model = model_of(window(0, change(0, A, WAIT, RUN), lost, leave(70), (75, "vmentry")))
        self.assertEqual(model.exits[0].vcpu, B)


class UnknownTest(unittest.TestCase):
    """Time of which there are no records belongs to no vCPU."""

    CUT = (400, abi.RING_CUT, 1)

    def tables(self, model):
        """name -> rows."""
        return {t.name: t.rows for t in summary.summary(model, 1e9)}

    def test_full_ring(self):
        """After it the CPU is unknown, and so is who was there; others are not."""
        model = model_of(window(0, change(0, A, WAIT, RUN), leave(300), self.CUT),
                         window(1, change(0, B, WAIT, RUN), change(1000, B, RUN, BLOCK)))
        self.assertEqual(model.unknown, {0: [(400, 1000)], 1: []})
        self.assertEqual(model.ran[0], [(0, 400, A), (400, 1000, (catalogue.UNKNOWN, 0))])
        self.assertEqual(model.states[A], [(0, 400, RUN, 0)])
        self.assertEqual(model.states[B], [(0, 1000, RUN, 1)])
        self.assertEqual((model.exits, model.cut), ([], 1))
        tables = self.tables(model)
        self.assertEqual(tables["cpus"], [[0, 400, 0, 600, 100], [1, 1000, 0, 0, 100]])
        self.assertEqual(tables["runstates"], [["d1v0", 400, 0, 0, 0, 600, 100, 1],
                                               ["d2v0", 1000, 0, 0, 0, 0, 100, 1]])
        self.assertEqual(tables["queue"], [[0, 400, 100], ["unknown", 600, None]])

    def test_percentages_are_of_what_is_known(self):
        """A quarter of 400 cycles, not of 1000."""
        model = model_of(window(0, change(0, A, WAIT, RUN), change(100, A, RUN, BLOCK),
                                change(100, IDLE0, WAIT, RUN), self.CUT),
                         window(1, change(0, B, WAIT, RUN), change(1000, B, RUN, BLOCK)))
        tables = self.tables(model)
        self.assertEqual(tables["cpus"][0], [0, 100, 300, 600, 25])
        # It may have been woken by the CPU that is unknown.
        self.assertEqual(tables["runstates"][0], ["d1v0", 100, 0, 300, 0, 600, 25, 1])

    def test_one_that_comes_back_elsewhere(self):
        """Known again from its next record, and that is not a contradiction."""
        model = model_of(window(0, change(0, A, WAIT, RUN), self.CUT),
                         window(1, change(700, A, WAIT, RUN), change(1000, A, RUN, BLOCK)))
        self.assertEqual(model.states[A], [(0, 400, RUN, 0), (700, 1000, RUN, 1)])
        self.assertEqual(model.mismatches, 0)

    def test_another_that_ran_unseen(self):
        """Its time before the contradiction is unknown from where records break off."""
        model = model_of(window(0, change(0, A, WAIT, RUN), self.CUT),
                         window(1, change(0, B, RUN, BLOCK), change(700, B, WAIT, RUN),
                                change(1000, B, RUN, BLOCK)))
        self.assertEqual(model.states[B], [(0, 400, BLOCK, 1), (700, 1000, RUN, 1)])
        self.assertEqual(model.mismatches, 0)

    def test_lost_records(self):
        """From the first that was lost to the one that says so."""
        lost = (500, abi.LOST_RECORDS, 9, 0 << 16 | 2, 200, 0)
        model = model_of(window(0, change(0, A, WAIT, RUN), (100, "hypercall", 1), lost,
                                (800, "vmentry")))
        self.assertEqual(model.unknown, {0: [(200, 500)]})
        self.assertEqual(model.states, {A: [(0, 200, RUN, 0)], B: [(500, 800, RUN, 0)],
                                        (catalogue.UNKNOWN, 0): []})

    def test_wrapped_ring(self):
        """Nothing is known before its first record."""
        model = model_of(window(0, (300, abi.RING_CUT, 0), change(400, A, RUN, BLOCK),
                                change(400, B, WAIT, RUN)),
                         window(1, (0, "hypercall", 1), (1000, "hypercall", 1)))
        self.assertEqual(model.unknown, {0: [(0, 300)], 1: []})
        self.assertEqual(model.states[A], [(300, 400, RUN, 0), (400, 1000, BLOCK, 0)])
        self.assertEqual(model.states[B], [(300, 400, WAIT, None), (400, 1000, RUN, 0)])

    def test_warning(self):
        """The command says it."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t")
            files.write(path, window(0, change(0, A, WAIT, RUN), self.CUT) +
                        window(1, (0, "hypercall", 1), (1000, "hypercall", 1)))
            _, out, errors = run("summary", path)
        self.assertIn("the ring of CPU 0 was full: nothing is known of it from cycle 400 on", errors)
        self.assertRegex(out, r"CPUs with unknown time +1")


class FlowTest(unittest.TestCase):
    """What led to what."""

    def test_wake(self):
        """From the wake to the change that lets the vCPU run."""
        model = model_of(window(0, change(0, A, WAIT, RUN), (100, "sched_wake", *B)),
                         window(1, change(10, B, RUN, BLOCK), change(101, B, BLOCK, WAIT),
                                change(300, B, WAIT, RUN)))
        found = [(f.what, model.trace.records[f.cause][0], model.trace.records[f.effect][0], f.vcpu)
                 for f in model.flows]
        self.assertEqual(found, [("wake", 100, 300, B)])

    def test_send(self):
        """From the send to the delivery on the same CPU; a delivery without a send has no cause."""
        model = model_of(window(0, change(0, A, WAIT, RUN), (100, "evtchn_send", 1, 7),
                                (110, "evtchn_deliver", 2, 9), (200, "evtchn_deliver", 2, 8)))
        self.assertEqual([(f.what, f.cause, f.effect, f.vcpu) for f in model.flows],
                         [("send", 1, 2, B)])


class InterruptTest(unittest.TestCase):
    """Latencies of interrupts."""

    def latencies(self, *records):
        """step -> [(cycles, vector)]."""
        model = model_of(window(0, change(0, A, WAIT, RUN), *records))
        return {step: [(x.end - x.start, x.what) for x in found]
                for step, found in model.latencies.items()}

    def test_steps(self):
        """Physical interrupt, post, injection, EOI."""
        found = self.latencies((100, "irq_entry", 0x51), post(110, A, 0x30),
                               (130, "irq_exit", 0x51), (150, "virq_inject", 0x30, 0),
                               (160, "vmentry"), (400, "virq_eoi", 0x30))
        self.assertEqual(found, {"post to injection": [(40, 0x30)],
                                 "injection to EOI": [(250, 0x30)],
                                 "physical interrupt to injection": [(50, 0x30)]})

    def test_offered_twice(self):
        """Latency counts from the first offer and the first post."""
        found = self.latencies(post(10, A, 0x30), post(11, A, 0x30), (20, "virq_inject", 0x30, 0),
                               (30, "virq_inject", 0x30, 0), (50, "virq_eoi", 0x30),
                               (60, "virq_eoi", 0x30))
        self.assertEqual(found["post to injection"], [(10, 0x30)])
        self.assertEqual(found["injection to EOI"], [(30, 0x30)])

    def test_a_physical_interrupt_before_the_guest_ran_is_no_cause(self):
        """What is posted after the next entry has another cause."""
        found = self.latencies((100, "irq_entry", 0x51), (120, "vmentry"), post(130, A, 0x30),
                               (150, "virq_inject", 0x30, 0))
        self.assertEqual(found["physical interrupt to injection"], [])

    def test_the_latest_physical_interrupt_is_the_cause(self):
        """An idle CPU takes many before one of them concerns a guest."""
        found = self.latencies((100, "irq_entry", 0x51), (5000, "irq_entry", 0x51),
                               post(5010, A, 0x30), (5030, "virq_inject", 0x30, 0))
        self.assertEqual(found["physical interrupt to injection"], [(30, 0x30)])

    def test_without_posts(self):
        """Xen does not record them: the interrupt that the guest was left for is the cause."""
        found = self.latencies((100, "exit_interrupt"), (150, "virq_inject", 0x30, 0))
        self.assertEqual(found["physical interrupt to injection"], [(50, 0x30)])


class StatsTest(unittest.TestCase):
    """Percentiles and tables."""

    def test_nearest_rank(self):
        """Always one of the values."""
        values = list(range(1, 101))
        self.assertEqual([stats.percentile(values, p) for p in (1, 50, 90, 99, 100)],
                         [1, 50, 90, 99, 100])
        self.assertEqual(stats.spread([7]), [7, 7, 7, 7])
        self.assertEqual(stats.spread([3, 1]), [1, 3, 3, 3])
        self.assertEqual(stats.spread([]), [None] * 4)

    def test_forms(self):
        """Text is cut at so many rows; the others are not."""
        table = stats.Table("t", "Title", ["name", "n"], [["a", 1], ["b", None]])
        self.assertEqual(stats.to_tsv([table]), "#t\tname\tn\nt\ta\t1\nt\tb\t\n")
        self.assertEqual(json.loads(stats.to_json([table]))["t"]["rows"],
                         [{"name": "a", "n": 1}, {"name": "b", "n": None}])
        self.assertIn("(1 more", stats.to_text([table], most=1))


class SummaryTest(unittest.TestCase):
    """The tables of whole traces."""

    def tables(self, path, *options):
        """name -> rows."""
        status, out, _ = run("summary", "--json", *options, path)
        self.assertEqual(status, 0)
        return {name: table["rows"] for name, table in json.loads(out).items()}

    def test_exit_names_of_vendor(self):
        """The same codes are other exits on other processors; recorded ones are AMD's."""
        path = RECORDED["xenolith.trace.gz"]
        self.assertIn("VMMCALL", {row["reason"] for row in self.tables(path)["exits"]})
        names = {row["reason"] for row in self.tables(path, "--exits", "vmx")["exits"]}
        self.assertFalse(names & {"VMMCALL", "NPF", "HLT"}, names)
        self.assertIn("VMMCALL", {row["reason"] for row in self.tables(path)["exits"]})
        reasons.use("vmx")
        self.addCleanup(reasons.use, "svm")
        self.assertEqual([reasons.reason_name(n) for n in (0, 12, 18, 48, 64, 35, 1 << 31 | 33)],
                         ["EXCEPTION_NMI", "HLT", "VMCALL", "EPT_VIOLATION", "XRSTORS", "0x23",
                          "ENTRY_FAILED_INVALID_GUEST_STATE"])
        self.assertEqual([reasons.CATEGORIES[reasons.category(n)] for n in (0, 12, 18, 30, 48)],
                         ["exception", "halt", "hypercall", "i/o port", "memory"])

    def test_recorded_on_xen(self):
        """Counts that xenalyze gives for the same file (test_interop compares them all)."""
        tables = self.tables(RECORDED["xen-4.17.trace.gz"])
        exits = {row["reason"]: row for row in tables["exits"]}
        self.assertEqual([exits[r]["count"] for r in ("VMMCALL", "MSR", "HLT", "CPUID")],
                         [166, 127, 16, 37])
        self.assertEqual(exits["HLT"]["lost_cpu"], 16)
        running = {row["vcpu"]: row["running"] for row in tables["runstates"]}
        span = next(r["value"] for r in tables["overview"] if r["what"] == "cycles")
        self.assertEqual(running["d0v0"] + running["idle0"], 1875216942)
        self.assertLessEqual(running["d0v1"] + running["idle1"], span)

    def test_synthetic(self):
        """Time in states adds up to the whole; nothing contradicts itself."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t")
            files.write(path, synth.trace_bytes(20000, 3, 5))
            tables = self.tables(path)
        overview = {r["what"]: r["value"] for r in tables["overview"]}
        self.assertEqual(overview["runstates that do not follow from the one before"], 0)
        for row in tables["runstates"]:
            total = sum(row[s] for s in ("running", "runnable", "blocked", "offline"))
            self.assertLessEqual(total, overview["cycles"])
            self.assertGreater(total, 0.9 * overview["cycles"])
        self.assertEqual(sum(r["count"] for r in tables["events"]), overview["records"])

    def test_recorded_traces_do_not_contradict_themselves(self):
        """No runstate change that does not follow, no time going backwards, nothing nameless."""
        for name, path in RECORDED.items():
            tables = self.tables(path)
            overview = {r["what"]: r["value"] for r in tables["overview"]}
            self.assertEqual(overview["runstates that do not follow from the one before"], 0, name)
            self.assertEqual(overview["stamps earlier than the one before on their CPU"], 0, name)
            self.assertEqual([r["event"] for r in tables["events"] if r["group"] == "unknown"], [],
                             name)

    def test_contradictions_are_warned_of(self):
        """With what can be done about it."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t")
            files.write(path, window(0, change(1, A, RUN, BLOCK), change(2, A, RUN, WAIT)))
            _, _, errors = run("summary", path)
        self.assertIn("1 runstates do not follow", errors)
        self.assertIn("--overlap", errors)

    def test_decode(self):
        """One line a record, and the same in JSON."""
        path = RECORDED["xen-4.17.trace.gz"]
        count = len(merge.load(recorded("xen-4.17.trace.gz")).records)
        _, text, _ = run("decode", path)
        _, lines, _ = run("decode", "--json", path)
        self.assertEqual((text.count("\n"), lines.count("\n")), (count, count))
        first = json.loads(lines.split("\n", 1)[0])
        self.assertEqual((first["event"], first["fields"]["reason"], first["running"]),
                         ("vmexit", 0x6e, {"domain": 0, "vcpu": 0}))
        self.assertIn("vmexit reason=RDTSC rip=0xffffffff8107ee03", text.split("\n", 1)[0])


if __name__ == "__main__":
    unittest.main()
