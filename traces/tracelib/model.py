# SPDX-License-Identifier: GPL-2.0-or-later
"""What the records tell: who ran where and when, in which state each vCPU was, how long exits took.

One pass over the records in time order. Most records do not name a vCPU: they are about the one
that runs on their CPU, which follows from changes of runstate. Everything that needs two records
(an exit and its entry, an injection and its EOI) is dropped where records were lost between them.
"""
import dataclasses

from . import records as abi
from .catalogue import IDLE, UNKNOWN
from .symbols import Symbols

RUNNING, RUNNABLE, BLOCKED, OFFLINE = range(4)


@dataclasses.dataclass
class Exit:
    """From a VM exit to the entry that follows it; slots because there are many.

    left: when the vCPU lost its CPU in between, or None; if it did, end - start is not the
    handler's cost. index: of the record, in time order. hypercall: its number, if it was one.
    """

    __slots__ = ("start", "end", "cpu", "vcpu", "reason", "rip", "left", "index", "hypercall")
    start: int
    end: int
    cpu: int
    vcpu: tuple
    reason: int
    rip: int
    left: int
    index: int
    hypercall: int

    @property
    def switched(self):
        """Whether the vCPU lost its CPU."""
        return self.left is not None


@dataclasses.dataclass
class Latency:
    """Something that took from start to end; what: a vector, or None."""

    __slots__ = ("start", "end", "vcpu", "what")
    start: int
    end: int
    vcpu: tuple
    what: int


@dataclasses.dataclass
class Flow:
    """One record that led to another. what: "wake" or "send"; cause, effect: the records' places in
    time order; vcpu: of the effect."""

    __slots__ = ("what", "cause", "effect", "vcpu")
    what: str
    cause: int
    effect: int
    vcpu: tuple


@dataclasses.dataclass
class Vcpu:
    """What is known of a vCPU while the records go by."""

    name: tuple
    state: int = None       # None: not known
    since: int = 0          # None: not known since a CPU's records broke off
    cpu: int = None
    exit: Exit = None
    woken: int = None
    waker: int = None       # the record that woke it
    posted: dict = dataclasses.field(default_factory=dict)      # vector -> (when, physical)
    injected: dict = dataclasses.field(default_factory=dict)    # vector -> when


@dataclasses.dataclass
class Cpu:
    """What is known of a CPU: who runs since when, and its latest physical interrupt since a guest
    ran on it."""

    number: int
    current: tuple
    since: int
    interrupt: int = None
    sent: int = None        # record of an event just sent
    blind: int = None       # since when its records are missing for good


class Model:
    """Feed it a Trace; the lists below are its result.

    states: vCPU -> [(start, end, state, CPU)], with gaps where it is not known; ran: CPU -> [(start,
    end, vCPU)]; unknown: CPU -> [(start, end)] of which records are missing; queue: [(time, runnable
    vCPUs from then on)]; flows: of Flow; owner: the vCPU of each record, as index into vcpus.
    """

    def __init__(self, trace, catalogue, symbols=None):
        self.trace = trace
        self.catalogue = catalogue
        self.symbols = symbols or Symbols()
        self.exits = []
        self.wakes = []
        self.latencies = {"post to injection": [], "injection to EOI": [],
                          "physical interrupt to injection": []}
        self.states, self.ran, self.unknown = {}, {}, {}
        self.flows = []
        self.queue = []
        self.mismatches = 0
        self.cut = 0
        self.vcpus, self._index = [], {}
        self.owner = []
        self._vcpu, self._cpu = {}, {}
        self._runnable = 0
        self.start, self.end = trace.first, trace.last
        # CPU -> when its records begin, for those whose earlier ones are missing; and from when on
        # there are records of all.
        self._begins = {cpu: tsc for tsc, cpu, number, extra in trace.records
                        if number == abi.RING_CUT and extra == (0,)}
        self._sight = max(self._begins.values(), default=self.start)
        self._has_posts = False
        self._run()

    # ---- setting up

    def _handlers(self):
        """event number -> method; the variants of an event share one."""
        wanted = {"runstate_change": self._runstate, "continue_running": self._continue,
                  "sched_wake": self._wake, "vmexit": self._vmexit, "vmentry": self._vmentry,
                  "hypercall": self._hypercall,
                  "virq_post": self._post, "virq_inject": self._inject, "virq_eoi": self._eoi,
                  "irq_entry": self._physical, "exit_interrupt": self._physical,
                  "evtchn_send": self._send, "evtchn_deliver": self._deliver,
                  "lost_records": self._lost, "ring_cut": self._cut}
        table = {number: wanted[event.name] for number, event in self.catalogue.events.items()
                 if event.name in wanted}
        table.setdefault(abi.LOST_RECORDS, self._lost)
        return table

    def _first_current(self):
        """CPU -> the vCPU that its first telling record says was running before it."""
        found = {}
        for _, cpu, number, extra in self.trace.records:
            if cpu in found:
                continue
            event = self.catalogue.find(number)
            if event.name not in ("runstate_change", "continue_running", "sched_switch"):
                continue
            fields = event.decode(extra)
            if event.name == "sched_switch" and "prev_domain" in fields:
                found[cpu] = (fields["prev_domain"], fields["prev_vcpu"])
            elif event.name != "sched_switch" and "vcpu" in fields:
                running = fields.get("old_state", RUNNING) == RUNNING
                changed_to = fields.get("new_state")
                if running:
                    found[cpu] = (fields["domain"], fields["vcpu"])
                elif changed_to == RUNNING:
                    found[cpu] = None
            if len(found) == len(self.trace.cpus):
                break
        return found

    def vcpu(self, name):
        """The record of a vCPU, made when it is first heard of."""
        if name not in self._vcpu:
            self._vcpu[name] = Vcpu(name, since=self._sight)
            self.states[name] = []
            self._index[name] = len(self.vcpus)
            self.vcpus.append(name)
        return self._vcpu[name]

    def _run(self):
        first = self._first_current()
        for cpu in self.trace.cpus:
            begins = self._begins.get(cpu, self.start)
            self.unknown[cpu] = [(self.start, begins)] if begins > self.start else []
            self.ran[cpu] = [(*span, (UNKNOWN, cpu)) for span in self.unknown[cpu]]
            if self.unknown[cpu]:
                self.vcpu((UNKNOWN, cpu))
            name = first.get(cpu) or (UNKNOWN, cpu)
            self._cpu[cpu] = Cpu(cpu, name, begins)
            vcpu = self.vcpu(name)
            vcpu.cpu, vcpu.since = cpu, begins
            if name[0] != UNKNOWN:
                vcpu.state = RUNNING
        handlers = self._handlers()
        find = self.catalogue.find
        self._has_posts = any(find(r[2]).name == "virq_post" for r in self.trace.records)
        owner, cpus, index_of = self.owner, self._cpu, self._index
        now = self.start
        for index, (tsc, cpu, number, extra) in enumerate(self.trace.records):
            now = max(now, tsc)
            owner.append(index_of[cpus[cpu].current])
            handler = handlers.get(number)
            if handler is not None:
                event = find(number)
                if len(extra) == event.words:
                    handler(now, cpus[cpu], event.decode(extra), index)
        self._finish()

    def _finish(self):
        ends = [cpu.blind for cpu in self._cpu.values() if cpu.blind is not None]
        for vcpu in self._vcpu.values():
            # What does not run may have been run by a CPU of which nothing is known any more.
            end = self.end if vcpu.state == RUNNING else min([self.end, *ends])
            self._close(vcpu, max(end, vcpu.since or 0))
        for cpu in self._cpu.values():
            if self.end > cpu.since:
                self.ran[cpu.number].append((cpu.since, self.end, cpu.current))
            if cpu.blind is not None and self.end > cpu.blind:
                self.unknown[cpu.number].append((cpu.blind, self.end))

    def _close(self, vcpu, end):
        """Note what a vCPU was until then."""
        if vcpu.state is not None and vcpu.since is not None and end > vcpu.since:
            self.states[vcpu.name].append((vcpu.since, end, vcpu.state, vcpu.cpu))

    # ---- scheduling

    def _switch(self, tsc, cpu, name):
        """Another vCPU runs on this CPU."""
        if cpu.current == name:
            return
        if tsc > cpu.since:
            self.ran[cpu.number].append((cpu.since, tsc, cpu.current))
        cpu.current, cpu.since = name, tsc
        self.vcpu(name)

    def _enter_state(self, tsc, vcpu, state, cpu):
        """A vCPU changes its state; cpu: where it runs from now on, or ran last."""
        self._close(vcpu, tsc)
        self._count_runnable(tsc, vcpu, state)
        vcpu.state, vcpu.since, vcpu.cpu = state, tsc, cpu

    def _count_runnable(self, tsc, vcpu, state):
        """Keep the length of the queue when a vCPU's state becomes another."""
        if vcpu.name[0] not in (IDLE, UNKNOWN):
            change = (state == RUNNABLE) - (vcpu.state == RUNNABLE)
            if change:
                self._runnable += change
                self.queue.append((tsc, self._runnable))

    def _runstate(self, tsc, cpu, fields, index):
        vcpu = self.vcpu((fields["domain"], fields["vcpu"]))
        old, new = fields["old_state"], fields["new_state"]
        if vcpu.state is None and vcpu.since is not None:
            vcpu.state = old
            if old == RUNNABLE and vcpu.name[0] != IDLE:
                self._runnable += 1
                self.queue.insert(0, (self.start, 1))
        elif vcpu.state not in (old, None):
            missing = self._missing_since(vcpu.since)
            if missing is None:
                self.mismatches += 1
            else:
                self._forget(tsc, vcpu, missing)
        if old == RUNNING and new != RUNNING and vcpu.exit and vcpu.exit.left is None:
            vcpu.exit.left = tsc
        if new == RUNNABLE and old in (BLOCKED, OFFLINE) and vcpu.woken is None:
            vcpu.woken = tsc
        if new == RUNNING:
            if vcpu.woken is not None and vcpu.name[0] != IDLE:
                self.wakes.append(Latency(vcpu.woken, tsc, vcpu.name, None))
                if vcpu.waker is not None:
                    self.flows.append(Flow("wake", vcpu.waker, index, vcpu.name))
            vcpu.woken = vcpu.waker = None
            self._switch(tsc, cpu, vcpu.name)
        self._enter_state(tsc, vcpu, new, cpu.number if RUNNING in (old, new) else vcpu.cpu)

    def _missing_since(self, since):
        """From when on, after since, records of some CPU are missing, or None."""
        starts = [start for spans in self.unknown.values() for start, end in spans if end > since]
        starts += [cpu.blind for cpu in self._cpu.values() if cpu.blind is not None]
        return min(starts, default=None)

    def _forget(self, tsc, vcpu, end):
        """A vCPU's state is not known since then; now is tsc."""
        if vcpu.since is not None:
            self._close(vcpu, min(max(end, vcpu.since), tsc))
        self._count_runnable(tsc, vcpu, None)
        vcpu.state = vcpu.since = None

    def _continue(self, tsc, cpu, fields, _):
        vcpu = self.vcpu((fields["domain"], fields["vcpu"]))
        if vcpu.state != RUNNING:
            self._enter_state(tsc, vcpu, RUNNING, cpu.number)
        self._switch(tsc, cpu, vcpu.name)

    def _wake(self, tsc, _, fields, index):
        vcpu = self.vcpu((fields["domain"], fields["vcpu"]))
        if vcpu.state != RUNNING and vcpu.waker is None:
            vcpu.waker = index
            if vcpu.woken is None:
                vcpu.woken = tsc

    # ---- exits and entries

    def _vmexit(self, tsc, cpu, fields, index):
        vcpu = self.vcpu(cpu.current)
        vcpu.exit = Exit(tsc, None, cpu.number, vcpu.name, fields["reason"],
                         fields.get("rip", 0), None, index, None)

    def _hypercall(self, _, cpu, fields, __):
        vcpu = self.vcpu(cpu.current)
        if vcpu.exit and vcpu.exit.hypercall is None:
            vcpu.exit.hypercall = fields["nr"]

    def _vmentry(self, tsc, cpu, _, __):
        vcpu = self.vcpu(cpu.current)
        cpu.interrupt = None
        if vcpu.exit:
            vcpu.exit.end = tsc
            self.exits.append(vcpu.exit)
            vcpu.exit = None

    # ---- interrupts

    def _physical(self, tsc, cpu, _, __):
        cpu.interrupt = tsc

    def _post(self, tsc, cpu, fields, _):
        vcpu = self.vcpu((fields["domain"], fields["vcpu"]))
        vcpu.posted.setdefault(fields["vector"], (tsc, cpu.interrupt))

    def _inject(self, tsc, cpu, fields, _):
        vcpu, vector = self.vcpu(cpu.current), fields["vector"]
        posted, physical = vcpu.posted.pop(vector, (None, None))
        if posted is not None:
            self.latencies["post to injection"].append(Latency(posted, tsc, vcpu.name, vector))
        elif not self._has_posts:
            physical, cpu.interrupt = cpu.interrupt, None
        if physical is not None:
            self.latencies["physical interrupt to injection"].append(
                Latency(physical, tsc, vcpu.name, vector))
        vcpu.injected.setdefault(vector, tsc)

    def _eoi(self, tsc, cpu, fields, _):
        vcpu, vector = self.vcpu(cpu.current), fields["vector"]
        injected = vcpu.injected.pop(vector, None)
        if injected is not None:
            self.latencies["injection to EOI"].append(
                Latency(injected, tsc, vcpu.name, vector))

    # ---- flows

    def _send(self, _, cpu, __, index):
        cpu.sent = index

    def _deliver(self, _, cpu, fields, index):
        """An event that this CPU's guest has just sent, or one of the hypervisor's own."""
        if cpu.sent is not None:
            self.flows.append(Flow("send", cpu.sent, index, (fields["domain"], fields["vcpu"])))
        cpu.sent = None

    # ---- gaps

    def _cut(self, tsc, cpu, fields, _):
        """A capture found the ring full here, or without its earlier records (see _run)."""
        if fields["after"]:
            self._lose_sight(tsc, cpu, tsc)
            cpu.blind = tsc

    def _lose_sight(self, tsc, cpu, since):
        """Records of this CPU are missing from since to now. What was open on it is forgotten, as its
        other half may be among them, and so is the state of who was there."""
        for vcpu in self._vcpu.values():
            if vcpu.cpu in (cpu.number, None) or vcpu.name == cpu.current:
                if vcpu.exit:
                    self.cut += 1
                vcpu.exit = vcpu.woken = vcpu.waker = None
                vcpu.posted.clear()
                vcpu.injected.clear()
                if vcpu.cpu == cpu.number or vcpu.name == cpu.current:
                    self._forget(tsc, vcpu, since)
        cpu.interrupt = cpu.sent = None
        self._switch(since, cpu, (UNKNOWN, cpu.number))

    def _lost(self, tsc, cpu, fields, _):
        since = max(min(fields.get("first_cycles", tsc), tsc), cpu.since)
        self._lose_sight(tsc, cpu, since)
        if tsc > since:
            self.unknown[cpu.number].append((since, tsc))
        if "domain" in fields and (fields["domain"], fields["vcpu"]) != cpu.current:
            vcpu = self.vcpu((fields["domain"], fields["vcpu"]))
            self._switch(tsc, cpu, vcpu.name)
            self._enter_state(tsc, vcpu, RUNNING, cpu.number)
