#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the six layer rules of docs/design.md, include cycles and circles of calls.

usage: layers.py [--root TREE] BUILD/ENV

The compiler's dependency files say which headers a source sees, the object files which functions
it calls. A finding is one line SOURCE: what. Circles of calls between the files of a folder are
reported, and a finding only where they grew (see circles.py).
"""

import argparse
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import circles  # noqa: E402  pylint: disable=wrong-import-position

POLICY, FORMAT = "xen/sched/policy/", "xen/mm/p2m/fmt/"
UP_FROM_MM = r"xen/(evtchn|gnttab|hypercall)\.h"

# Rules 1 to 4. For each layer, the headers that its sources may not see, directly or through others.
FORBIDDEN = [
    (1, "xen/lib/", [r"xen/hal/", r"/asm/", r"xen/(sched|domain|evtchn|gnttab|p2m|mm|printk)\.h",
                     r"xen/(timer|softirq|tasklet|rcu|spinlock|trace|console)\.h"]),
    (1, "xen/core/", [r"xen/(domain|sched|evtchn|gnttab|p2m|hypercall|guest_access)\.h"]),
    (2, "xen/mm/", [UP_FROM_MM]),
    (2, "xen/sched/", [UP_FROM_MM, r"xen/p2m\.h"]),
    (2, "xen/drivers/", [UP_FROM_MM, r"xen/(domain|sched|p2m)\.h"]),
    (3, "xen/guest/", [r"/asm/", r"xen/hal/", r"xen/(domain|sched|timer|trace)\.h"]),
    (3, POLICY, [r"/asm/", r"xen/hal/", r"xen/(domain|sched|timer|trace|softirq|rcu)\.h"]),
    (3, FORMAT, [r"/asm/", r"xen/hal/", r"xen/trace\.h"]),
    (4, "xen/arch/x86/svm/", [r"/vmx/"]),
    (4, "xen/arch/x86/vmx/", [r"/svm/"]),
]
# asm/cpu.h carries the inlines of hal/cpu.h, which spinlocks use; hal/mm.h says where RAM is mapped.
SEEN_BY_ALL = ("asm/cpu.h", "hal/cpu.h", "hal/mm.h")
SEEN_BY_FORMATS = ("hal/mm.h",)

# Rules 1 and 3 again: where the functions come from that a layer's objects call.
ALLOCATION = "xen/core/xmalloc.c"
ASSERTING = "xen/core/panic.c"
SAYING = ("xen/core/printk.c", ASSERTING)
LOCKING = ("xen/core/spinlock.c", "xen/core/rwlock.c", "xen/core/lock_check.c", "xen/core/rcu.c")
CALLABLE = [
    (1, "xen/lib/", ("xen/lib/", ALLOCATION, ASSERTING)),
    (1, "xen/core/", ("xen/core/", "xen/lib/", "xen/arch/")),
    (3, "xen/guest/", ("xen/guest/", "xen/lib/", ALLOCATION, *SAYING, *LOCKING)),
    (3, POLICY, (POLICY, "xen/lib/", ALLOCATION, *SAYING, *LOCKING)),
    (3, FORMAT, (FORMAT, "xen/lib/", *SAYING)),
]
# What the scheduler core gives its policies (xen/sched/policy.h).
CALLABLE_NAMES = {POLICY: {"sched_tickle", "sched_dump_unit"}}

# Rule 4: where code, unlike comments, names no processor's extension for guests, nor what belongs to one.
WITHOUT_VENDOR = ("xen/lib/", "xen/core/", "xen/sched/", "xen/domain/", "xen/mm/", "xen/guest/",
                  "xen/drivers/", "xen/arch/x86/hvm/")
# Entry formats are a vendor's, and this file chooses between them.
VENDORS_OWN = (FORMAT, "xen/arch/x86/hvm/vendor.c")
EXTENSION = re.compile(r"\b\w*(?:svm|vmx|vmcb|vmcs)\w*|\b(?:npt|ept)(?:_\w*)?\b|\b\w+_(?:npt|ept)\b",
                       re.I)
# Bits and instructions that guests are refused by these names.
REFUSED = {"X86_CR4_VMXE", "EFER_SVME", "is_vmx"}
STRING = re.compile(r'"(?:\\.|[^"\\])*"')

ARCH, HAL = "xen/arch/", "xen/include/xen/hal/"
ASM_ALLOWED = (ARCH, HAL)
FREESTANDING = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h"}
LIBC_ALLOWED = ("xen/arch/host/", "xen/test/")
# Tables whose empty slots mean something, as their structures' comments say.
MAY_BE_EMPTY = {"save_kind", "console_dev"}
OUR_INCLUDES = ("xen/", "asm/", "public/", "generated/")
INCLUDE = re.compile(r'^\s*#\s*include\s*(<([^>]+)>|"([^"]+)")', re.M)
TABLE = re.compile(r"^(?:static )?const struct (\w+) (\w+) = \{", re.M)
STRUCT = re.compile(r"^struct (\w+) \{\n(.*?)^\}", re.M | re.S)


def is_test(name):
    return "/test/" in name or name.startswith("fuzz/")


def check_headers(root, env):
    """Rules 1 to 4, by what the compiler read."""
    for source, headers in circles.dependencies(root, env):
        for rule, layer, patterns in FORBIDDEN:
            if not source.startswith(layer):
                continue
            for header in headers:
                if header.endswith(SEEN_BY_FORMATS if layer == FORMAT else SEEN_BY_ALL):
                    continue
                if any(re.search(p, "/" + header) for p in patterns):
                    yield f"{source}: rule {rule}: may not see {header}"


def check_calls(uses, home):
    """Rules 1 and 3, by the symbols of the objects."""
    for source, names in uses.items():
        for rule, layer, allowed in CALLABLE:
            if not source.startswith(layer):
                continue
            for name in names - CALLABLE_NAMES.get(layer, set()):
                where = home.get(name)
                if where and not where.startswith(allowed):
                    yield f"{source}: rule {rule}: may not use {name} of {where}"


def code_of(path):
    """The file without its comments."""
    return re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)


def declared_hooks(root):
    """The names that headers of hal/ declare; what they say in comments does not count."""
    return {name for path in sorted((root / HAL).glob("*.h"))
            for name in re.findall(r"\bhal_\w+", code_of(path))}


def check_headers_of_arch(root, home):
    """Rule 4: what an architecture keeps for itself is declared in its own headers."""
    for path, header in sources(root, "xen/include/xen"):
        for name in set(re.findall(r"\b(?!hal_)(\w+)\(", code_of(path))):
            if home.get(name, "").startswith(ARCH) and not header.startswith(HAL):
                yield f"{header}: rule 4: declares {name} of {home[name]}"


def check_vendors(root):
    """Rule 4: what differs between vendors is in their folders."""
    for path, name in sources(root, *WITHOUT_VENDOR):
        if name.startswith(VENDORS_OWN):
            continue
        code = STRING.sub('""', re.sub(r'#\s*include\s*"[^"]*"', "", code_of(path)))
        for word in sorted(set(EXTENSION.findall(code)) - REFUSED):
            yield f"{name}: rule 4: {word} is a vendor's"


def check_hooks(root, uses, home):
    """Rule 4: what generic code uses of an architecture is a hook that hal/ declares.

    Functions that <asm/...> gives inline leave no trace in the objects; headers of hal/ list them.
    """
    declared = declared_hooks(root)
    for source, names in uses.items():
        if source.startswith(ARCH) or is_test(source):
            continue
        for name in names:
            where = home.get(name, "")
            if where.startswith(ARCH) and not name.startswith("hal_"):
                yield f"{source}: rule 4: {name} of {where} has not the prefix of a hook, hal_"
            elif where.startswith(ARCH) and name not in declared:
                yield f"{source}: rule 4: {name} of {where} is not declared in {HAL}"


def sources(root, *folders):
    for folder in folders:
        for path in sorted((root / folder).rglob("*.[chS]")):
            yield path, str(path.relative_to(root))


def check_includes(root):
    """Rules 2, 4 and 5, by the #include lines."""
    for path, name in sources(root, "xen", "tools", "fuzz", "bench"):
        for match in INCLUDE.finditer(path.read_text(encoding="utf-8")):
            angle, quoted = match.group(2), match.group(3)
            if is_test(name):
                continue
            if quoted and ".." in quoted.split("/"):
                yield f"{name}: rule 2: \"{quoted}\" reaches into another folder"
            elif quoted and "/" in quoted and name.startswith("xen/"):
                yield f"{name}: rule 2: \"{quoted}\" is not in the same folder"
            elif angle and name.startswith("xen/"):
                yield from check_angle(name, angle)


def check_angle(name, header):
    if header.startswith("asm/") and not name.startswith(ASM_ALLOWED):
        yield f"{name}: rule 4: only hal/ headers and arch/ include <{header}>"
    if not header.startswith(OUR_INCLUDES) and header not in FREESTANDING and \
            not name.startswith(LIBC_ALLOWED):
        yield f"{name}: rule 5: <{header}> is libc's"


def check_tables(root):
    """Rule 6: a constant table of functions is registered with the check at boot."""
    texts = {name: path.read_text(encoding="utf-8") for path, name in sources(root, "xen")}
    of_functions = {struct for text in texts.values() for struct, body in STRUCT.findall(text)
                    if body.count("(*") > 1}
    for name, text in texts.items():
        for struct, table in TABLE.findall(text):
            if struct in of_functions - MAY_BE_EMPTY and not is_test(name) and \
                    not re.search(rf"OPS_TABLE\({table}\b", text):
                yield f"{name}: rule 6: {table} is not registered by OPS_TABLE"


def include_graph(root):
    """Header -> headers, over the whole tree; names in angle brackets by their include path."""
    paths = [p for top in ("xen", "tools", "bench", "fuzz") for p in (root / top).rglob("*.h")]
    by_name = {}
    for path in paths:
        parts = path.relative_to(root).parts
        for i in range(1, len(parts)):
            if parts[i - 1] in ("include", "libs", "tools", "bench"):
                by_name.setdefault("/".join(parts[i:]), path)
    graph = {}
    for path in paths:
        graph[path] = set()
        for match in INCLUDE.finditer(path.read_text(encoding="utf-8")):
            target = by_name.get(match.group(2) or match.group(3))
            if match.group(3) and (path.parent / match.group(3)).exists():
                target = (path.parent / match.group(3)).resolve()
            if target:
                graph[path].add(target)
    return graph


def check_cycles(root):
    for group in circles.groups(include_graph(root)):
        names = sorted(str(p.relative_to(root)) for p in group)
        yield f"{names[0]}: include cycle of " + ", ".join(names)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("."), help="the tree (default: here)")
    parser.add_argument("env", type=Path, help="the objects of one environment")
    args = parser.parse_args()
    root = args.root.resolve()
    uses, home = circles.symbols(root, args.env)
    findings = {*check_headers(root, args.env), *check_calls(uses, home),
                *check_hooks(root, uses, home), *check_headers_of_arch(root, home),
                *check_vendors(root), *check_includes(root), *check_tables(root), *check_cycles(root)}
    report, grown = circles.check(uses, home)
    findings |= set(grown)
    for line in sorted(findings):
        print(line)
    for line in report:
        print(line)
    print(f"layers: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
