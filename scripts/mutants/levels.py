# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests that may find a planted bug: how each is built and run, and what it says.

    unit NAME           xen/test/unit/test-NAME.c, under ASan and UBSan
    tools NAME          tools/test/test-NAME.c, the same
    property POLICY     random scenarios of the scheduler (docs/schedsim.md)
    smoke NAME          a fuzz target: its regressions and seeds, then 5 s of search
    fuzz NAME           the same with minutes of search; `make check` does not do this
    guest NAME...       microguests in QEMU, on the debug hypervisor by the deterministic clock
    make TARGET...      targets that `make check` runs: test-boot, test-xenstored, ...
"""
import os
import re
import resource
import signal
import subprocess
import threading
import time

import tree

PROPERTY_SEEDS = 5000
PROPERTY_SEEDS_OF_CHECK = 700
FUZZ_SECONDS = 120
# Of processor time of one process, and of a test of the host in all; unit tests take a few.
HANG_SECONDS, IDLE_HANG_SECONDS = 30, 300
ENVIRONMENT = {"ASAN_OPTIONS": "detect_stack_use_after_return=0:detect_odr_violation=0",
               "UBSAN_OPTIONS": "print_stacktrace=1",
               "XENOLITH_CACHE": os.environ.get("XENOLITH_CACHE") or
                                 os.path.join(tree.REPO, ".cache")}
# Lines that say which check failed, the most telling first, and what stands before the words that
# matter in them.
TELLING = [re.compile(r"BUG_ON|check failed|Sanitizer: |runtime error|Panic|Assert"),
           re.compile(r"instead of|oracle|lock rank"), re.compile(r"^\[ +ERROR +\] --- .*\S.*\S"),
           re.compile(r"^\[ +LINE +\]|[Ee]rror|ERROR")]
PREFIX = re.compile(r"^\(XEN\) (\[ *[\d.]+\] )?|^\[ +(?:ERROR|LINE) +\] --- ")
# The exit status that a test sees when its process was ended by SIGXCPU.
HUNG = re.compile(r"0x98 != 0|status (0x98|152|24)\b")
VERDICT = re.compile(r"FAILED (.*)|\[  FAILED  \] (test_\w+)|(GUEST \S+ (?:failure|error).*)|"
                     r"(FUZZ \S+ failed)")


def targets(test):
    """What make has to build."""
    kind, *names = test.split()
    return {"unit": [f"build/host-asan/unit/test-{names[0]}"],
            "tools": [f"build/tools-asan/test/test-{names[0]}"],
            "property": ["build/schedsim-check/schedsim-check"],
            "smoke": [f"build/fuzz/{names[0]}/target"], "fuzz": [f"build/fuzz/{names[0]}/target"],
            "guest": ["x86_64-debug"] + [f"build/guest/{n}.elf" for n in names],
            "make": []}[kind]


def command(test, control):
    """The command of the test; @control: nothing is planted, so only the usual time is spent."""
    kind, *names = test.split()
    make = ["make", "--no-print-directory"]
    if kind == "unit":
        return [f"build/host-asan/unit/test-{names[0]}"]
    if kind == "tools":
        return [f"build/tools-asan/test/test-{names[0]}"]
    if kind == "property":
        return ["build/schedsim-check/schedsim-check", "property", "--policy", names[0],
                "--seeds", str(200 if control else PROPERTY_SEEDS)]
    if kind in ("smoke", "fuzz"):
        longer = [] if kind == "smoke" or control else [f"FUZZ_SMOKE_SECONDS={FUZZ_SECONDS}",
                                                        "FUZZ_SMOKE_RUNS=-1"]
        return make + [f"fuzz-smoke-{names[0]}"] + longer
    if kind == "guest":
        return ["python3", "xen/test/guest/run.py", "--build", "build", "--env", "x86_64-debug",
                "--icount", *names]
    return make + names


def in_check(test, said):
    """`make check` would have met the same: it runs the test, and as long."""
    seed = re.search(r"\w+ (\d+) ", said)
    return not test.startswith("fuzz ") and not (
        test.startswith("property ") and seed and int(seed.group(1)) > PROPERTY_SEEDS_OF_CHECK)


def reason(said):
    """Which check failed, and with which seed, in the lines before a verdict."""
    told = [line for pattern in TELLING for line in said if pattern.search(line)]
    seeds = re.findall(r"\bseed (\d+)", "\n".join(said))
    check = PREFIX.sub("", (told or said[-1:] or ["no word"])[0])
    if HUNG.search("\n".join(said)):
        check = "it hangs"
    return f"seed {seeds[-1]}: {check}" if seeds else check


def verdict(lines, to_the_end):
    """(what the test says when it fails, its last lines). A test that starts emulators is read
    @to_the_end, so that it leaves none; others as far as needed."""
    said, found = [], None
    for line in lines:
        line = line.strip()
        match = VERDICT.match(line)
        if match and not found:
            found = match.group(1) or match.group(3) or \
                f"{match.group(2) or match.group(4)}: {reason(said)}"
            if not to_the_end:
                break
        said = said[-60:] + [line] if line and not line.startswith("[ RUN") else said
    return found, said


def ending(status):
    """How a process ended, in words."""
    if not os.WIFSIGNALED(status):
        return f"ended with status {os.WEXITSTATUS(status)}"
    signaled = os.WTERMSIG(status)
    return "it hangs" if signaled == signal.SIGXCPU else f"ended with signal {signaled}"


def limit_processor_time(seconds):
    """A process that computes for so long hangs: it ends, and its parent says so."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))


def run(folder, test, seconds, control=False):
    """(what was found or None, seconds of processor time). A loaded machine may take ten times
    @seconds. A test of the host that neither ends nor computes hangs, too."""
    native = test.split()[0] in ("unit", "tools", "property")
    hang = max(1, int(min(seconds / 2, HANG_SECONDS)))
    limit = min(10 * seconds, IDLE_HANG_SECONDS) if native else 10 * seconds
    began = time.monotonic()
    with subprocess.Popen(command(test, control), cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                          errors="replace", start_new_session=True,
                          env=dict(os.environ, **ENVIRONMENT),
                          preexec_fn=(lambda: limit_processor_time(hang)) if native else None
                          ) as child:
        timer = threading.Timer(limit, os.killpg, (child.pid, signal.SIGKILL))
        timer.start()
        found, said = verdict(child.stdout, not native)
        timer.cancel()
        late = time.monotonic() - began > limit
        if found and native:
            os.killpg(child.pid, signal.SIGKILL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = status
    if not found and status:
        how = "it hangs" if late and native else ending(status)
        found = None if late and not native else f"{how}: {reason(said)}"
    return found, used.ru_utime + used.ru_stime


def build(folder, wanted):
    """What does not build, or None."""
    done = subprocess.run(["make", "-s", "-j2", "-C", folder, *wanted], capture_output=True,
                          text=True, check=False)
    if done.returncode == 0:
        return None
    errors = [line for line in done.stderr.split("\n") if "error" in line]
    return "does not build: " + (errors or ["no word"])[0]
