# SPDX-License-Identifier: GPL-2.0-or-later
"""Chrome's trace event format, which ui.perfetto.dev and chrome://tracing read."""
import json

from .catalogue import RUNSTATES, UNKNOWN, show_value, vcpu_name
from .model import RUNNING
from .reasons import reason_name

CPUS, DOMAINS = 1, 100          # process numbers: all CPUs are one, each domain is one
SLICED = {"vmexit", "vmentry", "runstate_change", "continue_running"}


class _Writer:
    def __init__(self, file, base, hz):
        self.file, self.base, self.per_us = file, base, hz / 1e6
        self.first = True

    def time(self, tsc):
        """Microseconds since the first record."""
        return round((tsc - self.base) / self.per_us, 4)

    def put(self, event):
        """One event."""
        self.file.write(("[\n" if self.first else ",\n") + json.dumps(event, separators=(",", ":")))
        self.first = False

    def slice(self, process, thread, name, start, end, **args):
        """Something that lasts."""
        self.put({"ph": "X", "pid": process, "tid": thread, "name": name, "ts": self.time(start),
                  "dur": round((end - start) / self.per_us, 4), "args": args})

    def name(self, kind, process, thread, name):
        """What a process or a thread is called."""
        self.put({"ph": "M", "pid": process, "tid": thread, "name": kind, "args": {"name": name}})


def _names(out, model):
    out.name("process_name", CPUS, 0, "physical CPUs")
    for cpu in model.trace.cpus:
        out.name("thread_name", CPUS, cpu, f"CPU {cpu}")
    for domain in sorted({v[0] for v in model.vcpus}):
        label = vcpu_name((domain, "")) if domain != UNKNOWN else "unknown domain"
        out.name("process_name", DOMAINS + domain, 0, label.rstrip("v"))
    for vcpu in model.vcpus:
        out.name("thread_name", DOMAINS + vcpu[0], 2 * vcpu[1], vcpu_name(vcpu))
        out.name("thread_name", DOMAINS + vcpu[0], 2 * vcpu[1] + 1, f"{vcpu_name(vcpu)} exits")


def _slices(out, model):
    for cpu, ran in model.ran.items():
        for start, end, vcpu in ran:
            out.slice(CPUS, cpu, vcpu_name(vcpu), start, end)
    for vcpu, states in model.states.items():
        for start, end, state, cpu in states:
            args = {"cpu": cpu} if state == RUNNING else {}
            out.slice(DOMAINS + vcpu[0], 2 * vcpu[1], RUNSTATES[state], start, end, **args)
    for done in model.exits:
        function = model.symbols.name(done.vcpu[0], done.rip)
        out.slice(DOMAINS + done.vcpu[0], 2 * done.vcpu[1] + 1, reason_name(done.reason),
                  done.start, done.end, rip=f"{done.rip:#x}", cpu=done.cpu,
                  **({"function": function} if function else {}))
    for when, waiting in model.queue:
        out.put({"ph": "C", "pid": CPUS, "name": "waiting vCPUs", "ts": out.time(when),
                 "args": {"vCPUs": waiting}})


def _marks(out, model):
    """Everything that is not a slice, as an instant on its CPU."""
    for tsc, cpu, number, extra in model.trace.records:
        event = model.catalogue.find(number)
        if event.name not in SLICED:
            args = {name: show_value(name, value) for name, value in event.decode(extra).items()}
            out.put({"ph": "i", "s": "t", "pid": CPUS, "tid": cpu, "name": event.name,
                     "cat": event.group, "ts": out.time(tsc), "args": args})


def export(model, path, hz):
    """Write the file."""
    with open(path, "w", encoding="ascii") as file:
        out = _Writer(file, model.start, hz)
        file.write('{"displayTimeUnit":"ns","otherData":'
                   + json.dumps({"first_cycle": model.start, "cycles_per_second": hz})
                   + ',"traceEvents":')
        _names(out, model)
        _slices(out, model)
        _marks(out, model)
        file.write("\n]}\n")
