# SPDX-License-Identifier: GPL-2.0-or-later
"""Records as lines, for people and for programs."""
import json

from .catalogue import UNKNOWN, show_value, vcpu_name


def _function(model, owner, name, value):
    """" (function+0x12)" after an instruction pointer, where symbols are known."""
    found = model.symbols.name(model.vcpus[owner][0], value) if name == "rip" else None
    return f" ({found})" if found else ""


def text_lines(model, hz):
    """One line a record: seconds since the first, CPU, the vCPU that runs there, event, fields."""
    base = model.start
    for (tsc, cpu, number, extra), owner in zip(model.trace.records, model.owner):
        event = model.catalogue.find(number)
        fields = " ".join(f"{name}={show_value(name, value)}{_function(model, owner, name, value)}"
                          for name, value in event.decode(extra).items())
        yield (f"{(tsc - base) / hz:14.9f} cpu{cpu} {vcpu_name(model.vcpus[owner]):6} "
               f"{event.name} {fields}").rstrip() + "\n"


def json_lines(model, _):
    """One JSON object a record; cycles is the stamp itself."""
    for (tsc, cpu, number, extra), owner in zip(model.trace.records, model.owner):
        event = model.catalogue.find(number)
        domain, vcpu = model.vcpus[owner]
        line = {"cycles": tsc, "cpu": cpu, "event": event.name, "id": number,
                "group": event.group, "fields": event.decode(extra)}
        function = model.symbols.name(domain, line["fields"].get("rip", 0))
        if function:
            line["function"] = function
        if domain != UNKNOWN:
            line["running"] = {"domain": domain, "vcpu": vcpu}
        yield json.dumps(line) + "\n"
