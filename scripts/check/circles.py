# SPDX-License-Identifier: GPL-2.0-or-later
"""Circles: what the compiler's dependency files and the objects' symbols say of who needs whom.

Files that call each other in a circle can only be read, tested and replaced together. Calls
through tables of functions are not seen; those are how a circle is meant to be opened.
"""

import subprocess
from collections import defaultdict

# The most files of a folder that may be in circles. Lower these when circles are opened.
CEILING = {
    "xen/core/": 0,
    "xen/sched/": 0,
    "xen/domain/": 0,
    "xen/arch/x86/hvm/": 0,
}
# Everything may say something and stop the machine; saying it takes locks and stops at panics.
NOISE = ("xen/core/printk.c", "xen/core/panic.c", "xen/core/spinlock.c", "xen/core/lock_check.c",
         "xen/core/console.c")


def dependencies(root, env):
    """Yield (source, [headers]) from the compiler's .d files, of sources that exist."""
    for _, source, headers in rules(root, env):
        yield source, headers


def rules(root, env):
    for dep in sorted(env.rglob("*.d")):
        text = dep.read_text(encoding="utf-8").replace("\\\n", " ")
        rule = text.split("\n")[0]
        parts = rule.split(":", 1)[1].split() if ":" in rule else []
        if parts and (root / parts[0]).exists():
            yield dep.with_suffix(".o"), parts[0], parts[1:]


def symbols(root, env):
    """({source: names it uses}, {name: the source that defines it}) of the objects in @env."""
    source_of = {str(obj): source for obj, source, _ in rules(root, env) if obj.exists()}
    uses, home = defaultdict(set), {}
    if not source_of:
        return uses, home
    run = subprocess.run(["nm", "-A", "-P", *source_of], capture_output=True, text=True, check=True)
    for line in run.stdout.splitlines():
        obj, rest = line.split(": ", 1)
        name, kind = rest.split()[:2]
        if kind in "Uw":
            uses[source_of[obj]].add(name)
        elif kind.isupper():
            home[name] = source_of[obj]
    return uses, home


def groups(graph):
    """The sets of two or more nodes that reach each other (and nodes that name themselves)."""
    index, low, on_stack, stack, found = {}, {}, set(), [], []

    def visit(node):
        """Tarjan's algorithm, with a stack of its own instead of recursion."""
        work = [(node, iter(sorted(graph.get(node, ()))))]
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        while work:
            at, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(sorted(graph.get(target, ())))))
                    break
                if target in on_stack:
                    low[at] = min(low[at], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[at])
                if low[at] == index[at]:
                    close(at)

    def close(root):
        group = set()
        while root not in group:
            group.add(stack.pop())
        on_stack.difference_update(group)
        if len(group) > 1 or root in graph.get(root, ()):
            found.append(group)

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def calls_within(folder, uses, home):
    """{source: sources of the same folder whose functions or data it names}."""
    graph = {}
    for source, names in uses.items():
        if source.startswith(folder) and source not in NOISE:
            graph[source] = {home[n] for n in names if home.get(n, "").startswith(folder)}
            graph[source] -= {source, *NOISE}
    return graph


def check(uses, home):
    """(lines that report the circles of each folder, findings where there are too many)."""
    report, grown = [], []
    for folder, ceiling in CEILING.items():
        found = groups(calls_within(folder, uses, home))
        count = sum(len(group) for group in found)
        report.append(f"circles: {folder} has {count} files in {len(found)} (at most {ceiling})")
        for group in sorted(found, key=len):
            names = " ".join(sorted(name[len(folder):] for name in group))
            line = f"{folder}: {len(group)} files call each other in a circle: {names}"
            if count > ceiling:
                grown.append(line)
            else:
                report.append("circles: " + line)
    return report, grown
