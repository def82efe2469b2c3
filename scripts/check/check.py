#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the whole test pyramid, cheapest first, and add up.

Every stage is a command. Lines such as `UNIT total 261 0 0` in its output (passed, failed,
skipped) are added up; a stage without one counts as one test, by its exit status. What failed is
said once more at the end, for those who see only that. The last line is `N passed, N failed,
N skipped`; the exit status is 0 when none failed.
"""

import argparse
import dataclasses
import os
import re
import subprocess
import sys
import time

TALLY = re.compile(r"^[A-Z]+ total (\d+) (\d+) (\d+)\s*$")
TROUBLE = re.compile(r"\b(fail(ed|ure)?|error|crash|panic|timeout|hang|sanitizer)\b", re.IGNORECASE)
TIMED_OUT = 124  # what timeout(1) ends with
RECAP_LINES = 6
RECAP_COLUMNS = 200


@dataclasses.dataclass
class Stage:
    """One level of the pyramid."""

    name: str
    what: str
    command: list
    timeout: int


def make(*targets, jobs=2):
    return ["make", "--no-print-directory", f"-j{jobs}", *targets]


# The tests in emulators boot the image of this environment.
DEBUG = ["ENV=x86_64-debug"]


def stages(build):
    return [
        Stage("build", "the hypervisor with GCC", make("x86_64"), 600),
        Stage("build-debug", "the hypervisor with assertions and lock-rank checks",
              make("x86_64-debug"), 600),
        Stage("build-clang", "the hypervisor with Clang",
              make("x86_64", "CC=clang", f"BUILD={build}/clang"), 600),
        Stage("reproducible", "two builds give the same bytes",
              ["bash", "scripts/check/reproducible.sh", build], 600),
        Stage("tidy", "style rules", ["python3", "scripts/check/tidy.py"], 60),
        Stage("layers", "layer rules, include cycles and circles of calls",
              ["python3", "scripts/check/layers.py", f"{build}/x86_64"], 60),
        Stage("layers-test", "a breach of each layer rule is found",
              ["python3", "scripts/check/test_layers.py"], 300),
        Stage("params", "the command line is documented",
              ["python3", "scripts/check/params.py"], 60),
        Stage("status", "the status page names stages that there are",
              ["python3", "scripts/check/status.py"], 60),
        Stage("headers", "headers compile alone", ["bash", "scripts/check/headers.sh", build], 600),
        Stage("catalogue", "trace events and their page",
              ["python3", "traces/gen.py", "check"], 60),
        Stage("scripts", "shell scripts are sound", ["bash", "scripts/check/shell.sh"], 600),
        Stage("harness", "the emulator harness's own tests",
              ["python3", "scripts/test_qemu.py"], 600),
        Stage("generator", "the manifest generator's own tests",
              ["python3", "scripts/test_manifest.py"], 60),
        Stage("mutants", "the bugs of `make mutants` still apply",
              ["python3", "scripts/test_mutants.py"], 300),
        Stage("traces", "the trace tools' own tests", make("test-traces"), 900),
        # Skipped without a browser: `make test-trace-browser` installs one, of some 350 MiB.
        Stage("trace-browser", "the trace timeline in a browser, where there is one",
              ["python3", "traces/tests/run.py", "browser"], 900),
        Stage("lab", "the laboratory's own tests", ["python3", "experiments/tests/run.py"], 900),
        Stage("unit", "unit tests under ASan and UBSan", make("-k", "unit"), 900),
        # Skipped without Debian's kernel for arm64, some 70 MiB, which it fetches if it can.
        Stage("boards", "device trees of real boards, and broken ones", make("test-boards"), 600),
        Stage("tools", "the toolstack, its unit tests under ASan and UBSan, and its installation",
              make("-k", "tools", "tools-unit", "test-tools-install",
                   "test-tools-xlcfg"), 600),
        Stage("xenstored", "xenstored as a process, killed under load", make("test-xenstored"), 900),
        Stage("schedsim", "the scheduler simulator", make("test-schedsim"), 600),
        Stage("schedsim-agree", "the hypervisor decides as the simulator does",
              make("test-schedsim-agree", "AGREE=--short"), 900),
        Stage("fuzz", "fuzzing regressions and a short search, and the campaign's own tests",
              make("-k", "fuzz-smoke", "test-fuzz-campaign"), 600),
        Stage("fuzz-coverage", "the committed fuzzing inputs reach what docs/fuzzing.md says",
              make("-k", "fuzz-coverage-floors", "test-fuzz-coverage"), 600),
        Stage("boot", "good and bad boot information", make("test-boot"), 900),
        Stage("manifest", "domains of good and bad manifests", make("test-manifest"), 600),
        # By the deterministic clock, so that a loaded host cannot make one fail.
        Stage("guest", "microguests, 64-bit and in three 32-bit modes",
              make("test-guest", "GUEST_OPTIONS=--icount --modes all"), 1500),
        Stage("boot-debug", "the boot tests on the debug hypervisor",
              make("test-boot", "test-manifest", *DEBUG), 900),
        Stage("guest-debug", "microguests on the debug hypervisor",
              make("test-guest", "GUEST_OPTIONS=--icount", *DEBUG), 1200),
        # Skipped without Bochs, which it fetches if it can: some 200 MiB.
        Stage("bochs", "microguests on VMX, in Bochs", make("test-bochs", *DEBUG), 1500),
        Stage("bochs-linux", "Debian's Linux as dom0 on VMX, in Bochs",
              make("test-bochs-linux", "CASES=bochs-short", jobs=1), 1500),
        # These fetch what they need, if they can: emulator and kernel are some 120 MiB.
        Stage("boot-arm64", "starts on ARMv8 that work, and such as cannot", make("test-boot-arm64"),
              600),
        Stage("guest-arm64", "microguests on ARMv8",
              make("test-guest-arm64", "GUEST_OPTIONS=--icount"), 900),
        Stage("linux-arm64", "Debian's Linux on ARMv8", make("test-linux-arm64", "ARM_CPUS=2"), 900),
        Stage("fuzz-system", "random exits on the image repeat, and match Debian's Xen",
              make("test-fuzz-system"), 900),
        Stage("bench", "measurements read, compare and repeat", make("bench-smoke"), 600),
        Stage("demo", "what make demo shows", ["python3", "scripts/demo.py", build], 600),
        Stage("lab-run", "a small experiment, and the same boot under load", make("test-lab-run"), 900),
        Stage("linux", "Debian's Linux as dom0", make("test-linux", jobs=1), 1500),
        Stage("linux-debug", "Debian's Linux as dom0 of the debug hypervisor",
              make("test-linux", "CASES=two-cpus virtio", *DEBUG, jobs=1), 600),
        # Skipped without QEMU and firmware for HVM guests, which it fetches if it can: some 50 MiB.
        Stage("hvm", "an HVM guest with firmware and QEMU", make("test-hvm-linux", "CASES=hvm-grub", jobs=1), 1800),
    ]


def recap(stage, status, log_path):
    """What to say at the end of a failed stage: how it ended, and the lines of its log that say
    most: those that name trouble, or the last ones."""
    how = f"took longer than {stage.timeout} s" if status == TIMED_OUT else f"exit status {status}"
    with open(log_path, encoding="utf-8") as log:
        lines = [line.rstrip() for line in log if line.strip() and not TALLY.match(line)]
    telling = [line for line in lines if TROUBLE.search(line)][:RECAP_LINES]
    return [f"FAILED {stage.name}: {line.strip()[:RECAP_COLUMNS]}"
            for line in [how] + (telling or lines[-RECAP_LINES:])]


def run(stage, log_path):
    """Returns [passed, failed, skipped] and the exit status; output goes to the screen and to a
    log."""
    total = None
    start = time.monotonic()
    print(f"== {stage.name}: {stage.what}", flush=True)
    with open(log_path, "w", encoding="utf-8") as log, subprocess.Popen(
            ["timeout", "-k", "10", str(stage.timeout), *stage.command], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
            stdin=subprocess.DEVNULL) as child:
        for line in child.stdout:
            log.write(line)
            match = TALLY.match(line)
            if match:
                total = [a + int(b) for a, b in zip(total or [0, 0, 0], match.groups())]
            if not re.match(r"\s+(CC|AS|LD|AR|FUZZ) ", line):
                print("   " + line, end="", flush=True)
    ok = child.returncode == 0
    if total is None:
        total = [int(ok), int(not ok), 0]
    elif not ok and not total[1]:
        total[1] += 1
    print(f"== {stage.name}: {'passed' if ok else 'FAILED'} in {time.monotonic() - start:.0f} s"
          f"{'' if ok else ', see ' + log_path}", flush=True)
    return total, child.returncode


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n", maxsplit=1)[0],
        epilog="\n".join(f"  {s.name:13} {s.what}" for s in stages("BUILD")),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD", help="the build folder")
    parser.add_argument("names", metavar="STAGE", nargs="*", help="stages, one of those below; all without")
    args = parser.parse_args()
    build, names = args.build, args.names
    todo = [s for s in stages(build) if not names or s.name in names]
    unknown = set(names) - {s.name for s in todo}
    if unknown:
        sys.exit(f"no such stage: {' '.join(sorted(unknown))}; the stages are: "
                 f"{' '.join(s.name for s in stages(build))}")
    log_dir = os.path.join(build, "check")
    os.makedirs(log_dir, exist_ok=True)
    start = time.monotonic()
    totals, failures = [0, 0, 0], []
    for stage in todo:
        log_path = os.path.join(log_dir, f"{stage.name}.log")
        tally, status = run(stage, log_path)
        totals = [a + b for a, b in zip(totals, tally)]
        if tally[1]:
            failures += recap(stage, status, log_path)
    print(f"All stages took {time.monotonic() - start:.0f} s")
    print("".join(line + "\n" for line in failures), end="")
    print(f"{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
