# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one cell and keeps its raw data: a command of its own, which every backend starts.

cell.json is written last, so a cell is finished or it is as if it had not run. Its status is ok,
failed (a line told of it), hung (time ran out) or died (the emulator ended before its guests did).
"""
import os
import re
import shutil
import subprocess
import tempfile
import time

from lab import REPO, cells, console, errors, files, machine, trace
import qemu

FAILURES = [r"Panic on CPU", r"^Xen BUG", r"Cannot boot", r"Kernel panic",
            r"\(XEN\).* d\d+ crashed: ", r"## [\w-]+: (failure|error)",
            r"XENOLITH: verdict=FAIL", r"Manifest: .* [1-9]\d* rejected",
            r"Hardware Dom0 crashed",
            # An option that was not taken: what was to be measured is not what runs.
            r"^\(XEN\) (\[[^\]]*\] )?command line: ", r'parameter "[^"]*" unknown!',
            r"is unknown \(valid: ", r"is unknown and has no effect"]
DONE = {"bench": r"BENCH done", "linux-dom0": r"XENOLITH: verdict=PASS",
        "linux-load": r"XENOLITH: verdict=PASS",
        "linux-guest": r"XENOLITH-GUEST: ready="}
LINGER = 20
LAST_LINES = 15
NOISE = re.compile(r"TCG doesn't support requested feature")


class Awaited:
    """Counts the lines that tell of each guest's end, and looks for the plan's own expressions."""

    def __init__(self, config):
        self.left = {}
        for guest in config["guests"]:
            if not guest.get("background"):
                name = guest["image"].replace("microguest:", "")
                pattern = DONE.get(guest["image"], rf"## {re.escape(name)}: (success|skip)")
                self.left[pattern] = self.left.get(pattern, 0) + 1
        for pattern in config["success"]:
            self.left[pattern] = 1
        # Guests in the background would go on for ever, and the peer's machine halts but stays.
        background = any(g.get("background") for g in config["guests"])
        self.powers_off = not background
        self.linger = 0 if background or config["hypervisor"] == "xen-4.17" else LINGER
        if trace.wanted(config) and not background:
            self.left[trace.ENDED[config["hypervisor"]]] = 1
            self.linger = 0

    def line(self, text):
        """Take a line; true for the last one that is awaited."""
        before = bool(self.left)
        for pattern in list(self.left):
            if re.search(pattern, text):
                self.left[pattern] -= 1
                if not self.left[pattern]:
                    del self.left[pattern]
        return before and not self.left


def watch(mach, config, timeout, log):
    """Boot and wait; returns (status, why, seconds, lines). The rings are read before the end."""
    awaited = Awaited(config)
    notes = []

    def read_rings():
        over = not awaited.left and config["hypervisor"] == "xenolith" and awaited.powers_off
        try:
            trace.capture(mach.folder, over)
        except errors.LabError as err:
            notes.append(str(err))

    result = qemu.run(mach, awaited.line, FAILURES + config["failure"], timeout, log,
                      linger=awaited.linger, on_end=read_rings if trace.wanted(config) else None)
    if notes and not awaited.left:
        return "failed", notes[0], result.seconds, result.lines
    lines = result.lines
    if result.code == qemu.FAILURE:
        return "failed", result.line, result.seconds, lines
    if not awaited.left:
        return "ok", "", result.seconds, lines
    still = "; still awaited: " + ", ".join(awaited.left)
    if result.code == qemu.TIMEOUT:
        return "hung", f"no end after {timeout:.0f} s{still}", result.seconds, lines
    said = [t for t in result.errors.splitlines() if not NOISE.search(t)]
    return ("died", f"the emulator ended with status {result.status}{still}" +
            "".join("; " + text for text in said[-3:]), result.seconds, lines)


def stored(run):
    """{image: file in the store}, all of them there."""
    store = run.manifest["store"]
    store = store if os.path.isabs(store) else os.path.join(REPO, store)
    found = {}
    for name, what in run.manifest["inputs"].items():
        found[name] = os.path.join(store, what["sha256"])
        if not os.path.isfile(found[name]):
            raise errors.LabError(f"{name} of this run is no longer in the store ({found[name]}); "
                                  f"start a new run of {run.name}")
    return found


def keep_trace(temp, into, status):
    """Keep what was read out of the rings, if anything; what cell.json says of it."""
    if not os.path.isfile(os.path.join(temp, "trace")):
        return {}
    with open(os.path.join(temp, "trace"), "rb") as file:
        data = file.read()
    files.write_gz(os.path.join(into, "trace.gz"), data)
    return {"trace_bytes": len(data), "trace_digest": trace.digest(temp),
            "last_records": trace.last_records(temp) if status != "ok" else []}


def measured_nothing(config, data):
    """Whether the figures that a cell is for are missing from what it printed."""
    return "bench" in config["collect"] and not console.records(data.decode("utf-8", "replace"))


def simulate(run, cell, into, timeout):
    """Run a simulation and write its outcome; returns it."""
    words = cell.config["simulation"]
    for name, content in cell.config.get("files", {}).items():
        files.write_json(os.path.join(into, name + ".json"), content)
    argv = [stored(run)["schedsim"],
            *(os.path.join(into, w[1:] + ".json") if w.startswith("@") else w for w in words)]
    before = time.monotonic()
    try:
        # pylint: disable-next=subprocess-popen-preexec-fn,protected-access
        done = subprocess.run(argv, capture_output=True, timeout=timeout, check=False, cwd=REPO,
                              preexec_fn=qemu._die_with_parent)
        data, said = done.stdout, done.stderr.decode("utf-8", "replace").splitlines()
        status = "failed" if done.returncode else "ok"
        why = said[-1] if said and done.returncode else ""
    except subprocess.TimeoutExpired as err:
        data, said = err.stdout or b"", []
        status, why = "hung", f"no end after {timeout:.0f} s"
    except OSError as err:
        raise errors.explain(err, f"running cell {cell.index}") from None
    if status == "ok" and measured_nothing(cell.config, data):
        status, why = "failed", "it ended well but measured nothing"
    outcome = {"index": cell.index, "factors": cell.factors, "status": status, "why": why,
               "seconds": round(time.monotonic() - before, 1), "exact": cell.exact,
               "console_digest": files.console_digest(data), "console_bytes": len(data),
               "command": ["schedsim", *words],
               "last_lines": said[-LAST_LINES:] if status != "ok" else []}
    files.write_gz(os.path.join(into, "console.log.gz"), data)
    files.write_json(os.path.join(into, "cell.json"), outcome)
    return outcome


def execute(run, cell, into=None):
    """Run a cell and write its outcome; returns it. into: another folder than the run's own."""
    into = into or run.cell_folder(cell.index)
    timeout = run.plan.get("timeout", 120)
    if "simulation" in cell.config:
        return simulate(run, cell, into, timeout)
    temp = tempfile.mkdtemp(prefix="lab-cell-")
    try:
        log = os.path.join(temp, "console.log")
        mach = machine.build(cell.config, stored(run), temp)
        command = [files.shown(word) for word in mach.argv()]
        configured = ({"configuration": files.shown(mach.config()).splitlines(), "append": mach.append,
                       "modules": [files.shown(m.replace(temp + "/", "")) for m in mach.modules]}
                      if cells.is_bochs(cell.config) else {})
        status, why, seconds, lines = watch(mach, cell.config, timeout, log)
        with open(log, "rb") as file:
            data = file.read()
        traced = keep_trace(temp, into, status)
    except OSError as err:
        raise errors.explain(err, f"running cell {cell.index}") from None
    finally:
        shutil.rmtree(temp, ignore_errors=True)
    outcome = {"index": cell.index, "factors": cell.factors, "status": status, "why": why,
               "seconds": round(seconds, 1), "exact": cell.exact,
               "console_digest": files.console_digest(data),
               "console_bytes": len(data), "command": command,
               "last_lines": lines[-LAST_LINES:] if status != "ok" else [], **traced,
               **configured}
    if status == "ok" and measured_nothing(cell.config, data):
        outcome |= {"status": "failed", "why": "it ended well but measured nothing"}
    files.write_gz(os.path.join(into, "console.log.gz"), data)
    files.write_json(os.path.join(into, "cell.json"), outcome)
    return outcome
