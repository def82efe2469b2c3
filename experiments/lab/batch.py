# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs cells on other machines: as a Slurm job array, or by GNU parallel over ssh.

Both need the checkout, the store and the results at the same path everywhere, as on a shared file
system. A cell is the same command as on one machine, so a run may begin on one backend and be
resumed on another.
"""
import os
import re
import shlex
import shutil
import subprocess
import time

from lab import cells as cellsmod, errors, local, progress

POLL = 1.0
# A node may be reached late or see files late.
GRACE = 30


def need_program(name, package):
    """The program's path, or a LabError that says what to install."""
    path = shutil.which(name)
    if not path:
        raise errors.LabError(f"there is no {name}; install the package {package}")
    return path


def report(run, seen, bar):
    """Tell of cells that have finished since; how many are still missing."""
    for cell in run.cells:
        if cell.index not in seen:
            outcome = run.outcome(cell.index)
            if outcome:
                seen.add(cell.index)
                bar.cell(outcome, cell.label())
    return len(run.cells) - len(seen)


def ranges(numbers):
    """0,1,2,5 as 0-2,5, as an array wants it."""
    words, at = [], 0
    while at < len(numbers):
        end = at
        while end + 1 < len(numbers) and numbers[end + 1] == numbers[end] + 1:
            end += 1
        words.append(str(numbers[at]) if end == at else f"{numbers[at]}-{numbers[end]}")
        at = end + 1
    return ",".join(words)


def script(run):
    """The batch script: the array's number is the cell's."""
    words = local.command(run, run.cells[0])[:-1]
    cache = os.environ.get("XENOLITH_CACHE")
    settings = f"export XENOLITH_CACHE={shlex.quote(cache)}\n" if cache else ""
    return f"#!/bin/sh\n{settings}exec {shlex.join(words)} \"$SLURM_ARRAY_TASK_ID\"\n"


def slurm_state(job):
    """Whether Slurm still has the job, queued or running."""
    asked = subprocess.run(["squeue", "-h", "-j", job, "-o", "%T"], capture_output=True,
                           text=True, check=False)
    return asked.returncode == 0 and bool(asked.stdout.strip())


def slurm(run, jobs=0, out=print):
    """Submit what is missing as job arrays, one for each number of cores, and wait for it."""
    need_program("sbatch", "slurm-client")
    waiting = run.missing()
    bar = progress.Progress(len(run.cells), len(run.cells) - len(waiting), out)
    seen = {cell.index for cell in run.cells} - {cell.index for cell in waiting}
    wide = {}
    for cell in waiting:
        wide.setdefault(cellsmod.cores_of(cell, jobs or 1 << 16), []).append(cell.index)
    logs = os.path.join(run.path, "slurm")
    os.makedirs(logs, exist_ok=True)
    submitted = []
    try:
        for cores, indexes in wide.items():
            limit = f"%{max(1, jobs // cores)}" if jobs else ""
            done = subprocess.run(
                ["sbatch", "--parsable", f"--array={ranges(indexes)}{limit}", f"-c{cores}",
                 f"--job-name=lab-{run.name}", f"--output={logs}/%a.txt"],
                input=script(run), capture_output=True, text=True, check=False)
            if done.returncode:
                raise errors.LabError(f"sbatch: {done.stderr.strip()}")
            submitted.append(done.stdout.strip().split(";")[0])
            out(f"Slurm job {submitted[-1]}: cells {ranges(indexes)}, {cores} cores each")
        wait_for(run, seen, bar, lambda: any(slurm_state(job) for job in submitted), logs)
    except BaseException:
        for job in submitted:
            subprocess.run(["scancel", job], check=False, capture_output=True)
        raise


def wait_for(run, seen, bar, alive, logs):
    """Wait until all cells are there, or no job works on them any more."""
    gone = None
    while report(run, seen, bar):
        if alive():
            gone = None
        else:
            gone = gone or time.monotonic()
            if time.monotonic() - gone > GRACE:
                break
        time.sleep(POLL)
    lost = [cell.index for cell in run.missing()]
    if lost:
        raise errors.LabError(f"no outcome of cells {ranges(lost)}; see {logs}, and resume with: "
                              f"lab.py resume {run.shown()}")


def parallel(run, jobs=0, out=print, hosts="", ssh=""):
    """Run what is missing by GNU parallel; hosts: its --sshlogin, as "4/one,8/two"."""
    program = need_program("parallel", "parallel")
    version = subprocess.run([program, "--version"], capture_output=True, text=True,
                             check=False).stdout
    if not version.startswith("GNU parallel"):
        raise errors.LabError(f"{program} is not GNU parallel; install the package parallel")
    waiting = run.missing()
    bar = progress.Progress(len(run.cells), len(run.cells) - len(waiting), out)
    seen = {cell.index for cell in run.cells} - {cell.index for cell in waiting}
    words = [program, "--will-cite", "--halt", "never", "-j", str(jobs) if jobs else "100%"]
    if hosts:
        words += ["--sshlogin", hosts, "--workdir", os.getcwd()]
    if ssh:
        words += ["--ssh", ssh]
    cache = os.environ.get("XENOLITH_CACHE")
    setting = ["env", f"XENOLITH_CACHE={cache}"] if cache else []
    command = shlex.join([*setting, *local.command(run, run.cells[0])[:-1]]) + " {}"
    logs = os.path.join(run.path, "parallel.txt")
    with open(logs, "w", encoding="utf-8") as log, subprocess.Popen(
            [*words, command, ":::", *[str(cell.index) for cell in waiting]],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT) as child:
        try:
            wait_for(run, seen, bar, lambda: child.poll() is None, logs)
        finally:
            if child.poll() is None and run.missing():
                child.terminate()


def check_options(backend, hosts, ssh):
    """Complain of what the backend cannot honour, before anything is built."""
    for option, value in (("--hosts", hosts), ("--ssh", ssh)):
        if value and backend != "parallel":
            raise errors.LabError(f"{option} is for --backend parallel, not for {backend}")
    if hosts and not re.fullmatch(r"[\w.@:/-]+(,[\w.@:/-]+)*", hosts):
        raise errors.LabError(f"--hosts is {hosts!r}; give names with commas between, "
                              "such as 4/one,8/two")
