#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure the simulator: time for each event and memory, by the number of CPUs.

usage: bench.py SCHEDSIM [--check]

Each machine has sockets of 64 threads and the same load for each CPU: vCPUs that compute, that come
and go, that have deadlines and that wait for devices. Times are the processor's (user time), the
least of three runs, less what starting the machine and its vCPUs takes. With --check the exit status
is 1 unless a core handles at least 10 million events a minute at 64 CPUs, an event at 1024 CPUs takes
at most twice as long, and the memory for each further CPU, up to 4096, is at most twice that for
each CPU from 64 to 1024.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

SIZES = [1, 4, 16, 64, 256, 1024, 2048, 4096]
EVENTS = 1200000            # of each run, about
EVENTS_PER_CPU_MS = 12      # of this load
RUNS = 3


def workload(cpus):
    """The load of a machine of so many CPUs."""
    def some(n):
        return max(1, n)
    return {"duration": f"{max(20, EVENTS // (EVENTS_PER_CPU_MS * cpus))}ms", "domains": [
        {"name": "compute", "count": some(cpus // 2), "task": {"kind": "spin"}},
        {"name": "come and go", "count": some(cpus // 2), "vcpus": 2,
         "task": {"kind": "bursty", "work": {"exponential": "300us"},
                  "sleep": {"exponential": "1ms"}}},
        {"name": "deadlines", "count": some(cpus // 2), "start": {"uniform": ["0ms", "10ms"]},
         "task": {"kind": "periodic", "period": "10ms", "work": "2ms"}},
        {"name": "devices", "count": some(cpus // 4), "vcpus": 2,
         "task": {"kind": "io", "device": "disk", "work": "100us", "service": "1us"}}]}


def run(program, cpus, path, *more):
    """(events, vCPUs, seconds of user time, KiB resident) of one run."""
    machine = f"{cpus // 64}x32x2" if cpus > 64 else str(cpus)
    done = subprocess.Popen([program, "run", "--json", "--misses-ok", "--machine", machine, *more,
                             "--verbose", path], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)
    row = json.loads(done.stdout.read())[0]
    memory = int(re.search(r"resident memory: (\d+) KiB", done.stderr.read()).group(1))
    _, status, usage = os.wait4(done.pid, 0)
    done.returncode = os.waitstatus_to_exitcode(status)
    if done.returncode:
        sys.exit(f"bench.py: {program} ended with status {done.returncode}")
    return row["events"], row["vcpus"], usage.ru_utime, memory


def measure(program, cpus, folder):
    """A row: CPUs, vCPUs, events, ns an event, million events a minute, KiB."""
    path = os.path.join(folder, "w.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(workload(cpus), file)
    starts = min(run(program, cpus, path, "--duration", "1ns")[2] for _ in range(RUNS))
    runs = [run(program, cpus, path) for _ in range(RUNS)]
    events, vcpus, _, memory = runs[0]
    each = max(min(r[2] for r in runs) - starts, 1e-6) / events
    return cpus, vcpus, events, each * 1e9, 60 / each / 1e6, memory


def main():
    """Measure all sizes and print a table."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", metavar="SCHEDSIM")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    rows = {}
    print("cpus\tvcpus\tevents\tns_per_event\tmillion_events_per_minute\tresident_kib")
    with tempfile.TemporaryDirectory() as folder:
        for cpus in SIZES:
            row = rows[cpus] = measure(args.program, cpus, folder)
            print("{}\t{}\t{}\t{:.0f}\t{:.0f}\t{}".format(*row), flush=True)
    ok = rows[64][4] >= 10 and rows[1024][3] <= 2 * rows[64][3] and \
        (rows[4096][5] - rows[64][5]) / 4032 <= 2 * (rows[1024][5] - rows[64][5]) / 960
    if args.check:
        print(f"BENCH total {int(ok)} {int(not ok)} 0")
    return int(args.check and not ok)


if __name__ == "__main__":
    sys.exit(main())
