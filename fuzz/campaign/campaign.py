#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A fuzzing campaign: all targets in turn, for as long as wanted, continued where the last ended.

First each target that has a positive control (fuzz/NAME/control) must find its planted faults: a
campaign that cannot find those proves nothing. Then the targets take turns of --slice seconds on
--jobs processors. After its turns a target's corpus is reduced to the inputs that it needs.

Everything is kept in BUILD/fuzz/campaign: NAME/corpus, NAME/log; history.tsv (one line a turn);
crashes/BUCKET (one input for each place that failed, made smaller, and its report); report.html and
report.tsv. A second campaign in the same folder goes on with the same corpora.

As a job array of Slurm, whose tasks share the folder and take every Nth target each:
    sbatch --array=1-4 --cpus-per-task=1 --wrap "make fuzz TIME=3600"

Exit status: 0 nothing was found, 1 something was found or a control was missed, 2 wrong usage, a
damaged history, or a target that cannot be built or run.
"""
import argparse
import concurrent.futures
import dataclasses
import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

import report

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
STATS = re.compile(r"#(\d+)\s+(?:DONE|pulse|REDUCE|NEW|RELOAD|INITED)\s+cov: (\d+) ft: (\d+) "
                   r"corp: (\d+)/\S+.*?exec/s: (\d+)")
FRAME = re.compile(r"^\s+#\d+ 0x[0-9a-f]+ in (\S+) (\S+?)(?::\d+)*$")
REASON = re.compile(r"(?:ERROR: \w+: ([\w -]+?)(?: on address.*)?$|runtime error: (.*)|panic: (.*)|"
                    r"Panic on CPU \d+: (.*))")
# Frames that say how a failure was noticed, not where.
NOISE = re.compile(r"__asan|__ubsan|__interceptor|fuzzer::|LLVMFuzzer|^abort|^raise|panic|assert|"
                   r"libc_|pthread_kill|^exit$|run_exit_handlers|^end_run$|machine_restart")
# Numbers in a reason differ from input to input.
NUMBER = re.compile(r"\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b")
# Seconds that a search may take longer than three times what it was told.
PATIENCE = 600
# A target that fails at once would do nothing else but start.
MAX_CRASHES = 20
FIELDS = ["time", "target", "seconds", "execs", "exec_per_s", "coverage", "features", "inputs",
          "crashes"]


class NotBuilt(Exception):
    """A target cannot be built."""


@dataclasses.dataclass
class Turn:
    """What a turn brought: the fields of history.tsv."""

    target: str
    seconds: float = 0
    execs: int = 0
    exec_per_s: int = 0
    coverage: int = 0
    features: int = 0
    inputs: int = 0
    crashes: int = 0


class Campaign:
    """The folder and what is in it."""

    def __init__(self, args):
        self.args = args
        self.root = os.path.join(args.build, "fuzz", "campaign")
        self.history = os.path.join(self.root, "history.tsv")
        self.not_run = []  # a target for each search that ended by itself, without a failing input
        os.makedirs(os.path.join(self.root, "crashes"), exist_ok=True)

    def folder(self, *parts):
        """A folder below the campaign's, made if needed."""
        path = os.path.join(self.root, *parts)
        os.makedirs(path, exist_ok=True)
        return path

    def command(self, target):
        """How make says that the target is run."""
        text = subprocess.run(["make", "--no-print-directory", "-s", f"fuzz-command-{target}",
                               f"BUILD={self.args.build}"], cwd=REPO, check=True, text=True,
                              capture_output=True).stdout
        return shlex.split(text)

    def note(self, turn):
        """Add a line to the history."""
        with open(self.history, "a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # parts of a campaign write it, too
            if not os.path.getsize(self.history):
                print(*FIELDS, sep="\t", file=file)
            print(int(time.time()), *(f"{v:.0f}" if isinstance(v, float) else v
                                      for v in dataclasses.astuple(turn)), sep="\t", file=file)

    def run_once(self, turn, seconds):
        """Search until the time is over or an input fails; adds to @turn."""
        target = turn.target
        found = self.folder(target, "found")
        seeds = os.path.join("fuzz", target, "seeds")
        argv = self.command(target) + [
            f"-max_total_time={seconds}", f"-artifact_prefix={found}/", "-print_final_stats=0",
            "-verbosity=1", self.folder(target, "corpus")]
        if os.path.isdir(os.path.join(REPO, seeds)):
            argv.append(seeds)
        log = os.path.join(self.folder(target), "log")
        limit = seconds * 3 + PATIENCE
        status = run_limited(argv, log, limit)
        if status != 0 and not os.listdir(found):
            kept = shutil.copy(log, log + ".not-run")
            self.not_run.append(target)
            how = f"did not end in {limit} s" if status is None else f"ended with status {status}"
            print(f"NOT RUN {target}: it {how} and has no input that fails; see "
                  f"{os.path.relpath(kept, REPO)}", flush=True)
        execs = 0
        with open(log, encoding="utf-8", errors="replace") as file:
            for line in file:
                match = STATS.search(line)
                if match:
                    execs, turn.coverage, turn.features, turn.inputs = map(int, match.groups()[:4])
        turn.execs += execs
        return self.sort_crashes(target, found, log)

    def run(self, target, seconds):
        """One turn of a target. An input that fails ends a search; the next one takes its place."""
        turn, start, left = Turn(target), time.monotonic(), seconds
        while left >= 1 and turn.crashes < MAX_CRASHES:
            crashes = self.run_once(turn, int(left))
            turn.crashes += crashes
            left = seconds - (time.monotonic() - start) if crashes else 0
        turn.seconds = time.monotonic() - start
        turn.exec_per_s = int(turn.execs / turn.seconds)
        self.note(turn)
        return turn

    def sort_crashes(self, target, found, log):
        """Put new failures into buckets by where and why they failed; returns their number."""
        names = sorted(os.listdir(found))
        for name in names:
            with open(log, encoding="utf-8", errors="replace") as file:
                where, reason = place(file.read(), target)
            # A folder for each; the first input stays.
            text = where + NUMBER.sub("N", reason)
            digest = hashlib.sha256(text.encode()).hexdigest()[:8]
            bucket = os.path.join(self.root, "crashes", f"{target}-{digest}")
            path = os.path.join(found, name)
            if os.path.isdir(bucket):
                os.remove(path)
                continue
            os.makedirs(bucket)
            shutil.copy(log, os.path.join(bucket, "report"))
            shutil.move(path, os.path.join(bucket, "input"))
            with open(os.path.join(bucket, "what"), "w", encoding="utf-8") as file:
                print(target, reason, where, sep="\n", file=file)
            self.reduce(target, bucket)
            print(f"CRASH {target}: {reason or 'no reason given'}\n  {where}\n  "
                  f"{os.path.relpath(bucket, REPO)}", flush=True)
        return len(names)

    def reduce(self, target, bucket):
        """Make the input smaller while it fails, for half a minute."""
        small = os.path.join(bucket, "smaller")
        argv = self.command(target) + ["-minimize_crash=1", "-runs=10000", "-max_total_time=30",
                                       f"-exact_artifact_path={small}",
                                       os.path.join(bucket, "input")]
        run_limited(argv, os.path.join(bucket, "reduce.log"), 300)
        if os.path.exists(small):
            os.replace(small, os.path.join(bucket, "input"))

    def minimise(self, target):
        """Keep the inputs of the corpus that together cover what all cover."""
        corpus, new = self.folder(target, "corpus"), self.folder(target, "corpus.new")
        argv = self.command(target) + ["-merge=1", new, corpus]
        status = run_limited(argv, os.path.join(self.folder(target), "merge.log"), 1800)
        if status == 0 and os.listdir(new):
            shutil.rmtree(corpus)
            os.rename(new, corpus)
        else:
            shutil.rmtree(new)

    def control(self, target):
        """Lines of the positive control, and whether it was passed."""
        done = subprocess.run(["make", "--no-print-directory", f"fuzz-control-{target}",
                               f"BUILD={self.args.build}"], cwd=REPO, text=True, check=False,
                              capture_output=True)
        lines = [line for line in done.stdout.splitlines() if line.startswith("CONTROL ")]
        return lines, done.returncode == 0


def run_limited(argv, log, seconds):
    """The status of a program whose output goes to the file @log; None: it was ended after @seconds."""
    with open(log, "w", encoding="utf-8", errors="replace") as file:
        try:
            return subprocess.run(argv, cwd=REPO, stdout=file, stderr=subprocess.STDOUT, check=False,
                                  timeout=seconds).returncode
        except subprocess.TimeoutExpired:
            return None


def place(text, target):
    """Where a run failed: the innermost frames that are ours; and the reason that it gave."""
    frames, reason = [], ""
    for line in text.splitlines():
        match = re.match(rf"{target}: (.*)", line) or REASON.search(line)
        if match and not reason:
            reason = next(g for g in match.groups() if g)
        match = FRAME.match(line)
        if match and not NOISE.search(match[1]) and len(frames) < 3:
            file = os.path.relpath(match[2], REPO) if match[2][0] == "/" else match[2]
            frames.append(f"{match[1]} {file}")
    return " < ".join(frames) or reason or "unknown", reason


def part_of_array(env):
    """I/N of this task of a Slurm job array, 1/1 outside one."""
    names = ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT",
             "SLURM_ARRAY_TASK_STEP")
    if not all(name in env for name in names[:3]):
        return "1/1"
    task, first, count, step = (int(env.get(name, 1)) for name in names)
    return f"{(task - first) // step + 1}/{count}"


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("targets", nargs="*", help="which (default: all)")
    add("--build", default=os.path.join(REPO, "build"), help="build directory")
    add("--time", type=int, default=3600, metavar="S", help="of all jobs together (default: 3600)")
    add("--jobs", type=int, default=1, metavar="N", help="targets at a time (default: 1)")
    add("--slice", type=int, default=300, metavar="S", help="length of a turn (default: 300)")
    add("--part", default=part_of_array(os.environ), metavar="I/N",
        help="every Nth target from the Ith on, for arrays of jobs (default: the task of a Slurm array, "
        "else all)")
    add("--no-control", action="store_true", help="leave the positive controls out")
    args = parser.parse_args()
    known = sorted(n for n in os.listdir(os.path.join(REPO, "fuzz"))
                   if os.path.isfile(os.path.join(REPO, "fuzz", n, "target.c")))
    unknown = set(args.targets) - set(known)
    if unknown:
        parser.error(f"no such target: {' '.join(sorted(unknown))}; there are {' '.join(known)}")
    match = re.fullmatch(r"(\d+)/(\d+)", args.part)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        parser.error("--part is I/N with 1 <= I <= N")
    if args.time < 1 or args.jobs < 1 or args.slice < 1:
        parser.error("--time, --jobs and --slice are at least 1")
    # A target that is named twice would be two jobs in one folder.
    args.targets = (list(dict.fromkeys(args.targets)) or known)[int(match[1]) - 1::int(match[2])]
    if not args.targets:
        parser.error("no target is left for this part")
    args.build = os.path.abspath(args.build)
    return args


def build(campaign, args):
    """Make the targets."""
    with open(os.path.join(campaign.root, "build.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parts build in the same folder
        done = subprocess.run(["make", "--no-print-directory", "-j2", f"BUILD={args.build}",
                               *(f"{args.build}/fuzz/{t}/target" for t in args.targets)],
                              cwd=REPO, check=False)
    if done.returncode:
        raise NotBuilt("the targets cannot be built")


def search(args):
    """The campaign; returns the exit status."""
    campaign = Campaign(args)
    report.read(campaign.root)  # a damaged history is told now, not after the first turns
    build(campaign, args)
    missed, controls = False, []
    for target in args.targets:
        if not args.no_control and os.path.isdir(os.path.join(REPO, "fuzz", target, "control")):
            lines, passed = campaign.control(target)
            print("\n".join(lines), flush=True)
            controls += lines
            missed |= not passed
    left, crashes, turns = args.time, 0, 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        while left > 0:
            share = max(1, min(args.slice, left // len(args.targets)))
            for turn in pool.map(lambda t, s=share: campaign.run(t, s), args.targets):
                crashes += turn.crashes
                turns += 1
                print(f"TURN {turn.target} {turn.seconds:.0f} s, {turn.exec_per_s} exec/s, "
                      f"coverage {turn.coverage}, {turn.inputs} inputs, {turn.crashes} crashes",
                      flush=True)
                report.write(campaign.root, controls)
            left -= share * len(args.targets)
        list(pool.map(campaign.minimise, args.targets))
    report.write(campaign.root, controls)
    print(f"CAMPAIGN {turns} turns, {crashes} crashes, "
          f"{os.path.relpath(campaign.root, REPO)}/report.html")
    if crashes or missed:
        return 1
    return 2 if campaign.not_run else 0


def main():
    """The command."""
    args = parse()
    try:
        return search(args)
    except (NotBuilt, report.Damaged) as wrong:
        print(f"campaign.py: {wrong}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
