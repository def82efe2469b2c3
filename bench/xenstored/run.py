#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare our xenstored with Debian's: the same load on both, in one run, turn by turn.

usage: run.py --ours XENSTORED --load LOAD --shim SHIM.so [--out FOLDER] [--rounds N] [--guests N,N]

Both daemons run on this machine without a hypervisor (Debian's with a shim in place of the Xen
libraries), each with its own load generator that made a tree of N guests and watches on it. A round
times every operation on both, in an order that alternates; figures are medians over the rounds,
with a 95% confidence interval of the median from order statistics. Ours keeps its journal, as it
does in real use. Writes raw.csv, manifest.json and table.md to FOLDER.
"""

import argparse
import csv
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import figures  # noqa: E402  pylint: disable=wrong-import-position

# Operation, and how often one round does it.
OPERATIONS = {"read": 2000, "list": 2000, "write": 2000, "transaction": 400, "watch": 1000,
              "guest": 40}
WHAT = {"read": "read a node", "list": "list a directory", "write": "write a node",
        "transaction": "transaction: 1 read, 2 writes", "watch": "write to event seen",
        "guest": "create 24 nodes in a transaction, remove them"}


class Side:
    """A daemon with its load generator."""

    def __init__(self, name, command, env, folder, load, guests):
        self.name = name
        self.folder = os.path.join(folder, f"{name}-{guests}")
        os.makedirs(self.folder)
        env = {**os.environ, **{k: v.replace("{dir}", self.folder) for k, v in env.items()}}
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.daemon = subprocess.Popen([c.replace("{dir}", self.folder) for c in command], env=env,
                                       stdout=self.log, stderr=self.log)
        socket_path = os.path.join(self.folder, "socket")
        deadline = time.monotonic() + 10
        while not os.path.exists(socket_path):
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                self.log.close()
                with open(self.log.name, encoding="utf-8", errors="replace") as log:
                    sys.exit(f"{name} did not start:\n{log.read()}")
            time.sleep(0.02)
        time.sleep(0.2)
        self.load = subprocess.Popen([load, socket_path, str(guests)], text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.load.stdout.readline() != "ready\n":
            sys.exit(f"the load generator failed on {name}")

    def measure(self, operation, count):
        self.load.stdin.write(f"{operation} {count}\n")
        self.load.stdin.flush()
        answer = self.load.stdout.readline()
        if not answer:
            sys.exit(f"{operation} failed on {self.name}")
        return float(answer)

    def cpu_seconds(self):
        with open(f"/proc/{self.daemon.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.load.stdin.close()
        self.load.wait()
        self.daemon.send_signal(signal.SIGTERM)
        try:
            self.daemon.wait(5)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.log.close()


def measure_size(args, guests, folder, writer):
    cache = os.environ.get("XENOLITH_CACHE", ".cache")
    root = os.path.abspath(os.path.join(cache, "root/peer/usr"))
    debian = os.path.join(root, "lib/xen-4.17/bin/xenstored")
    if not os.path.exists(debian):
        sys.exit(f"the cache has no Debian xenstored ({debian}); run scripts/setup.sh")
    sides = [
        Side("ours", [args.ours, "-N", "--socket-only", "--rundir", "{dir}"], {}, folder,
             args.load, guests),
        Side("debian", [debian, "-N"],
             {"LD_PRELOAD": os.path.abspath(args.shim), "XENSTORED_RUNDIR": "{dir}",
              "XENSTORED_ROOTDIR": "{dir}",
              "LD_LIBRARY_PATH": os.path.join(root, "lib/x86_64-linux-gnu")}, folder, args.load,
             guests),
    ]
    samples = {(s.name, op): [] for s in sides for op in OPERATIONS}
    for number in range(-1, args.rounds):
        for op, count in OPERATIONS.items():
            for side in sides if number % 2 else reversed(sides):
                ns = side.measure(op, count)
                # The first round warms up.
                if number >= 0:
                    samples[side.name, op].append(ns)
                    writer.writerow([guests, number, op, side.name, ns])
    for side in sides:
        side.stop()
    return samples


def table(results):
    lines = ["| guests | operation | ours, us | Debian's, us | Debian's / ours |",
             "|---:|---|---:|---:|---:|"]
    for guests, samples in results.items():
        for op in OPERATIONS:
            cells, medians = [], []
            for name in ("ours", "debian"):
                values = samples[name, op]
                low, high = figures.median_interval(values)
                medians.append(statistics.median(values))
                cells.append(f"{medians[-1] / 1000:.1f} ({low / 1000:.1f}-{high / 1000:.1f})")
            lines.append(f"| {guests} | {WHAT[op]} | {cells[0]} | {cells[1]} | "
                         f"{medians[1] / medians[0]:.1f} |")
    return "\n".join(lines) + "\n"


def slower(results):
    return [f"{op} at {guests} guests" for guests, samples in results.items() for op in OPERATIONS
            if statistics.median(samples["ours", op]) >= statistics.median(samples["debian", op])]


def manifest(args):
    def output(*command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    return {"commit": output("git", "describe", "--always", "--dirty"), "rounds": args.rounds,
            "guests": args.guests, "operations": OPERATIONS, "machine": platform.platform(),
            "cpus": os.cpu_count(), "load": os.getloadavg(),
            "debian": "xenstored of xen-utils-4.17, unpacked in the cache"}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--shim", required=True)
    parser.add_argument("--out", default="build/bench/xenstored")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--guests", default="1,100,1000")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    results = {}
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, \
            open(os.path.join(args.out, "raw.csv"), "w", newline="", encoding="utf-8") as raw:
        writer = csv.writer(raw)
        writer.writerow(["guests", "round", "operation", "daemon", "ns"])
        for guests in (int(g) for g in args.guests.split(",")):
            results[guests] = measure_size(args, guests, folder, writer)
    text = table(results)
    with open(os.path.join(args.out, "table.md"), "w", encoding="utf-8") as f:
        f.write(text)
    with open(os.path.join(args.out, "manifest.json"), "w", encoding="utf-8") as f:
        json.dump(manifest(args), f, indent=1)
        f.write("\n")
    print(text, end="")
    for what in slower(results):
        print(f"ours is not faster: {what}")
    return 1 if slower(results) else 0


if __name__ == "__main__":
    sys.exit(main())
