#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the fuzzer's table of hypercalls with the meaning of every field (see calls.toml).

usage: gen.py CC INCLUDE_DIR > fuzz_calls.h      (INCLUDE_DIR holds the headers as public/)
"""
import importlib.util
import pathlib
import re
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COMPAT = ROOT / "xen/domain/compat"


def load_compat():
    """The generator of the compat tables, which reads types from debug information."""
    spec = importlib.util.spec_from_file_location("compat_gen", COMPAT / "gen.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


compat = load_compat()


class Fields:
    """The innermost fields of structures."""

    def __init__(self, types, kinds):
        self.types = types
        self.kinds = [(re.compile(pattern), kind) for pattern, kind in kinds]
        self.structs = {}       # name: (C type, rows)

    def kind(self, struct, name):
        """What a field of this name means."""
        return next((kind for pattern, kind in self.kinds
                     if pattern.match(name) or pattern.match(f"{struct} {name}")), "RAW")

    def element(self, die):
        """The index expression of the structure that a handle's elements have, and their size."""
        target = self.types.pointee(die)
        if target is None:
            return "RAW", 1
        name = target.name
        bare, _ = self.types.strip(target)
        if bare is None or "declaration" in bare.attr or bare.tag == "subroutine_type":
            return "RAW", 1
        size = self.types.size(bare) or 1
        if name in ("xen_pfn_t", "xen_ulong_t", "uint64_aligned_t"):
            return "GFN", size
        if name == "evtchn_port_t":
            return "PORT", size
        return "RAW", size

    def leaves(self, die, path, at, alt=(0, 0), skip=None, struct=""):
        """(path, offset, bytes, kind, element kind, element bytes, alternative, alternatives)."""
        raw = die
        die, handle = self.types.strip(die)
        size = self.types.size(die)
        last = re.sub(r"\[.*", "", path.split(".")[-1])
        if handle:
            elem, esize = self.element(raw)
            yield path, at, 8, "POINTER", elem, esize, alt
        elif die.tag in ("base_type", "enumeration_type", "pointer_type"):
            yield path, at, size, self.kind(struct, last), "RAW", 0, alt
        elif die.tag == "array_type":
            elem, n = self.types.of(die), self.types.count(die)
            step = self.types.size(elem)
            for i in range(min(n, 4)):
                yield from self.leaves(elem, f"{path}[{i}]", at + i * step, alt, struct=struct)
        else:
            members = [m for m in compat.members(die) if m.name != skip]
            struct = die.name or struct
            n = len(members) if die.tag == "union_type" else 0
            for i, member in enumerate(members):
                if "bit_size" in member.attr:
                    yield (compat.join(path, member.name), at + compat.location(member), 1, "RAW",
                           "RAW", 0, (i, n) if n else alt)
                    continue
                yield from self.leaves(self.types.of(member), compat.join(path, member.name),
                                       at + compat.location(member), (i, n) if n else alt,
                                       struct=struct)


def c_rows(name, rows):
    """The C table of one structure's fields."""
    out = [f"static const struct call_field fields_{name}[] = {{"]
    for path, at, size, kind, elem, esize, alt in rows:
        out.append(f'\t{{ "{path or "value"}", {at}, {size}, FIELD_{kind}, FIELD_{elem}, {esize}, '
                   f"{alt[0]}, {alt[1]} }},")
    if not rows:
        out.append('\t{ "", 0, 0, FIELD_RAW, FIELD_RAW, 0, 0, 0 },')
    return "\n".join(out + ["};"])


def identifier(text):
    """A C identifier."""
    return re.sub(r"\W+", "_", text).strip("_")


def control_commands(control):
    """The commands that the hypervisor's tables have handlers for."""
    text = "".join((ROOT / s).read_text() for s in control["sources"])
    return re.findall(control.get("pattern", rf"\[{control['prefix']}(\w+)\]\s*="), text)


def check_numbers(spec):
    """Every hypercall of the hypervisor's table must be in the list of calls."""
    table = (ROOT / "xen/domain/hypercall.c").read_text()
    have = {call["nr"] for call in spec["call"]}
    missing = sorted(set(re.findall(r"\[(__HYPERVISOR_\w+)\]", table)) - have)
    if missing:
        raise compat.Problem(f"no generator for {', '.join(missing)}: add to "
                             "xen/domain/compat/layouts.toml")


class Table:
    """The rows of the table of calls, and the structures that they need."""

    def __init__(self, spec, mine, types, of_name):
        self.spec, self.mine, self.of_name = spec, mine, of_name
        self.fields = Fields(types, mine["kinds"])
        self.texts, self.rows, self.known = [], {}, set()

    def struct(self, key, rows):
        """Make the table of fields @key once; returns its name."""
        if key not in self.known:
            self.known.add(key)
            self.texts.append(c_rows(key, list(rows)))
        return key

    def row(self, name, call, command, struct, ctype, tag="0"):
        """Add a call."""
        extra = self.mine["arguments"].get(call["nr"], {})
        args = ", ".join(f"[{i}] = FIELD_{kind}" for i, kind in extra.items())
        words = [f'.name = "{name}"', f".nr = {call['nr']}"]
        if command:
            words += [f".cmd = {command}", ".has_cmd = true"]
        if struct:
            words += [f".arg = {call['arg']}", f".has_struct = true, .bytes = sizeof({ctype})",
                      f".fields = fields_{struct}", f".nr_fields = ARRAY_SIZE(fields_{struct})",
                      f".tag = {tag}"]
        if args:
            words.append(f".args = {{ {args} }}")
        self.rows[name] = "\t{ " + ", ".join(words) + " },"

    def ordered(self):
        """The rows in the order by which inputs know them; new calls are the last."""
        order = self.mine["order"]["calls"]
        gone = [name for name in order if name not in self.rows]
        if gone:
            raise compat.Problem(f"calls.toml: order has {', '.join(gone)}, which there are not")
        return [self.rows[n] for n in [*order, *(n for n in self.rows if n not in order)]]

    def plain(self, call):
        """The rows of a call that is not a control call."""
        for command, ctype in call.get("commands", {"": call.get("struct", "")}).items():
            struct = ""
            if ctype:
                struct = self.struct(identifier(ctype),
                                     self.fields.leaves(self.of_name[ctype], "", 0))
            self.row(command or call["nr"].removeprefix("__HYPERVISOR_"), call, command, struct,
                     ctype)

    def control(self, call, control):
        """The rows of domctl, sysctl or dm_op."""
        ctype = control["struct"]
        die, _ = self.fields.types.strip(self.of_name[ctype])
        union = next(m for m in compat.members(die) if m.name == "u")
        body, _ = self.fields.types.strip(self.fields.types.of(union))
        members = {m.name: m for m in compat.members(body)}
        head = list(self.fields.leaves(die, "", 0, skip="u"))
        for command in control_commands(control):
            name = control["member"].get(command, command)
            if name and name not in members:
                raise compat.Problem(f"{control['prefix']}{command}: which member of u has its "
                                     "arguments? Say so in fuzz/hypercall/calls.toml")
            rows = list(head)
            if name:
                rows += self.fields.leaves(self.fields.types.of(members[name]), "u." + name,
                                           compat.location(union))
            struct = self.struct(identifier(control["prefix"] + command), rows)
            self.row(control["prefix"] + command, call, "", struct, ctype,
                     control["prefix"] + command)


def main():
    """The command line."""
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    with open(COMPAT / "layouts.toml", "rb") as file:
        spec = tomllib.load(file)
    with open(HERE / "calls.toml", "rb") as file:
        mine = tomllib.load(file)
    check_numbers(spec)
    names = sorted({ctype for call in spec["call"] for ctype in
                    [*call.get("commands", {}).values(), call.get("struct", "")] if ctype} |
                   {control["struct"] for control in mine["control"]})
    types = compat.compile_types(sys.argv[1], sys.argv[2], ["-m64"], spec, names)
    table = Table(spec, mine, types, {n: types.variables[f"v{i}"] for i, n in enumerate(names)})
    controls = {c["nr"]: c for c in mine["control"]}
    for call in spec["call"]:
        if call["nr"] in controls:
            table.control(call, controls[call["nr"]])
        else:
            table.plain(call)
    print("/* Made by fuzz/hypercall/gen.py from calls.toml, layouts.toml and the ABI's headers. */")
    print("\n".join(table.texts))
    print("const struct call_desc call_table[] = {\n" + "\n".join(table.ordered()) + "\n};")
    print("const u32 call_count = ARRAY_SIZE(call_table);")
    for control in mine["control"]:
        if "version" in control:
            print(f"#define {control['prefix']}VERSION {control['version']}")


if __name__ == "__main__":
    try:
        main()
    except compat.Problem as err:
        sys.exit(f"fuzz/hypercall/gen.py: {err}")
