# SPDX-License-Identifier: GPL-2.0-or-later
"""Made-up traces: a plausible machine, the same for the same seed, as large as wanted."""
import heapq
import random

from . import records as abi
from .catalogue import IDLE, Catalogue
from .model import BLOCKED, RUNNABLE, RUNNING

WINDOW = 4000          # records between two looks at a ring
EXITS = [(0x81, 30), (0x7c, 12), (0x72, 3), (0x7b, 8), (0x400, 8), (0x60, 10), (0x64, 4), (0x6e, 2)]
COSTS = {0x81: 900, 0x7c: 700, 0x72: 500, 0x7b: 1400, 0x400: 3200, 0x60: 1100, 0x64: 400,
         0x6e: 450}
HYPERCALLS = [12, 17, 18, 20, 24, 29, 32, 34]
VECTORS = [0x30, 0x31, 0xec, 0xf3]


class _Machine:
    """Two vCPUs a CPU that take turns, with exits and interrupts in between."""

    def __init__(self, cpus, seed):
        self.random = random.Random(seed)
        catalogue = Catalogue()
        self.number = {e["name"]: e["id"] for e in catalogue.entries}
        self.out = {cpu: [] for cpu in range(cpus)}
        self.now = {cpu: 1000000 + 37 * cpu for cpu in range(cpus)}
        self.current = {cpu: (IDLE, cpu) for cpu in range(cpus)}
        self.ready = {cpu: [(0, cpu), (1 + cpu // 2, cpu % 2)] for cpu in range(cpus)}
        self.waiting = {cpu: [] for cpu in range(cpus)}
        self.count = 0

    def emit(self, cpu, name, *extra, state=0):
        """Record an event of this CPU now; state: what a change of runstate carries."""
        self.out[cpu].append((self.now[cpu], self.number[name] | state, extra))
        self.now[cpu] += self.random.randrange(20, 60)
        self.count += 1

    def runstate(self, cpu, vcpu, old, new):
        """A change of runstate."""
        self.emit(cpu, "runstate_change", vcpu[1] | vcpu[0] << 16, state=old << 8 | new << 4)

    def wait(self, cpu, cycles):
        """Time goes by."""
        self.now[cpu] += max(int(self.random.expovariate(1 / cycles)), 50)

    def wake_due(self, cpu):
        """Wake those whose sleep is over."""
        while self.waiting[cpu] and self.waiting[cpu][0][0] <= self.now[cpu]:
            _, vcpu = heapq.heappop(self.waiting[cpu])
            self.emit(cpu, "sched_wake", *vcpu)
            self.runstate(cpu, vcpu, BLOCKED, RUNNABLE)
            self.ready[cpu].append(vcpu)

    def switch(self, cpu, state):
        """The current vCPU goes to state, and the next one runs."""
        old = self.current[cpu]
        new = self.ready[cpu].pop(0) if self.ready[cpu] else (IDLE, cpu)
        if old == new:
            return
        self.runstate(cpu, old, RUNNING, state)
        self.emit(cpu, "sched_switch", *old, *new)
        self.runstate(cpu, new, RUNNABLE, RUNNING)
        self.current[cpu] = new
        if old[0] == IDLE:
            return
        if state == BLOCKED:
            heapq.heappush(self.waiting[cpu], (self.now[cpu] + self.random.randrange(20000, 400000),
                                               old))
        else:
            self.ready[cpu].append(old)

    def interrupt(self, cpu, vcpu):
        """A physical interrupt that becomes a virtual one."""
        vector = self.random.choice(VECTORS)
        self.emit(cpu, "irq_entry", vector)
        self.emit(cpu, "virq_post", vcpu[1] << 16 | vcpu[0], vector)
        self.emit(cpu, "irq_exit", vector)
        self.emit(cpu, "virq_inject", vector, 0)
        return vector

    def exit(self, cpu, vcpu):
        """One exit and its entry; returns a vector that was injected, or None."""
        reasons, weights = zip(*EXITS)
        reason = self.random.choices(reasons, weights)[0]
        rip = 0xffffffff81000000 + self.random.randrange(0, 1 << 20)
        self.emit(cpu, "vmexit", reason, rip & 0xffffffff, rip >> 32)
        vector = None
        if reason == 0x81:
            self.emit(cpu, "hypercall", self.random.choice(HYPERCALLS))
            if self.random.random() < 0.3:
                port = self.random.randrange(1, 40)
                self.emit(cpu, "evtchn_send", vcpu[0], port)
                self.emit(cpu, "evtchn_deliver", vcpu[0], port)
        elif reason == 0x60:
            vector = self.interrupt(cpu, vcpu)
        self.wait(cpu, COSTS[reason])
        self.emit(cpu, "vmentry")
        return vector

    def turn(self, cpu):
        """What happens on a CPU until the next vCPU."""
        self.wake_due(cpu)
        vcpu = self.current[cpu]
        if vcpu[0] == IDLE:
            self.wait(cpu, 30000)
            if not self.ready[cpu] and self.waiting[cpu]:
                self.now[cpu] = max(self.now[cpu], self.waiting[cpu][0][0])
            self.wake_due(cpu)
            self.switch(cpu, RUNNABLE)
            return
        pending = []
        for _ in range(self.random.randrange(5, 60)):
            self.wait(cpu, 6000)
            vector = self.exit(cpu, vcpu)
            if vector is not None:
                pending.append(vector)
            elif pending:
                self.emit(cpu, "virq_eoi", pending.pop())
        for vector in pending:
            self.emit(cpu, "virq_eoi", vector)
        self.wake_due(cpu)
        if self.random.random() < 0.6:
            self.emit(cpu, "sched_block", *vcpu)
            self.switch(cpu, BLOCKED)
        elif self.ready[cpu]:
            self.switch(cpu, RUNNABLE)


def trace_bytes(count, cpus, seed):
    """The bytes of a file with about count records."""
    machine = _Machine(cpus, seed)
    while machine.count < count:
        machine.turn(min(machine.now, key=machine.now.get))
    windows = []
    longest = max(len(made) for made in machine.out.values())
    for start in range(0, longest, WINDOW):
        for cpu, made in machine.out.items():
            data = b"".join(abi.pack(event, tsc, extra)
                            for tsc, event, extra in made[start:start + WINDOW])
            if data:
                windows.append(abi.pack_window(cpu, data))
    return b"".join(windows)
