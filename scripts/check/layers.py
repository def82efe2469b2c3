#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks who may include whom, from the dependency files of a build, and include cycles.

usage: layers.py BUILD/ENV

The rules are those of docs/design.md. A finding is one line SOURCE: what.
"""

import re
import sys
from pathlib import Path

# For each layer, what its sources may not see (a pattern on the header's path).
FORBIDDEN = {
    "xen/lib/": [r"xen/hal/", r"/asm/", r"xen/(sched|domain|evtchn|gnttab|p2m)\.h"],
    "xen/core/": [r"xen/(evtchn|gnttab|p2m|hypercall)\.h"],
    "xen/mm/": [r"xen/(gnttab|evtchn|hypercall)\.h"],
    "xen/guest/": [r"/asm/", r"xen/hal/", r"xen/domain\.h"],
    "xen/arch/x86/svm/": [r"/vmx/"],
    "xen/arch/x86/vmx/": [r"/svm/"],
}
# Only hal/ headers and arch/ include asm/ by name.
ASM_ALLOWED = re.compile(r"xen/(arch/|include/xen/hal/)")


def dependencies(env):
    """Yield (source, [headers]) from the compiler's .d files."""
    for dep in sorted(env.rglob("*.d")):
        text = dep.read_text().replace("\\\n", " ")
        rule = text.split("\n")[0]
        if ":" not in rule:
            continue
        parts = rule.split(":", 1)[1].split()
        if parts:
            yield parts[0], parts[1:]


def check_layers(env):
    for source, headers in dependencies(env):
        for layer, patterns in FORBIDDEN.items():
            if not source.startswith(layer):
                continue
            for header in headers:
                if any(re.search(p, header) for p in patterns) and not transitive_ok(layer, header):
                    yield f"{source}: may not see {header}"


def transitive_ok(layer, header):
    """asm/cpu.h carries the inlines of hal/cpu.h, which everything above lib sees."""
    return layer in ("xen/lib/", "xen/guest/") and header.endswith(("asm/cpu.h", "hal/cpu.h"))


def check_asm_includes(root):
    for path in sorted(root.rglob("*.[ch]")):
        name = str(path)
        if ASM_ALLOWED.match(name) or "/test/" in name:
            continue
        for n, line in enumerate(path.read_text().split("\n"), 1):
            if re.match(r"\s*#\s*include\s*<asm/", line):
                yield f"{name}:{n}: only hal/ headers and arch/ include <asm/...>"


def include_graph(root):
    graph = {}
    for path in sorted(root.rglob("*.h")):
        found = re.findall(r'^\s*#\s*include\s*<((?:xen|asm)/[^>]+)>', path.read_text(), re.M)
        graph[str(path.relative_to(root))] = found
    return graph


def check_cycles(root):
    graph = include_graph(root)
    state = {}

    def visit(node, trail):
        state[node] = 1
        for target in graph.get(node, []):
            if state.get(target) == 1:
                yield "include cycle: " + " -> ".join(trail[trail.index(target):] + [target])
            elif target not in state:
                yield from visit(target, trail + [target])
        state[node] = 2

    for node in graph:
        if node not in state:
            yield from visit(node, [node])


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    env = Path(sys.argv[1])
    findings = [*check_layers(env), *check_asm_includes(Path("xen")),
                *check_cycles(Path("xen/include"))]
    for finding in sorted(set(findings)):
        print(finding)
    print(f"layers: {len(set(findings))} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
