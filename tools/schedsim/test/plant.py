#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plant known faults in a copy of the scheduler, and see that the tests find each.

usage: plant.py BUILD [--seconds S] [TEXT...]

Each fault is one change of a source file, in a copy of the tree under BUILD/planted. It counts as
found when its test fails within S seconds (default 10) of processor time, which hardly depends on
the host's load. The test is a program of xen/test/unit, or the random scenarios of
`schedsim property` of one kind. Afterwards each test runs without a fault, and must find nothing. TEXT chooses
the faults whose names contain it.

The last line is `PLANT total FOUND MISSED 0`.
"""
import argparse
import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
NEEDED = ["Makefile", "xen", "tools", "traces", "scripts", "fuzz", "bench", "experiments"]
MADE = ["abi", "gen", "version.c"]
SEEDS = 5000            # at most, for a fault
CONTROL_SEEDS = 200     # without a fault
BUILDS = {"unit": "host-asan", "property": "schedsim-check"}

# kind: "unit" (name of the test) or "property" (kind of scenario); old is replaced by new in xen/sched/path.
Fault = collections.namedtuple("Fault", "name kind test path old new")

# Published faults of such policies.
PUBLISHED = [
    Fault("rtds: extra time switched on while the budget is 0", "unit", "rtds",
          "policy/rtds_queue.c",
          "\tnext_level(ru);\n\tinsert_by_deadline(rs, ru);\n"
          "\tru->unit->held_back = !rtds_has_time(ru);\n\tif (rtds_has_time(ru))",
          "\tinsert_by_deadline(rs, ru);\n"
          "\tru->unit->held_back = !rtds_has_time(ru);\n\tif (rtds_has_time(ru) || ru->extra)"),
    Fault("rtds: the CPU that keeps the time of refills leaves", "unit", "sched-scenarios",
          "policy/rtds.c", "if (rs->keeper != cpu)\n\t\treturn;",
          "if (rs->keeper == cpu)\n\t\treturn;"),
    Fault("rtds: a pause races the decision", "property", "rtds", "policy/rtds.c",
          "if (prev && prev_unit->runnable && rtds_has_time(prev) &&",
          "if (prev && rtds_has_time(prev) &&"),
    Fault("rtds: a pause races the saving of state", "property", "rtds", "policy/rtds.c",
          "\tif (u->runnable)\n\t\trtds_wake(s, u, now);", "\trtds_wake(s, u, now);"),
    Fault("credit: a tick while its CPU leaves the pool", "property", "credit",
          "policy/credit.c", "if (likely(c->online)) {", "if (likely(c->cpu == cpu)) {"),
    Fault("core: a CPU leaves a pool with its timer queued", "unit", "sched-scenarios",
          "core.c", "\ttimer_stop(&sc->timer);\n\tsc->timer_at = INT64_MAX;\n\tsched_cpu_freed",
          "\tsched_cpu_freed"),
    Fault("core: a CPU believes in the timer of its former pool", "unit", "sched-scenarios",
          "core.c", "\tsc->timer_at = INT64_MAX;\n\tsched_cpu_freed", "\tsched_cpu_freed"),
    Fault("null: a failed creation keeps its CPU", "unit", "null", "policy/null.c",
          "\tstop_waiting(s, u->priv);\n\tunassign(s, u);", "\tstop_waiting(s, u->priv);"),
    Fault("arinc653: frames drift by the lateness of decisions", "unit", "arinc653",
          "policy/arinc653_plan.c",
          "as->frame_start += (now - as->frame_start) / as->plan.frame * as->plan.frame;",
          "as->frame_start = now;"),
    Fault("arinc653: two pools share their state", "unit", "sched-scenarios",
          "policy/arinc653.c", "\tstruct a653_sched *as = xzalloc(struct a653_sched);\n",
          "\tstatic struct a653_sched *all;\n"
          "\tstruct a653_sched *as = all ? all : (all = xzalloc(struct a653_sched));\n"),
    Fault("credit2: credit is reset too rarely", "unit", "credit2", "policy/credit2.c",
          "if (next->credit <= 0)", "if (next->credit <= -30 * C2_CREDIT_INIT)"),
    Fault("credit2: credit is reset while units with credit wait", "unit", "credit2",
          "policy/credit2_queue.c", "if (credit_waits(rq)) {",
          "if (credit_waits(rq) && cu->credit > 0) {"),
    Fault("credit2: a vCPU that never sleeps is no load", "unit", "credit2",
          "policy/credit2_queue.c",
          "if (dt >= C2_LOAD_WINDOW)\n\t\treturn inst;\n\treturn dt <= 0 ? load :",
          "if (dt >= C2_LOAD_WINDOW)\n\t\treturn load;\n\treturn true ? load :"),
    Fault("null: a domain with waiting vCPUs changes its pool", "unit", "sched-pools",
          "policy/null.c", "\tif (!nu->assigned)\n\t\tstop_waiting(s, nu);",
          "\tif (nu->assigned)\n\t\tstop_waiting(s, nu);"),
    Fault("credit2: a CPU that went off goes on choosing", "property", "credit2",
          "policy/credit2.c", "if (unlikely(!cpumask_test(&rq->cpus, cpu))) {", "if (false) {"),
    Fault("credit2: a domain of one of four pools leaves its units listed", "unit",
          "sched-scenarios", "policy/credit2.c",
          "\tc2_detach(c2_rq(s, u->cpu), c2_unit(u), now);\n}\n\nstatic void c2_wake",
          "}\n\nstatic void c2_wake"),
]

# Faults of our own making, for the rules of the random scenarios.
RULES = [
    Fault("credit2: no new look when a queue was locked", "property", "credit2",
          "policy/credit2.c", "retry ? now + C2_STEAL_RETRY : INT64_MAX", "INT64_MAX"),
    Fault("credit2: an idle CPU is not told of a waking unit", "property", "credit2",
          "policy/credit2_place.c",
          "\tif (cpu != NR_CPUS) {\n\t\tc2_tickle_cpu(s, rq, cpu);\n\t\treturn;\n\t}\n"
          "\tcpu = find_poorest",
          "\tif (cpu != NR_CPUS)\n\t\treturn;\n\tcpu = find_poorest"),
    Fault("credit2: stolen units may run anywhere", "property", "credit2",
          "policy/credit2_place.c",
          "if (!cpumask_test(&cu->unit->hard, cpu) ||\n\t\t    (soft &&",
          "if (false ||\n\t\t    (soft &&"),
    Fault("credit2: credit is never reset", "unit", "credit2", "policy/credit2.c",
          "if (next->credit <= 0)", "if (false)"),
    Fault("null: a CPU whose unit leaves is not told", "property", "null", "policy/null.c",
          "\tnull_cpu(s, u->cpu)->unit = NULL;\n\tsched_tickle(s, u->cpu);",
          "\tnull_cpu(s, u->cpu)->unit = NULL;"),
    Fault("core: a vCPU that moves is not woken", "property", "credit2", "affinity.c",
          "\tvcpu_wake(v);\n}\n\nint vcpu_set_affinity", "}\n\nint vcpu_set_affinity"),
    Fault("core: a vCPU is saved and still marked as running", "property", "credit2", "core.c",
          "__atomic_store_n(&u->running, false, __ATOMIC_RELEASE);", ";"),
    Fault("rtds: the queue is in order of arrival", "property", "rtds-supply",
          "policy/rtds_queue.c",
          "if (!rtds_before(ru, list_entry(at, struct rtds_unit, queue)))", "if (true)"),
    Fault("rtds: a refill comes a period late", "property", "rtds-supply", "policy/rtds_queue.c",
          "ru->deadline += periods * ru->period;", "ru->deadline += (periods + 1) * ru->period;"),
    Fault("rtds: extra time is as urgent as budgets", "property", "rtds-supply", "policy/rtds.h",
          "return a->level < b->level || (a->level == b->level && a->deadline < b->deadline);",
          "return a->deadline < b->deadline;"),
    Fault("rtds: a unit is charged half of what it runs", "property", "rtds-supply",
          "policy/rtds_queue.c",
          "ru->left -= until - ru->start;", "ru->left -= (until - ru->start) / 2;"),
    Fault("credit2: all weights are one", "property", "credit2-share", "policy/credit2.h",
          "likely(w == rq->max_weight) ? dt", "true ? dt"),
    Fault("credit2: the unit that is to run gets no grant", "property", "credit2-share",
          "policy/credit2_queue.c",
          "\t\tif (pos->on_cpu)\n\t\t\tc2_burn(rq, pos, now);\n",
          "\t\tif (pos->on_cpu)\n\t\t\tcontinue;\n"),
]


def copy_tree(folder, build, made):
    """A copy of what the build needs, with what is built already: names in BUILD."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "build"))
    for source, target in [(os.path.join(REPO, n), n) for n in NEEDED] + \
                          [(os.path.join(build, n), "build/" + n) for n in made]:
        target = os.path.join(folder, target)
        if os.path.isdir(source):
            shutil.copytree(source, target, symlinks=True)
        elif os.path.exists(source):
            shutil.copy2(source, target)


def change(path, old, new):
    """Replace text that occurs once."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        sys.exit(f"plant.py: {path} has the text to be replaced {text.count(old)} times:\n{old}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def make(folder, kind, test, seeds):
    """The command that runs the test, which is built, on so many seeds if they are random."""
    program = f"build/{BUILDS[kind]}/" + (f"unit/test-{test}" if kind == "unit" else BUILDS[kind])
    subprocess.run(["make", "-s", "-C", folder, program], check=True, stdout=subprocess.DEVNULL)
    program = os.path.join(folder, program)
    if kind == "unit":
        return [program]
    return [program, "property", "--policy", test, "--seeds", str(seeds)]


def reason(said):
    """Which check failed, and with which seed, in the lines before that of cmocka."""
    checks = [w for w in said if re.search(r"BUG_ON|HOST_CHECK|instead of|Sanitizer: ", w)]
    seeds = re.findall(r"\bseed (\d+)", "\n".join(said))
    check = re.sub(r"^\(XEN\) (\[ *[\d.]+\] )?", "", (checks or said or ["no word"])[0])
    return f"seed {seeds[-1]}: {check}" if seeds else check


def finding(lines):
    """What a test says when it fails, or None: as soon as it has said it."""
    said = []
    for line in lines:
        line = line.strip()
        match = re.match(r"FAILED (.*)", line)
        if match:
            return match.group(1)
        match = re.match(r"\[  FAILED  \] (test_\w+)", line)
        if match:
            return f"{match.group(1)}: {reason(said)}"
        said = said[-40:] + [line] if line else said
    return None


def search(command, seconds):
    """(what was found or None, seconds of processor time). A hang ends after 100 * @seconds."""
    env = dict(os.environ, ASAN_OPTIONS="detect_stack_use_after_return=0:detect_odr_violation=0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", start_new_session=True, env=env) as child:
        timer = threading.Timer(100 * seconds, os.killpg, (child.pid, signal.SIGKILL))
        timer.start()
        found = finding(child.stdout)
        timer.cancel()
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = status
    if not found and os.WIFEXITED(status) and os.WEXITSTATUS(status):
        found = f"ended with status {os.WEXITSTATUS(status)}"
    return found, used.ru_utime + used.ru_stime


def plant(folder, fault, seconds):
    """Plant one fault, search for it, remove it. True: it was found in time."""
    path = os.path.join("xen/sched", fault.path)
    target = os.path.join(folder, path)
    change(target, fault.old, fault.new)
    found, took = search(make(folder, fault.kind, fault.test, SEEDS), seconds)
    shutil.copy2(os.path.join(REPO, path), target)
    os.utime(target)
    in_time = bool(found) and took <= seconds
    print(f"{'found ' if in_time else 'MISSED'} {took:5.1f} s  {fault.name}\n"
          f"    {fault.kind} {fault.test}: {found or 'nothing'}", flush=True)
    return in_time


def main():
    """Plant each, then run the same tests without a fault."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("texts", metavar="TEXT", nargs="*")
    args = parser.parse_args()
    build = os.path.abspath(args.build)
    folder = os.path.join(build, "planted")
    chosen = [f for f in PUBLISHED + RULES
              if not args.texts or any(t in f.name for t in args.texts)]
    copy_tree(folder, build, MADE + sorted({BUILDS[f.kind] for f in chosen}))
    found = sum(plant(folder, f, args.seconds) for f in chosen)
    failed = 0
    for kind, test in sorted({(f.kind, f.test) for f in chosen}):
        wrong, took = search(make(folder, kind, test, CONTROL_SEEDS), args.seconds)
        failed += bool(wrong)
        print(f"{'FAILS ' if wrong else 'passes'} {took:5.1f} s  {kind} {test}, nothing planted"
              f"{': ' + wrong if wrong else ''}", flush=True)
    shutil.rmtree(folder)
    print(f"PLANT total {found} {len(chosen) - found + failed} 0")
    return 1 if found < len(chosen) or failed else 0


if __name__ == "__main__":
    sys.exit(main())
