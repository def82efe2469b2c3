# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs cells on this machine, as many at a time as it has cores for.

Each cell is the command `lab.py cell RUN INDEX`, the same one that other backends start. It dies
with this program, however that dies, and what it had not finished is as if it had not begun.
"""
import os
import subprocess
import sys
import time

from lab import EXPERIMENTS, cells as cellsmod, errors, progress
import qemu

DISK_FULL = 4       # exit status of `lab.py cell`
FAILED = 1


def command(run, cell):
    """The command that runs a cell."""
    return [sys.executable, os.path.join(EXPERIMENTS, "lab.py"), "cell", run.path, str(cell.index)]


def start(run, cell):
    """Start a cell's command."""
    # pylint: disable=subprocess-popen-preexec-fn,consider-using-with
    return subprocess.Popen(command(run, cell), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            preexec_fn=qemu._die_with_parent)  # pylint: disable=protected-access


def finish(run, cell, child, bar):
    """Take the end of a cell's command; True when it left an outcome."""
    message = child.stderr.read().strip()
    child.stderr.close()
    outcome = run.outcome(cell.index)
    if child.returncode in (0, FAILED) and outcome:
        bar.cell(outcome, cell.label())
        return
    kind = errors.DiskFull if child.returncode == DISK_FULL else errors.LabError
    raise kind(message or f"cell {cell.index} ended with status {child.returncode}")


def stop(active):
    """End the cells that still run."""
    for _, child in active:
        child.kill()
    for _, child in active:
        child.wait()
        child.stderr.close()


def run_cells(run, jobs=0, out=print):
    """Run what is missing of a run; jobs: cores to use (0: all there are)."""
    cores = jobs or os.cpu_count() or 1
    waiting = run.missing()
    bar = progress.Progress(len(run.cells), len(run.cells) - len(waiting), out)
    active = []
    try:
        while waiting or active:
            used = sum(cellsmod.cores_of(cell, cores) for cell, _ in active)
            while waiting and (not active or
                               used + cellsmod.cores_of(waiting[0], cores) <= cores):
                cell = waiting.pop(0)
                used += cellsmod.cores_of(cell, cores)
                active.append((cell, start(run, cell)))
            time.sleep(0.05)
            for pair in [pair for pair in active if pair[1].poll() is not None]:
                active.remove(pair)
                finish(run, *pair, bar)
    finally:
        stop(active)
