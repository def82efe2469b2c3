#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plant known faults in a copy of the scheduler, and see that the property tests find each.

usage: plant.py BUILD [--seconds S] [NAME...]

Each fault is one change of a source file, in a copy of the tree under BUILD/planted, so that
nothing is left behind. A fault counts as found when a scenario breaks a rule within S seconds
(default 10). The last line is `PLANT total FOUND MISSED 0`.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
NEEDED = ["Makefile", "xen", "tools", "traces", "scripts", "fuzz", "bench", "experiments"]

# name: (policy, file, text to be replaced, its replacement)
FAULTS = {
    "credit2: no new look when a queue was locked": (
        "credit2", "xen/sched/policy/credit2.c", "retry ? now + C2_STEAL_RETRY : INT64_MAX",
        "INT64_MAX"),
    "credit2: an idle CPU is not told of a waking unit": (
        "credit2", "xen/sched/policy/credit2_place.c",
        "\tif (cpu != NR_CPUS) {\n\t\tc2_tickle_cpu(s, rq, cpu);\n\t\treturn;\n\t}\n\tcpu = find_poorest",
        "\tif (cpu != NR_CPUS)\n\t\treturn;\n\tcpu = find_poorest"),
    "credit2: stolen units may run anywhere": (
        "credit2", "xen/sched/policy/credit2_place.c",
        "if (!cpumask_test(&cu->unit->hard, cpu) ||\n\t\t    (soft &&",
        "if (false ||\n\t\t    (soft &&"),
    "credit2: credit is never reset": (
        "credit2", "xen/sched/policy/credit2.c", "if (next->credit <= 0)", "if (false)"),
    "credit2: a CPU that left goes on choosing": (
        "credit2", "xen/sched/policy/credit2.c", "if (unlikely(!cpumask_test(&rq->cpus, cpu))) {",
        "if (false) {"),
    "null: a CPU whose unit leaves is not told": (
        "null", "xen/sched/policy/null.c",
        "\tnull_cpu(s, u->cpu)->unit = NULL;\n\tsched_tickle(s, u->cpu);",
        "\tnull_cpu(s, u->cpu)->unit = NULL;"),
    "core: a vCPU that moves is not woken": (
        "credit2", "xen/sched/affinity.c", "\tvcpu_wake(v);\n}\n\nint vcpu_set_affinity",
        "}\n\nint vcpu_set_affinity"),
    "core: a vCPU is saved and still marked as running": (
        "credit2", "xen/sched/core.c",
        "__atomic_store_n(&u->running, false, __ATOMIC_RELEASE);", ";"),
}


def copy_tree(folder):
    """A copy of what the build needs."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name in NEEDED:
        source = os.path.join(REPO, name)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(folder, name), symlinks=True)
        else:
            shutil.copy2(source, folder)


def change(path, old, new):
    """Replace text that occurs once."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        sys.exit(f"plant.py: {path} has the text to be replaced {text.count(old)} times:\n{old}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def search(program, policy, seconds):
    """(what was broken, seconds until it was) or (None, seconds)."""
    start = time.monotonic()
    with subprocess.Popen([program, "property", "--policy", policy, "--seeds", "1000000000"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        timer = subprocess.Popen(["sh", "-c", f"sleep {seconds}; kill {child.pid}"])
        line = child.stdout.readline()
        took = time.monotonic() - start
        timer.kill()
        timer.wait()
        child.kill()
    found = re.match(r"FAILED (.*)", line)
    return found.group(1) if found else None, took


def main():
    """Plant each, build, search."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("names", metavar="NAME", nargs="*")
    args = parser.parse_args()
    folder = os.path.abspath(os.path.join(args.build, "planted"))
    copy_tree(folder)
    missed = 0
    chosen = {n: f for n, f in FAULTS.items() if not args.names or n in args.names}
    for name, (policy, path, old, new) in chosen.items():
        target = os.path.join(folder, path)
        change(target, old, new)
        subprocess.run(["make", "-s", "-C", folder, "build/schedsim-check/schedsim-check"],
                       check=True, stdout=subprocess.DEVNULL)
        found, took = search(os.path.join(folder, "build/schedsim-check/schedsim-check"), policy,
                             args.seconds)
        missed += not found
        print(f"{'found ' if found else 'MISSED'} {took:5.1f} s  {name}\n    {found or ''}",
              flush=True)
        shutil.copy2(os.path.join(REPO, path), target)
        os.utime(target)
    shutil.rmtree(folder)
    print(f"PLANT total {len(chosen) - missed} {missed} 0")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
