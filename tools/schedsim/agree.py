#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does the simulator decide as the hypervisor does?

usage: agree.py BUILD [--short] [--policy P] [--cpus N] [--keep FOLDER]

Boots the hypervisor in QEMU by the deterministic clock, with guests that compute, that wake one
another and that share CPUs (by weight, where the policy has weights), and with the scheduler's
trace records on. Then `schedsim agree` takes what happened to the scheduler from the trace and
decides again. Every decision must be the same. The last line is `AGREE total PASSED FAILED 0`.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
TIMEOUT = 600
POLICIES = ["credit2", "credit", "rtds", "null", "arinc653"]
RUNS = [(policy, cpus) for policy in POLICIES for cpus in (1, 2, 4)] + [("credit2", 8)]
SHORT = [("credit2", 2), ("credit", 1)]
WEIGHTED = ["credit2", "credit"]
SHARE = "bench=work.share work_ms=60 start_us={}"
# name: (vCPUs, weight, arguments)
GUESTS = {
    "light": (1, 256, SHARE.format(0)),
    "middle": (1, 512, SHARE.format(700)),
    "heavy": (1, 1024, SHARE.format(1500)),
    "pair": (2, 256, "bench=sched.yield,sched.pingpong,event.other.idle,event.other.busy"),
}
# Nothing that waits for the other vCPU in each of many rounds: that would be a major frame each.
WINDOWED = {**GUESTS, "pair": (2, 256, "bench=sched.yield,sched.wake")}
# Nor anything in which one vCPU spins until the other has done something: a slice each.
ALONE = {**GUESTS, "pair": (2, 256, "bench=sched.yield,sched.pingpong")}


def write_world(folder, policy, cpus, image):
    """The manifest's TOML, and the world that describes the same domains to the simulator."""
    text, world = "", []
    guests = WINDOWED if policy == "arinc653" else ALONE if cpus == 1 else GUESTS
    for domid, (name, (vcpus, weight, arguments)) in enumerate(guests.items(), 1):
        text += (f'[domain.{name}]\nkernel = "{image}"\nmemory = "48M"\ncpus = {vcpus}\n'
                 f'bootargs = "{arguments}"\n')
        world.append({"domid": domid, "vcpus": vcpus})
        if policy in WEIGHTED:
            text += f"weight = {weight}\n"
            world[-1]["weight"] = weight
    with open(os.path.join(folder, "guests.toml"), "w", encoding="utf-8") as file:
        file.write(text)
    with open(os.path.join(folder, "world.json"), "w", encoding="utf-8") as file:
        json.dump({"domains": world}, file)


def boot(build, folder, policy, cpus):
    """Run the hypervisor; the path of the trace."""
    path = lambda name: os.path.join(folder, name)  # noqa: E731
    modules = subprocess.run(
        [sys.executable, f"{REPO}/scripts/manifest.py", path("guests.toml"), "-o",
         path("guests.dtb")], check=True, capture_output=True, text=True).stdout.splitlines()
    command = [sys.executable, f"{REPO}/scripts/qemu.py", "--icount", "--smp", str(cpus), "--mem",
               "512M", "--timeout", str(TIMEOUT), "--log", path("log"), "--quiet", "--qmp",
               path("qmp"), "--kernel", f"{build}/x86_64/xenolith", "--append",
               f"console=com1 scrub=off sched={policy} tbuf_size=2048 trace=sched,dom0op,hw",
               "--success", "The last domain has ended",
               "--failure", "Cannot boot|panic|## .*failure",
               "--at-end", f"{sys.executable} {REPO}/traces/xltrace.py capture-qmp {{qmp}} "
               f"--log {{log}} -o {path('trace')}"]
    for module in modules:
        command += ["--module", module]
    if os.path.exists(path("trace")):
        os.remove(path("trace"))
    # The machine powers off when the guests have ended; its memory is read after that.
    subprocess.run([*command, "--", "-no-shutdown"], check=False, timeout=TIMEOUT + 60,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not os.path.exists(path("trace")):
        sys.exit(f"agree.py: no trace was captured; see {path('log')}")
    return path("trace")


def main():
    """All runs, or one."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD")
    parser.add_argument("--short", action="store_true",
                        help=f"only {' and '.join(f'{p} on {n}' for p, n in SHORT)} CPUs")
    parser.add_argument("--policy", choices=POLICIES)
    parser.add_argument("--cpus", type=int)
    parser.add_argument("--keep", metavar="FOLDER", help="keep log and trace of the last run there")
    args = parser.parse_args()
    build = os.path.abspath(args.build)
    runs = SHORT if args.short else RUNS
    if args.policy or args.cpus:
        runs = [(args.policy or "credit2", args.cpus or 2)]
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        for policy, cpus in runs:
            write_world(folder, policy, cpus, f"{build}/bench/bench.elf")
            trace = boot(build, folder, policy, cpus)
            done = subprocess.run(
                [f"{build}/schedsim/schedsim", "agree", "--policy", policy, "--machine", str(cpus),
                 os.path.join(folder, "world.json"), trace], capture_output=True, text=True,
                check=False)
            failed += done.returncode != 0
            print(f"{policy} on {cpus} CPUs: {(done.stdout + done.stderr).strip()}", flush=True)
    print(f"AGREE total {len(runs) - failed} {failed} 0")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
