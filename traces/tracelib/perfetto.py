# SPDX-License-Identifier: GPL-2.0-or-later
"""Perfetto's own format: a Trace of TracePackets with TrackEvents, for ui.perfetto.dev.

One track a physical CPU and one a vCPU. Slices of a track follow or contain one another: an exit
lies inside its vCPU's time of running and ends with it. Flows lead from a wake to the run of the
vCPU and from a sent event to its delivery.

Debian packages neither Perfetto's schema nor a library for it, and compiling one for a dozen fields
would be more than writing them. The numbers are those of protos/perfetto/trace in Perfetto's sources.
"""
import struct

from .catalogue import IDLE, RUNSTATES, UNKNOWN, show_value, vcpu_name
from .files import write
from .model import RUNNING
from .reasons import reason_name

# Field numbers, by message.
PACKET = 1                                                      # of Trace
TIMESTAMP, SEQUENCE, EVENT, FLAGS, TRACK = 8, 10, 11, 13, 60    # of TracePacket
UUID, TRACK_NAME, PARENT, COUNTER, ORDERING, RANK = 1, 2, 5, 8, 11, 12      # of TrackDescriptor
UNIT_NAME = 6                                                   # of CounterDescriptor
ANNOTATION, TYPE, EVENT_TRACK, CATEGORY, NAME, VALUE, FLOW, FLOW_END = 4, 9, 11, 22, 23, 30, 47, 48
KEY, INT_VALUE, TEXT_VALUE = 10, 4, 6                           # of DebugAnnotation
BEGIN, END, INSTANT, COUNT = 1, 2, 3, 4                         # TrackEvent.Type
EXPLICIT = 3                                                    # ChildTracksOrdering
CLEARED = 1                                                     # SequenceFlags

SEQUENCE_ID = 1
ALL_CPUS, WAITING, FIRST = 1, 2, 16     # uuids of tracks
SLICED = {"vmexit", "vmentry", "runstate_change", "continue_running"}


def varint(value):
    """A number in groups of seven bits, the lowest first."""
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def uint(field, value):
    """A field that holds a natural number."""
    return varint(field << 3) + varint(value)


def fixed64(field, value):
    """A field of eight bytes."""
    return varint(field << 3 | 1) + struct.pack("<Q", value)


def data(field, value):
    """A field that holds bytes: a message within, or text."""
    return varint(field << 3 | 2) + varint(len(value)) + value


def text(field, value):
    """A field that holds text."""
    return data(field, value.encode())


class _Tracks:
    """The tracks, each with a number."""

    def __init__(self, model):
        self.packets, self.uuid = [], {}
        self._describe(ALL_CPUS, "physical CPUs", None, 0)
        for rank, cpu in enumerate(model.trace.cpus):
            self._add(("cpu", cpu), f"CPU {cpu}", ALL_CPUS, rank)
        self._describe(WAITING, "waiting vCPUs", None, 1,
                       data(COUNTER, text(UNIT_NAME, "vCPUs")))
        for vcpu in sorted(v for v in model.vcpus if v[0] not in (IDLE, UNKNOWN)):
            domain = ("domain", vcpu[0])
            if domain not in self.uuid:
                self._add(domain, f"domain {vcpu[0]}", None, 2 + vcpu[0])
            self._add(vcpu, vcpu_name(vcpu), self.uuid[domain], vcpu[1])

    def _add(self, key, name, parent, rank):
        self.uuid[key] = FIRST + len(self.uuid)
        self._describe(self.uuid[key], name, parent, rank)

    def _describe(self, uuid, name, parent, rank, more=b""):
        body = uint(UUID, uuid) + text(TRACK_NAME, name)
        if parent is not None:
            body += uint(PARENT, parent)
        self.packets.append(data(TRACK, body + uint(ORDERING, EXPLICIT) + uint(RANK, rank) + more))


class _Events:
    """The events of all tracks, sorted by time at the end; equal times keep their order."""

    def __init__(self, model, hz):
        self.base, self.hz = model.start, round(hz)
        self.found = []

    def add(self, tsc, track, kind, body=b""):
        """One event."""
        when = (tsc - self.base) * 10**9 // self.hz
        event = uint(TYPE, kind) + uint(EVENT_TRACK, track) + body
        self.found.append((when, uint(TIMESTAMP, when) + data(EVENT, event)))

    def slice(self, track, start, end, body, inner=()):
        """Something that lasts, with what lasts inside it: (start, end, body)."""
        self.add(start, track, BEGIN, body)
        for first, last, text_ in inner:
            self.add(first, track, BEGIN, text_)
            self.add(last, track, END)
        self.add(end, track, END)


def named(name, category, **notes):
    """What an event is called, and what else is known of it."""
    body = text(NAME, name) + text(CATEGORY, category)
    for key, value in notes.items():
        found = uint(INT_VALUE, value) if isinstance(value, int) else text(TEXT_VALUE, value)
        body += data(ANNOTATION, text(KEY, key) + found)
    return body


def _exits_within(model):
    """vCPU -> [(start, end, body)], each exit up to where its vCPU lost the CPU."""
    exits = {}
    for done in sorted(model.exits, key=lambda e: e.start):
        end = done.end if done.left is None else max(done.left, done.start)
        function = model.symbols.name(done.vcpu[0], done.rip)
        exits.setdefault(done.vcpu, []).append(
            (done.start, end, named(reason_name(done.reason), "exit", rip=f"{done.rip:#x}",
                                    cpu=done.cpu, **({"function": function} if function else {}))))
    return exits


def _states(events, model, tracks, ends):
    """A slice for each state of a vCPU, exits inside; ends: (vCPU, time) -> flows that end there."""
    exits = _exits_within(model)
    for vcpu, states in model.states.items():
        track, left = tracks.uuid.get(vcpu), exits.get(vcpu, [])
        if track is None:
            continue
        at = 0
        for start, end, state, cpu in states:
            while at < len(left) and left[at][0] < start:
                at += 1
            inner = []
            while state == RUNNING and at < len(left) and left[at][0] < end:
                first, last, body = left[at]
                inner.append((first, min(last, end), body))
                at += 1
            body = named(RUNSTATES[state], "runstate", **({"cpu": cpu} if state == RUNNING else {}))
            if state == RUNNING:
                body += b"".join(fixed64(FLOW_END, f) for f in ends.pop((vcpu, start), ()))
            events.slice(track, start, end, body, inner)


def _marks(events, model, tracks, flows):
    """Every record that is not part of a slice, as an instant on its CPU. flows: record -> fields."""
    for index, (tsc, cpu, number, extra) in enumerate(model.trace.records):
        event = model.catalogue.find(number)
        if event.name not in SLICED:
            notes = {k: show_value(k, v) for k, v in event.decode(extra).items()}
            events.add(tsc, tracks.uuid["cpu", cpu], INSTANT,
                       named(event.name, event.group, **notes) + flows.get(index, b""))


def _flows(model):
    """(record -> its fields, (vCPU, time) -> numbers of flows that end in a run that begins then)."""
    marks, ends = {}, {}
    for number, flow in enumerate(model.flows, 1):
        marks[flow.cause] = marks.get(flow.cause, b"") + fixed64(FLOW, number)
        if flow.what == "wake":
            when = model.trace.records[flow.effect][0]
            ends.setdefault((flow.vcpu, when), []).append(number)
        else:
            marks[flow.effect] = marks.get(flow.effect, b"") + fixed64(FLOW_END, number)
    return marks, ends


def export(model, path, hz):
    """Write the file."""
    tracks, events = _Tracks(model), _Events(model, hz)
    marks, ends = _flows(model)
    for cpu, ran in model.ran.items():
        for start, end, vcpu in ran:
            name = "unknown" if vcpu[0] == UNKNOWN else vcpu_name(vcpu)
            events.slice(tracks.uuid["cpu", cpu], start, end, named(name, "cpu"))
    _states(events, model, tracks, ends)
    _marks(events, model, tracks, marks)
    for when, waiting in model.queue:
        events.add(when, WAITING, COUNT, uint(VALUE, waiting))
    packets = tracks.packets + [packet for _, packet in sorted(events.found, key=lambda e: e[0])]
    tail = uint(SEQUENCE, SEQUENCE_ID)
    first = uint(FLAGS, CLEARED)
    write(path, b"".join(data(PACKET, packet + tail + (b"" if i else first))
                         for i, packet in enumerate(packets)))
