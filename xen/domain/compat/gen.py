#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the tables by which calls from 32-bit mode are translated (see layouts.toml).

usage: gen.py CC INCLUDE_DIR [--alike] > compat_layouts.h    (INCLUDE_DIR holds the headers as public/)

The ABI's headers are compiled by CC for i386 and for x86-64, and the layout of each structure is
read from the debug information of both. A structure that is the same in both widths gets no table.
--alike: CC's ABI has one layout for both widths (ARM), so no call is translated.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
MAX_BYTES = 255         # of a structure in a 32-bit guest: COMPAT_MAX_BYTES
DIE = re.compile(r"\s*<(\d+)><([0-9a-f]+)>: Abbrev Number: (\d+)(?: \(DW_TAG_(\w+)\))?")
ATTR = re.compile(r"\s+<[0-9a-f]+>\s+DW_AT_(\w+)\s*: (.*)")
INDIRECT = re.compile(r"\(indirect string, offset: \w+\): ")
SIGNED = {"5", "6", "13"}       # DW_ATE_signed, _signed_char


class Problem(Exception):
    """The tables cannot be made."""


class Die:
    """An entry of the debug information."""

    def __init__(self, tag):
        self.tag, self.attr, self.children = tag, {}, []

    @property
    def name(self):
        """Its name, "" for anonymous types."""
        return self.attr.get("name", "")

    def number(self, key, default=0):
        """An attribute that is a number."""
        return int(self.attr[key].split()[0], 0) if key in self.attr else default


class Types:
    """The types that one compilation knows."""

    def __init__(self, text):
        self.by_offset, self.variables = {}, {}
        stack = []
        for line in text.splitlines():
            found = DIE.match(line)
            if found:
                depth = int(found[1])
                if not found[4]:
                    continue
                die = Die(found[4])
                self.by_offset[int(found[2], 16)] = die
                del stack[depth:]
                if stack:
                    stack[-1].children.append(die)
                stack.append(die)
            elif stack and (found := ATTR.match(line)):
                value = INDIRECT.sub("", found[2]).strip()
                stack[-1].attr[found[1]] = re.sub(r"\s*\t?\(.*\)$", "", value) \
                    if found[1] != "name" else value
        for die in self.by_offset.values():
            if die.tag == "variable":
                self.variables[die.name] = self.of(die)

    def of(self, die):
        """The type that an entry refers to; None is void."""
        ref = die.attr.get("type")
        return self.by_offset[int(ref.strip("<>"), 16)] if ref else None

    def strip(self, die):
        """Without typedefs and qualifiers, and the typedef's name if it is a guest handle."""
        handle = ""
        while die is not None and die.tag in ("typedef", "const_type", "volatile_type"):
            if die.name.startswith("__guest_handle_"):
                handle = die.name
            die = self.of(die)
        return die, handle

    def size(self, die):
        """Bytes of a type."""
        die, _ = self.strip(die)
        if die.tag == "array_type":
            return self.count(die) * self.size(self.of(die))
        return die.number("byte_size")

    @staticmethod
    def count(die):
        """Elements of an array, all dimensions together; 0 for a flexible one."""
        n = 1
        for sub in (c for c in die.children if c.tag == "subrange_type"):
            n *= sub.number("count") if "count" in sub.attr else sub.number("upper_bound", -1) + 1
        return n

    def pointee(self, die):
        """The type that a guest handle points to."""
        die, _ = self.strip(die)
        while die.tag != "pointer_type":
            die, _ = self.strip(self.of(die.children[0]) if die.children[0].tag == "member"
                                else self.of(die.children[1]))
        return self.of(die)


def compile_types(compiler, include, width, spec, names):
    """The types of variables v0, v1, ... of the types named."""
    source = "#include <stdint.h>\n#include <stddef.h>\n"
    source += "".join(f"#include <public/{h}>\n" for h in spec["headers"])
    source += "".join(f"{name} v{i};\n" for i, name in enumerate(names))
    with tempfile.TemporaryDirectory() as folder:
        obj = pathlib.Path(folder) / "types.o"
        command = [*compiler.split(), *width, "-ffreestanding", "-D__XEN_TOOLS__",
                   f"-I{include}", "-g", "-gdwarf-4", "-O0", "-x", "c", "-c", "-o", str(obj), "-"]
        subprocess.run(command, input=source, text=True, check=True)
        text = subprocess.run(["readelf", "--debug-dump=info", str(obj)], text=True,
                              check=True, capture_output=True).stdout
    return Types(text)


class Maker:
    """Compares a type in both widths, member by member."""

    def __init__(self, spec, native, compat):
        self.spec, self.native, self.compat = spec, native, compat
        self.layouts = {}       # name: (C type, compat bytes, fields, tag or None)

    def layout_of(self, nat, com):
        """The name of the layout of a pointer's target; "" when both widths have the same."""
        if nat is None:
            return ""
        nat, _ = self.native.strip(nat)
        com, _ = self.compat.strip(com)
        if nat.tag == "subroutine_type" or "declaration" in nat.attr:
            return ""
        if nat.tag in ("base_type", "enumeration_type", "pointer_type"):
            if self.native.size(nat) == self.compat.size(com):
                return ""
            self.layouts.setdefault("ulong", ("unsigned long", 4,
                                              [("uint", "", 0, 8, 0, 4, "")], None))
            return "ulong"
        name = nat.name
        if name in self.layouts:
            return name
        tagged = self.spec["tagged"].get(f"struct {name}")
        fields = self.fields(nat, com, f"struct {name}", "", 0, 0, tagged)
        cases = self.cases(nat, com, tagged) if tagged else None
        alike = self.native.size(nat) == self.compat.size(com) and not cases and \
            all(f[0] == "bytes" and f[2] == f[4] for f in fields)
        if alike:
            return ""
        if not name:
            raise Problem("a structure without a name differs between the widths")
        if self.compat.size(com) > MAX_BYTES or self.native.size(nat) > MAX_BYTES:
            raise Problem(f"struct {name}: too large to translate")
        self.layouts[name] = (f"struct {name}", self.compat.size(com), merge(fields),
                              (tagged, cases) if cases else None)
        return name

    def fields(self, nat, com, where, path, noff, coff, tagged=None):
        """The innermost members: (kind, path, native offset and size, compat offset and size, target)."""
        raw_nat, raw_com = nat, com
        nat, handle = self.native.strip(nat)
        com, chandle = self.compat.strip(com)
        sizes = noff, self.native.size(nat), coff, self.compat.size(com)
        if handle:
            target = self.layout_of(self.native.pointee(raw_nat), self.compat.pointee(raw_com))
            if not target and sizes[1] == sizes[3] and chandle.startswith("__guest_handle_64_"):
                return [("bytes", path, *sizes, "")]
            return [("handle", path, *sizes, target)]
        if nat.tag in ("base_type", "enumeration_type", "pointer_type"):
            if sizes[1] == sizes[3]:
                return [("bytes", path, *sizes, "")]
            if sizes[1] != 8 or sizes[3] != 4:
                raise Problem(f"{where}.{path}: {sizes[1]} bytes here, {sizes[3]} there")
            signed = nat.attr.get("encoding", "").split()[:1] in [[s] for s in SIGNED]
            return [("int" if signed else "uint", path, *sizes, "")]
        if nat.tag == "array_type":
            return self.array(nat, com, where, path, noff, coff)
        if nat.tag == "union_type":
            return self.union(nat, com, where, path, noff, coff)
        out = []
        for one, two in zip(members(nat), members(com), strict=True):
            if tagged and one.name == tagged["union"]:
                size = min(self.native.size(self.native.of(one)),
                           self.compat.size(self.compat.of(two)))
                at = noff + location(one), size, coff + location(two), size
                out.append(("bytes", join(path, one.name), *at, ""))
                continue
            if "bit_size" in one.attr:
                out.append(("bytes", path, noff + location(one), self.native.size(
                    self.native.of(one)), coff + location(two), self.compat.size(
                        self.compat.of(two)), ""))
                continue
            out += self.fields(self.native.of(one), self.compat.of(two), where,
                               join(path, one.name), noff + location(one), coff + location(two))
        return out

    def array(self, nat, com, where, path, noff, coff):
        """An array: copied as bytes if both layouts are equal, else element by element."""
        elem_n, elem_c = self.native.of(nat), self.compat.of(com)
        size_n, size_c = self.native.size(elem_n), self.compat.size(elem_c)
        count = self.native.count(nat)
        one = self.fields(elem_n, elem_c, where, path, 0, 0) if count else []
        if size_n == size_c and all(f[0] == "bytes" and f[2] == f[4] for f in one):
            return [("bytes", path, noff, count * size_n, coff, count * size_c, "")] if count \
                else []
        out = []
        for i in range(count):
            out += self.fields(elem_n, elem_c, where, f"{path}[{i}]", noff + i * size_n,
                               coff + i * size_c)
        return out

    def union(self, nat, com, where, path, noff, coff):
        """A union: the member that the table prefers, or the widest, which covers the others."""
        both = list(zip(members(nat), members(com), strict=True))
        prefer = self.spec["prefer"].get(f"{where}.{path}")
        alternatives = []
        for one, two in both:
            if prefer and one.name != prefer:
                continue
            alternatives.append(self.fields(self.native.of(one), self.compat.of(two), where,
                                            join(path, one.name), noff + location(one),
                                            coff + location(two)))
        if all(f[0] == "bytes" and f[2] - noff == f[4] - coff for a in alternatives for f in a):
            size = min(self.native.size(nat), self.compat.size(com))
            return [("bytes", path, noff, size, coff, size, "")]
        if all(len(a) == 1 for a in alternatives):
            return max(alternatives, key=lambda a: a[0][3])
        raise Problem(f"{where}.{path}: a union whose members differ; say which one counts")

    def cases(self, nat, com, tagged):
        """The members of a tagged union that need more than copying, by the tag's value."""
        union_n = next(m for m in members(nat) if m.name == tagged["union"])
        union_c = next(m for m in members(com) if m.name == tagged["union"])
        body_n, _ = self.native.strip(self.native.of(union_n))
        body_c, _ = self.compat.strip(self.compat.of(union_c))
        wanted = tagged.get("cases", {})
        cases, differ = {}, set()
        for one, two in zip(members(body_n), members(body_c), strict=True):
            got = self.fields(self.native.of(one), self.compat.of(two), f"struct {nat.name}",
                              join(tagged["union"], one.name), location(union_n),
                              location(union_c)) if one.name not in tagged["unbuilt"] else []
            if not all(f[0] == "bytes" and f[2] == f[4] for f in got):
                differ.add(one.name)
            cases |= {value: merge(got) for value, name in wanted.items() if name == one.name}
        if differ != set(wanted.values()):
            raise Problem(f"struct {nat.name}: these members differ between the widths: "
                          f"{sorted(differ)}; the table names {sorted(wanted.values())}")
        return cases


def members(die):
    """The members of a structure or union."""
    return [c for c in die.children if c.tag == "member"]


def location(member):
    """A member's offset; a bit-field's unit."""
    return member.number("data_member_location")


def join(path, name):
    """A path to a member; the members of an anonymous one belong to its parent."""
    return f"{path}.{name}" if path and name else path or name


def merge(fields):
    """Join neighbours that are at equal distances in both widths, with the gaps between them."""
    out = []
    for field in sorted(fields, key=lambda f: (f[2], f[4])):
        last = out[-1] if out else None
        if last and last[0] == field[0] == "bytes" and last[2] - last[4] == field[2] - field[4]:
            end = max(last[2] + last[3], field[2] + field[3])
            size = end - last[2]
            out[-1] = ("bytes", last[1], last[2], size, last[4], size, "")
        else:
            out.append(field)
    return out


def c_field(field):
    """The C initialiser of one field."""
    kind, path, noff, nsize, coff, csize, target = field
    return (f"\t{{ COMPAT_{kind.upper()}, {noff}, {nsize}, {coff}, {csize}, "
            f"COMPAT_LAYOUT_{target or 'NONE'} }},\t/* {path or 'itself'} */")


def emit_layouts(maker):
    """Print the tables of fields."""
    for name, (_, _, fields, tag) in maker.layouts.items():
        print(f"static const struct compat_field fields_{name}[] = {{")
        print("\n".join(c_field(f) for f in fields))
        print("};")
        for value, sub in (tag[1] if tag else {}).items():
            print(f"static const struct compat_field fields_{name}_{value}[] = {{")
            print("\n".join(c_field(f) for f in sub))
            print("};")
        if tag:
            print(f"static const struct compat_case cases_{name}[] = {{")
            for value in tag[1]:
                print(f"\t{{ {value}, ARRAY_SIZE(fields_{name}_{value}), "
                      f"fields_{name}_{value} }},")
            print("};")
    print("static const struct compat_layout layouts[] = {")
    for name, (ctype, size, fields, tag) in maker.layouts.items():
        extra = ""
        if tag:
            extra = (f"\t\t.tag = offsetof({ctype}, {tag[0]['tag']}), .cases = cases_{name},\n"
                     f"\t\t.nr_cases = ARRAY_SIZE(cases_{name}),\n")
        print(f"\t[COMPAT_LAYOUT_{name}] = {{\n\t\t.name = \"{name}\",\n"
              f"\t\t.native_bytes = sizeof({ctype}), .compat_bytes = {size},\n"
              f"\t\t.nr_fields = ARRAY_SIZE(fields_{name}), .field = fields_{name},\n"
              f"{extra}\t}},")
    print("};")
    for name, (ctype, _, fields, tag) in maker.layouts.items():
        plain = [f for f in fields if f[1] and f[0] != "bytes"]
        for f in plain + [f for sub in (tag[1].values() if tag else []) for f in sub]:
            print(f"_Static_assert(offsetof({ctype}, {f[1]}) == {f[2]}, \"{name}.{f[1]}\");")


def c_call(call, command, layout):
    """One row of the table of calls."""
    words = [f".nr = {call['nr']}", f".mask = {call.get('mask', 0xffffffff):#x}"]
    if command is None:
        words[1] = ".mask = 0"
    else:
        words.append(f".cmd = {command}")
    if layout:
        words += [f".arg = {call['arg']}", f".layout = COMPAT_LAYOUT_{layout}"]
    if call.get("halves"):
        words.append(".halves = true")
    return "\t{ " + ", ".join(words) + " },"


def emit_shared(compat, types):
    """Print the offsets of members in shared memory."""
    for name, die in types.items():
        for path, offset in offsets(compat, die, "", 0):
            # The ABI calls this one xen_wc_sec_hi, as its place depends on the architecture.
            path = path.replace("arch.wc_sec_hi", "wc_sec_hi")
            macro = f"COMPAT_OFFSET_{name.split()[-1]}_{re.sub('[^a-z0-9_]', '_', path)}"
            print(f"#define {macro} {offset}U")


def offsets(types, die, path, at):
    """Every leaf of a structure with its offset."""
    die, _ = types.strip(die)
    if die.tag != "structure_type":
        yield path, at
        return
    for member in members(die):
        yield from offsets(types, types.of(member), join(path, member.name), at + location(member))


def emit_alike(spec):
    """Print the offsets of the only layout, and tables without calls."""
    only = compile_types(sys.argv[1], sys.argv[2], [], {"headers": ["xen.h"]}, spec["shared"])
    print("/* Made by xen/domain/compat/gen.py: both widths have one layout. */")
    print("enum compat_layout_id {\n\tCOMPAT_LAYOUT_NONE,\n};")
    emit_shared(only, {name: only.variables[f"v{i}"] for i, name in enumerate(spec["shared"])})
    print("#ifdef COMPAT_TABLES\nstatic const struct compat_layout layouts[1];")
    print("static const struct compat_call calls[] = {\n\t{ .nr = ~0U },\t/* none */\n};\n#endif")


def main():
    """The command line."""
    if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["--alike"]):
        sys.exit(__doc__.strip())
    with open(HERE / "layouts.toml", "rb") as file:
        spec = tomllib.load(file)
    wanted = [(call, command, ctype) for call in spec["call"]
              for command, ctype in call.get("commands", {None: call.get("struct", "")}).items()]
    if sys.argv[3:]:
        emit_alike(spec)
        return
    names = sorted({ctype for _, _, ctype in wanted if ctype} | set(spec["shared"]))
    native = compile_types(sys.argv[1], sys.argv[2], ["-m64"], spec, names)
    compat = compile_types(sys.argv[1], sys.argv[2], ["-m32"], spec, names)
    maker = Maker(spec, native, compat)
    of_name = {name: (native.variables[f"v{i}"], compat.variables[f"v{i}"])
               for i, name in enumerate(names)}
    rows = [c_call(call, command, maker.layout_of(*of_name[ctype]) if ctype else "")
            for call, command, ctype in wanted]
    print("/* Made by xen/domain/compat/gen.py from layouts.toml and the ABI's headers. */")
    print("enum compat_layout_id {\n\tCOMPAT_LAYOUT_NONE,")
    print("\n".join(f"\tCOMPAT_LAYOUT_{name}," for name in maker.layouts) + "\n};")
    emit_shared(compat, {name: of_name[name][1] for name in spec["shared"]})
    print("#ifdef COMPAT_TABLES")
    emit_layouts(maker)
    print("static const struct compat_call calls[] = {\n" + "\n".join(rows) + "\n};\n#endif")


if __name__ == "__main__":
    try:
        main()
    except Problem as err:
        sys.exit(f"xen/domain/compat/gen.py: {err}")
