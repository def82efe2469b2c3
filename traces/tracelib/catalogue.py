# SPDX-License-Identifier: GPL-2.0-or-later
"""What events are called and what their words mean: traces/catalogue.toml, and beside it
xen-events.toml for events that only Debian's Xen records."""
import dataclasses
import itertools
import os
import tomllib

from .errors import TraceError
from .reasons import hypercall_name, reason_name

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FILES = [os.path.join(FOLDER, name) for name in ("catalogue.toml", "xen-events.toml")]
SIZES = {"u16": 2, "u32": 4, "u64": 8}
MAX_PAYLOAD = 28
RUNSTATES = ["running", "runnable", "blocked", "offline"]
# Numbers that are not domains: the idle vCPUs', and the one used while it is not known who runs.
IDLE, UNKNOWN = 0x7fff, 0x8000
# Fields that are easier to read in decimal; all others are shown in hexadecimal.
DECIMAL = {"vcpu", "domain", "cpu", "count", "port", "order", "bytes", "nr", "expires", "gsi",
           "irq", "vector", "window_bytes", "start", "position", "credit", "delta", "load"}


@dataclasses.dataclass
class Event:
    """An event, for one value of what its number carries.

    getters: (field, first word, shift, mask, whether 64 bits wide); words: length of the payload,
    None when it varies, -1 when it is not known; fixed: values that are part of the number.
    """

    name: str
    number: int
    group: str
    doc: str
    getters: list
    words: int
    fixed: dict

    def decode(self, extra):
        """The fields as a dictionary; words that the catalogue does not explain as word0, ..."""
        out = dict(self.fixed)
        if len(extra) != self.words:
            out.update((f"word{i}", word) for i, word in enumerate(extra))
            return out
        for name, word, shift, mask, wide in self.getters:
            value = extra[word] | extra[word + 1] << 32 if wide else extra[word]
            out[name] = value >> shift & mask
        return out


def _getters(name, fields):
    """(getters, bytes of the payload)."""
    getters, at = [], 0
    for field in fields:
        size = SIZES.get(field.get("type"))
        if size is None:
            raise TraceError(f"event {name}: field {field.get('name')}: type must be one of "
                             f"{', '.join(SIZES)}")
        if at % min(size, 4):
            raise TraceError(f"event {name}: field {field['name']} is not aligned")
        getters.append((field["name"], at // 4, 8 * (at % 4), (1 << 8 * size) - 1, size == 8))
        at += size
    if at % 4 or at > MAX_PAYLOAD:
        raise TraceError(f"event {name}: a payload of {at} bytes; it must be a multiple of 4 and "
                         f"at most {MAX_PAYLOAD}")
    return getters, at


def _variants(entry):
    """The Events of a catalogue entry: one for each value of what its number carries."""
    name = entry["name"]
    getters, size = _getters(name, entry.get("fields", []))
    words = None if entry.get("variable") else size // 4
    ids = entry.get("id_fields", [])
    for values in itertools.product(*(range(1 << f["bits"]) for f in ids)):
        number, fixed = entry["id"], {}
        for field, value in zip(ids, values):
            number |= value << field["shift"]
            fixed[field["name"]] = value
        yield Event(name, number, entry.get("group", "other"), entry.get("doc", ""), getters,
                    words, fixed)


class Catalogue:
    """Looks events up by number. What is not listed decodes to its words."""

    def __init__(self, files=None):
        self.events = {}
        self.entries = []
        for path in FILES if files is None else files:
            self._read(path)

    def _read(self, path):
        try:
            with open(path, "rb") as file:
                entries = tomllib.load(file)["event"]
            for entry in entries:
                self.entries.append(entry)
                for event in _variants(entry):
                    self.events.setdefault(event.number, event)
        except OSError as error:
            raise TraceError(f"no catalogue: {error}") from error
        except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise TraceError(f"{path}: not a catalogue of events: {error}") from error

    def find(self, number):
        """The Event of a number; a nameless one for a number that is not listed."""
        event = self.events.get(number)
        if event is None:
            event = Event(f"event_{number:07x}", number, "unknown", "", [], -1, {})
            self.events[number] = event
        return event

    def number(self, name):
        """The number of a listed event, or None."""
        return next((e["id"] for e in self.entries if e["name"] == name), None)


def show_value(name, value):
    """A field's value for people."""
    if name.endswith("_state"):
        return RUNSTATES[value & 3]
    if name == "reason":
        return reason_name(value)
    if name == "nr":
        return hypercall_name(value)
    if name in DECIMAL or name.split("_")[-1] in DECIMAL:
        return str(value)
    return f"{value:#x}"


def vcpu_name(vcpu):
    """d0v1 of (0, 1)."""
    domain, number = vcpu
    if domain == IDLE:
        return f"idle{number}"
    return f"?cpu{number}" if domain == UNKNOWN else f"d{domain}v{number}"
