# SPDX-License-Identifier: GPL-2.0-or-later
"""Common Trace Format 1.8: a folder with a description (metadata) and one binary stream a CPU.

Everything is little-endian and byte-aligned. A packet ends before each gap, and the packet after
it counts the records lost there as discarded, so that readers report gaps where they are.
"""
import os
import struct

from .catalogue import IDLE, RUNSTATES, UNKNOWN
from .digest import digest
from .errors import TraceError
from .reasons import HYPERCALLS, reason_name
from .records import LOST_RECORDS

MAGIC = 0xC1FC1FC1
PACKET_HEADER = struct.Struct("<I16sI")
PACKET_CONTEXT = struct.Struct("<QQQQQI")
EVENT_HEADER = struct.Struct("<IQqI")
PACKET_RECORDS = 4096
# (event, field) -> the enumeration that names its values.
NAMED = {("vmexit", "reason"): "enum exit_reason", ("hypercall", "nr"): "enum hypercall"}

HEAD = """/* CTF 1.8 */
typealias integer { size = 8; align = 8; signed = false; } := uint8_t;
typealias integer { size = 16; align = 8; signed = false; base = 10; } := uint16_t;
typealias integer { size = 64; align = 8; signed = true; base = 10; } := int64_t;
typealias integer { size = 32; align = 8; signed = false; base = 10; } := uint32_t;
typealias integer { size = 64; align = 8; signed = false; base = 16; } := uint64_t;
trace {
	major = 1;
	minor = 8;
	uuid = "%(uuid)s";
	byte_order = le;
	packet.header := struct { uint32_t magic; uint8_t uuid[16]; uint32_t stream_id; };
};
env {
	tracer_name = "xltrace";
	hypervisor_abi = "Xen";
};
clock {
	name = cycles;
	description = "time stamp counter";
	freq = %(hz)d;
	offset = 0;
};
typealias integer { size = 64; align = 8; signed = false; map = clock.cycles.value; } := stamp_t;
enum runstate : uint8_t { %(runstates)s };
enum exit_reason : uint32_t { %(reasons)s };
enum hypercall : uint32_t { %(hypercalls)s };
enum domain : int64_t { %(domains)s };
stream {
	id = 0;
	packet.context := struct {
		stamp_t timestamp_begin;
		stamp_t timestamp_end;
		uint64_t content_size;
		uint64_t packet_size;
		uint64_t events_discarded;
		uint32_t cpu_id;
	};
	event.header := struct { uint32_t id; stamp_t timestamp; };
	event.context := struct { enum domain _domain; uint32_t _vcpu; };
};
"""


class _Kinds:
    """The event classes: one for each name, and one more where the payload is only words."""

    def __init__(self):
        self.ids = {}
        self.text = []
        self.reasons = set()

    def of(self, event, extra):
        """(class number, payload bytes) of a record."""
        plain = event.words == len(extra)
        key = (event.name, plain)
        if key not in self.ids:
            self.ids[key] = len(self.ids)
            self.text.append(self._describe(event, plain))
        number = self.ids[key]
        states = bytes(event.fixed.values())
        if plain and event.name == "vmexit":
            self.reasons.add(event.decode(extra)["reason"])
        if plain:
            return number, states + struct.pack(f"<{len(extra)}I", *extra)
        return number, states + struct.pack(f"<I{len(extra)}I", len(extra), *extra)

    def _describe(self, event, plain):
        fields = [f"\t\t{'enum runstate' if name.endswith('_state') else 'uint8_t'} _{name};"
                  for name in event.fixed]
        if plain:
            for name, _, _, mask, _ in event.getters:
                kind = NAMED.get((event.name, name), f"uint{mask.bit_length()}_t")
                fields.append(f"\t\t{kind} _{name};")
        else:
            fields += ["\t\tuint32_t _count;", "\t\tuint32_t _words[_count];"]
        return "\n".join([f"event {{\n\tname = \"{event.name}{'' if plain else '_words'}\";",
                          f"\tid = {len(self.ids) - 1};\n\tstream_id = 0;",
                          "\tfields := struct {", *fields, "\t};\n};\n"])


class _Stream:
    """One CPU's packets."""

    def __init__(self, cpu, uuid):
        self.cpu, self.uuid = cpu, uuid
        self.packets, self.records = [], []
        self.discarded = 0
        self.first = self.latest = 0

    def add(self, tsc, number, owner, payload, lost):
        """Add a record; lost: how many are missing before it."""
        if lost is not None or len(self.records) >= PACKET_RECORDS:
            self.flush()
            self.discarded += lost or 0
        self.latest = max(tsc, self.latest)
        if not self.records:
            self.first = self.latest
        domain, vcpu = owner
        self.records.append(EVENT_HEADER.pack(number, self.latest,
                                              -1 if domain == UNKNOWN else domain, vcpu) + payload)

    def flush(self):
        """End the packet."""
        if not self.records:
            return
        body = b"".join(self.records)
        bits = 8 * (PACKET_HEADER.size + PACKET_CONTEXT.size + len(body))
        self.packets += [PACKET_HEADER.pack(MAGIC, self.uuid, 0),
                         PACKET_CONTEXT.pack(self.first, self.latest, bits, bits, self.discarded,
                                             self.cpu), body]
        self.records = []


def _labels(names):
    """The labels of an enumeration, from {number: name}."""
    return ", ".join(f'"{name}" = {number}' for number, name in sorted(names.items()))


def _new_folder(path):
    os.makedirs(path, exist_ok=True)
    if os.listdir(path):
        raise TraceError(f"{path} is not empty; name a new folder")


def export(model, path, hz):
    """Write the folder."""
    if model.end / hz * 1e9 >= 1 << 63:
        raise TraceError(f"the time stamp {model.end:#x} is later than readers of CTF can count "
                         "nanoseconds; it is probably damaged")
    _new_folder(path)
    name = digest(model.trace)[:32]
    streams = {cpu: _Stream(cpu, bytes.fromhex(name)) for cpu in model.trace.cpus}
    kinds = _Kinds()
    for (tsc, cpu, number, extra), owner in zip(model.trace.records, model.owner):
        kind, payload = kinds.of(model.catalogue.find(number), extra)
        lost = extra[0] if number == LOST_RECORDS and extra else None
        streams[cpu].add(tsc, kind, model.vcpus[owner], payload, lost)
    for cpu, stream in streams.items():
        stream.flush()
        with open(os.path.join(path, f"cpu{cpu}"), "wb") as file:
            file.writelines(stream.packets)
    with open(os.path.join(path, "metadata"), "w", encoding="ascii") as file:
        file.write(HEAD % {
            "uuid": "-".join([name[:8], name[8:12], name[12:16], name[16:20], name[20:]]),
            "hz": round(hz),
            "runstates": ", ".join(f"{s} = {i}" for i, s in enumerate(RUNSTATES)),
            "reasons": _labels({r: reason_name(r) for r in kinds.reasons} or {0: "none"}),
            "hypercalls": _labels(HYPERCALLS),
            "domains": _labels({-1: "unknown", IDLE: "idle"} | {
                v[0]: f"d{v[0]}" for v in model.vcpus if v[0] not in (IDLE, UNKNOWN)})})
        file.writelines(kinds.text)
