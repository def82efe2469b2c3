# SPDX-License-Identifier: GPL-2.0-or-later
"""Determinism as a tested property: exact cells again and again, half of them on a loaded host."""
import concurrent.futures
import contextlib
import os
import subprocess
import sys
import tempfile

from lab import cell as cellmod, progress

# A process that keeps a core busy and memory moving until it is killed.
LOAD = "import hashlib\nb = bytearray(1 << 22)\nwhile True: b[:32] = hashlib.sha256(b).digest()"


@contextlib.contextmanager
def loaded(processes):
    """Keep the host busy meanwhile."""
    # pylint: disable=consider-using-with
    children = [subprocess.Popen([sys.executable, "-c", LOAD]) for _ in range(processes)]
    try:
        yield
    finally:
        for child in children:
            child.kill()
        for child in children:
            child.wait()


def digest(run, cell):
    """Run a cell into a folder that is thrown away; what its raw data comes to."""
    with tempfile.TemporaryDirectory(prefix="lab-repeat-") as folder:
        outcome = cellmod.execute(run, cell, folder)
    if outcome["status"] != "ok":
        return f"{outcome['status']}: {outcome['why']}"
    return outcome["console_digest"] + outcome.get("trace_digest", "")


def repeat(run, cell, times, jobs):
    """The digests of a cell, idle ones first, then those under load."""
    found = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        quiet = times - times // 2
        found += pool.map(lambda _: digest(run, cell), range(quiet))
        with loaded(os.cpu_count() or 1):
            found += pool.map(lambda _: digest(run, cell), range(times - quiet))
    return found


def campaign(run, times, jobs, out=print):
    """Repeat each exact cell; True when all digests of each are the same."""
    exact = [cell for cell in run.cells if cell.exact]
    bar = progress.Progress(len(exact))
    passed = 0
    for cell in exact:
        found = repeat(run, cell, times, jobs or os.cpu_count() or 1)
        most = max(set(found), key=found.count)
        same = found.count(most)
        good = same == times and ":" not in most
        passed += good
        bar.done += 1
        left = bar.left()
        out(f"DIGEST {run.name} {cell.index} identical {same}/{times} {most[:16]} {cell.label()}" +
            (f" ({progress.duration(left)} left)" if left else ""))
        for other in sorted(set(found) - {most}):
            out(f"    {found.count(other)} times {other[:100]}")
    out(f"DIGEST total {passed} {len(exact) - passed} {len(run.cells) - len(exact)}")
    return passed == len(exact) and bool(exact)
