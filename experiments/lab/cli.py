# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of lab.py."""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys

from lab import (REPO, analysis, batch, cell as cellmod, cells as cellsmod, console, errors, files, folder,
                 images, local, metrics, plan as plans, progress, repeat, report, reproduce)

EPILOG = """exit status: 0 all went well; 1 cells failed, or a reproduction differs; 2 a mistake in
the command, the plan or the surroundings; 4 the disk is full (finished cells are kept)

a first walk: lab.py list; lab.py show exit-cost; lab.py run exit-cost --variant short"""

OK, FAILED, MISTAKE, DISK_FULL = 0, 1, 2, local.DISK_FULL


def say(text=""):
    """Print, at once."""
    print(text, flush=True)


def runs_in(place):
    """{name: path} of the runs in a folder."""
    names = sorted(os.listdir(place)) if os.path.isdir(place) else []
    return {n: os.path.join(place, n) for n in names
            if os.path.isfile(os.path.join(place, n, "manifest.json"))}


def find_run(args, name, alone=False):
    """A run by its folder, or by its experiment's name or the start of the folder's: among the runs
    made here, then among the reference results. Of several of one experiment the newest is taken,
    unless `alone` asks for exactly one."""
    if os.path.isfile(os.path.join(name, "manifest.json")):
        return folder.Run(name)
    made = runs_in(args.results)
    there = {os.path.basename(p): p for p in reproduce.references()} | made
    for place in (made, there):
        found = [folder.Run(path) for run, path in place.items() if run.startswith(name)]
        found = [run for run in found if run.name == name] or found
        found = [run for run in found if not run.path.endswith(folder.REPEAT)] or found
        if found:
            break
    else:
        raise errors.LabError(errors.unknown("run", name, there) if there else
                              f"unknown run {name!r}: there is none in {args.results}")
    if len(found) > 1 and (alone or len({run.name for run in found}) > 1):
        raise errors.LabError(f"{name!r} may be any of: "
                              f"{', '.join(os.path.basename(run.path) for run in found)}")
    newest = max(found, key=folder.Run.when)
    if len(found) > 1:
        print(f"lab.py: {name}: {newest.shown()} is the newest of {len(found)} runs",
              file=sys.stderr)
    return newest


def build_images(found, args):
    """Make what the cells boot, unless told not to."""
    if args.no_build:
        return
    wanted = [t for t in images.targets(cellsmod.images_of(found), args.build) if t != "setup"]
    if not wanted:
        return
    done = subprocess.run(["make", "--no-print-directory", "-C", REPO,
                           f"BUILD={os.path.abspath(args.build)}", *wanted],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise errors.LabError(f"make {' '.join(wanted)} failed:\n" +
                              "\n".join((done.stdout + done.stderr).splitlines()[-15:]))


def command_list(args):
    """The experiments, with their questions."""
    for name in plans.names():
        plan = plans.load(name)
        say(f"{name:24} {plan.get('question')}")
    return OK


def command_metrics(args):
    """What can be measured; with a run, the metrics that it has."""
    if args.run:
        run = find_run(args, args.run)
        found = {}
        for record in analysis.Data(run).records:
            found.setdefault(record["metric"], record["unit"])
        for name, unit in sorted(found.items()):
            say(f"{name:34} {unit}")
        return OK
    say("A guest with image = \"bench\" measures the names or groups of args = \"bench=A,B\":")
    for group in metrics.groups():
        say(f"\n{group.name}: {group.about}")
        for name in group.names:
            say(f"    {name}")
    say(f"\nOther words of its command line: "
        f"{', '.join(key + '=' for key in metrics.keys() if key != 'bench')}")
    say("\nThe hypervisor's log gives these without asking:")
    for name, what in console.OWN.items():
        say(f"    {name + ('*' if name.endswith('.') else ''):30} {what}")
    say("\ndocs/benchmarks.md says what each figure means.")
    return OK


def command_show(args):
    """What a plan says and how many boots it comes to."""
    plan = plans.load(args.experiment, args.variant)
    found = cellsmod.expand(plan)
    say(f"{plan.get('title')}\n{plan.get('question')}\nno: {plan.get('no')}\n")
    for factor, levels in plan.factors().items():
        say(f"  {factor:16} {', '.join(map(str, levels))}")
    say(f"\n{len(found)} boots, {sum(c.exact for c in found)} of them exact; variants: "
        f"{', '.join(plan.get('variant', {})) or 'none'}; boots: "
        f"{', '.join(cellsmod.images_of(found))}")
    if args.cells:
        for cell in found:
            say(f"  {cell.index:4} {cell.label()}")
    return OK


def command_validate(args):
    """Check plans without running anything."""
    for name in args.experiments or plans.names():
        variants = ["", *plans.load(name).get("variant", {})]
        for variant in variants:
            found = cellsmod.expand(plans.load(name, variant))
            say(f"{name}{f' ({variant})' if variant else ''}: {len(found)} boots")
        for needed in ("README.md", "analyse.py"):
            path = os.path.join(os.path.dirname(plans.load(name).path), needed)
            if not os.path.isfile(path):
                raise errors.LabError(f"there is no {path}; an experiment has one")
    return OK


def carry_out(run, args):
    """Run what is missing by the chosen backend, and write the report."""
    missing = run.missing()
    if missing:
        say(f"{run.name}: {len(missing)} of {len(run.cells)} boots to do, in {run.shown()}")
        if args.backend == "slurm":
            batch.slurm(run, args.jobs, say)
        elif args.backend == "parallel":
            batch.parallel(run, args.jobs, say, args.hosts, args.ssh)
        else:
            local.run_cells(run, args.jobs, say)
        run.manifest["finished"] = folder.now()
        files.write_json(os.path.join(run.path, "manifest.json"), run.manifest)
    else:
        say(f"{run.name}: all {len(run.cells)} boots are there already, in {run.shown()}")
    for cell, outcome in run.failed():
        say(f"{run.name}: cell {cell.index} ({cell.label()}) {outcome['status']}: "
            f"{outcome['why']}")
    if len(run.failed()) < len(run.cells):
        report.write(run)
        say(f"{run.name}: {os.path.join(run.shown(), 'report.html')}")
    return FAILED if run.failed() else OK


def command_run(args):
    """Run experiments."""
    batch.check_options(args.backend, args.hosts, args.ssh)
    status, runs = OK, []
    for name in args.experiments:
        plan = plans.load(name, args.variant)
        found = cellsmod.expand(plan)
        build_images(found, args)
        run = folder.prepare(plan, args.results, args.build)
        if args.fresh:
            shutil.rmtree(os.path.join(run.path, "raw"), ignore_errors=True)
        status = max(status, carry_out(run, args))
        runs.append(run)
    if args.page:
        report.together([r for r in runs if len(r.failed()) < len(r.cells)], args.page,
                        "Xenolith's laboratory")
        say(f"all together: {args.page}")
    return status


def command_resume(args):
    """Go on with a run that was interrupted; --failed also repeats failed cells."""
    batch.check_options(args.backend, args.hosts, args.ssh)
    run = find_run(args, args.run)
    if args.failed:
        for cell, _ in run.failed():
            say(f"again: cell {cell.index} ({cell.label()})")
            shutil.rmtree(run.cell_folder(cell.index))
    return carry_out(run, args)


def check_index(run, index):
    """Complain of a cell that the run does not have."""
    if not 0 <= index < len(run.cells):
        raise errors.LabError(f"there is no cell {index}; the last is {len(run.cells) - 1}")


def command_cell(args):
    """Run one cell of a run (what backends start)."""
    run = folder.Run(args.run)
    check_index(run, args.index)
    outcome = cellmod.execute(run, run.cells[args.index])
    return OK if outcome["status"] == "ok" else FAILED


def command_analyse(args):
    """Read raw data again and write metrics.json."""
    for name in args.runs:
        run = find_run(args, name)
        _, findings = analysis.analyse(run)
        say(f"{run.name}: {findings.answer}")
    return OK


def command_report(args):
    """Analyse and write the reports; --page FILE for one over all runs."""
    runs = [find_run(args, name) for name in args.runs]
    if args.page:
        report.together(runs, args.page, "Xenolith's laboratory")
        say(args.page)
    else:
        for run in runs:
            report.write(run)
            say(os.path.join(run.shown(), "report.html"))
    return OK


def command_log(args):
    """Print a cell's console."""
    run = find_run(args, args.run)
    check_index(run, args.index)
    sys.stdout.buffer.write(run.console(args.index))
    return OK


def command_repeat(args):
    """Run each exact cell N times, half of them on a loaded host, and compare the logs."""
    plan = plans.load(args.experiment, args.variant)
    build_images(cellsmod.expand(plan), args)
    run = folder.prepare(plan, args.results, args.build, folder.REPEAT)
    return OK if repeat.campaign(run, args.times, args.jobs, say) else FAILED


def command_reproduce(args):
    """Run reference results again and explain every difference."""
    names = args.runs or reproduce.references()
    if not names:
        raise errors.LabError("there are no reference results under results/")
    status = OK
    for name in names:
        reference = find_run(args, name)
        plan = reference.plan
        build_images(cellsmod.expand(plan), args)
        run = folder.prepare(plan, os.path.join(args.build, "lab", "reproduce"), args.build,
                             code=analysis.code_folder(reference))
        if run.missing():
            local.run_cells(run, args.jobs, say)
        report.write(run)
        same, lines = reproduce.compare(reference, run)
        say(f"{reference.name}: {'the same' if same else 'DIFFERS'}")
        for line in lines:
            say("  " + line)
        status = max(status, OK if same else FAILED)
    return status


def command_keep(args):
    """Copy runs to results/ as reference results, each in place of its experiment's earlier one."""
    for name in args.runs:
        run = find_run(args, name)
        place = os.path.join(reproduce.RESULTS, os.path.basename(run.path))
        if run.missing() or run.failed():
            raise errors.LabError(f"{run.shown()} has boots that are missing or failed; a reference "
                                  "is whole")
        if run.manifest["dirty"]:
            raise errors.LabError(f"{run.shown()} was made from a tree with changes; commit them, "
                                  f"then: {report.again(run)} --fresh")
        if reproduce.is_reference(run):
            raise errors.LabError(f"{run.shown()} is a reference already")
        for old in runs_in(reproduce.RESULTS).values():
            if folder.Run(old).name == run.name:
                shutil.rmtree(old)
        shutil.copytree(run.path, place)
        say(f"{files.shown(place)}: to commit it: git add -A -f {files.shown(reproduce.RESULTS)}")
    return OK


def command_clean(args):
    """Remove runs, or with --store the images kept for them."""
    if args.store:
        shutil.rmtree(folder.store_of(args.build), ignore_errors=True)
        say("the store is empty; unfinished runs cannot be resumed")
    for name in args.runs:
        run = find_run(args, name, alone=True)
        if reproduce.is_reference(run):
            raise errors.LabError(f"{run.shown()} is a reference result; git rm it instead")
        shutil.rmtree(run.path)
        say(f"removed {run.shown()}")
    return OK


def at_least(least):
    """The type of an argument that is a number of @least or more."""
    def number(text):
        if not re.fullmatch(r"[0-9]+", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"'{text}' is not a number from {least} on")
        return int(text)
    return number


def add_jobs_option(sub):
    """How much of the machine to use."""
    sub.add_argument("--jobs", type=at_least(1), default=0, metavar="N",
                     help="cores to use (default: all of this machine)")


def add_run_options(sub):
    """Options of what starts cells."""
    add_jobs_option(sub)
    sub.add_argument("--backend", choices=["local", "slurm", "parallel"], default="local",
                     help="who runs the cells (default: %(default)s)")
    sub.add_argument("--hosts", default="", metavar="LIST",
                     help="for parallel: its --sshlogin, such as 4/one,8/two")
    sub.add_argument("--ssh", default="", metavar="CMD", help="for parallel: instead of ssh")


def add_build_option(sub):
    """Whoever needs images may build them."""
    sub.add_argument("--no-build", action="store_true", help="boot the images as they are")


def parser():
    """The command line."""
    top = argparse.ArgumentParser(
        prog="lab.py", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Run experiments on Xenolith and its peer; keep, analyse and compare results.")
    top.add_argument("--results", metavar="DIR",
                     help="where runs are kept (default: lab/results in the build folder)")
    top.add_argument("--build", default=os.path.join(REPO, "build"), metavar="DIR",
                     help="the build folder (default: build/)")
    subs = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name, function):
        text = function.__doc__
        sub = subs.add_parser(name, help=text.rstrip("."), description=text)
        sub.set_defaults(function=function)
        return sub

    add("list", command_list)
    sub = add("metrics", command_metrics)
    sub.add_argument("run", nargs="?", help="a run; without it, what plans can ask for")
    sub = add("show", command_show)
    sub.add_argument("experiment")
    sub.add_argument("--variant", default="", help="the plan's [variant.NAME]")
    sub.add_argument("--cells", action="store_true", help="one line a boot")
    sub = add("validate", command_validate)
    sub.add_argument("experiments", nargs="*", help="default: all")
    sub = add("run", command_run)
    sub.add_argument("experiments", nargs="+")
    sub.add_argument("--variant", default="", help="the plan's [variant.NAME]")
    sub.add_argument("--fresh", action="store_true", help="forget raw data of the same inputs")
    sub.add_argument("--page", metavar="FILE", help="also write one page over all of them")
    add_run_options(sub)
    add_build_option(sub)
    sub = add("resume", command_resume)
    sub.add_argument("run")
    sub.add_argument("--failed", action="store_true", help="repeat failed cells too")
    add_run_options(sub)
    sub = add("cell", command_cell)
    sub.add_argument("run")
    sub.add_argument("index", type=int)
    for name, function in (("analyse", command_analyse), ("report", command_report)):
        sub = add(name, function)
        sub.add_argument("runs", nargs="+", help="folders, or the start of their names")
    sub.add_argument("--page", metavar="FILE", help="one page over all of them")
    sub = add("log", command_log)
    sub.add_argument("run")
    sub.add_argument("index", type=int)
    sub = add("repeat-digest", command_repeat)
    sub.add_argument("times", type=at_least(2), metavar="N")
    sub.add_argument("experiment")
    sub.add_argument("--variant", default="", help="the plan's [variant.NAME]")
    add_jobs_option(sub)
    add_build_option(sub)
    sub = add("reproduce", command_reproduce)
    sub.add_argument("runs", nargs="*", help="default: all reference results")
    add_jobs_option(sub)
    add_build_option(sub)
    sub = add("keep", command_keep)
    sub.add_argument("runs", nargs="+", help="folders, or the names of experiments")
    sub = add("clean", command_clean)
    sub.add_argument("runs", nargs="*")
    sub.add_argument("--store", action="store_true", help="remove the images kept by content")
    return top


def main(argv=None):
    """The command; returns its exit status."""
    args = parser().parse_args(argv)
    args.results = args.results or os.path.join(args.build, "lab", "results")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return args.function(args)
    except errors.DiskFull as err:
        hint = "" if args.command == "cell" else (
            "; finished cells are kept: free some space, then: lab.py resume RUN")
        print(f"lab.py: error: {err}{hint}", file=sys.stderr)
        return DISK_FULL
    except errors.LabError as err:
        print(f"lab.py: error: {err}", file=sys.stderr)
        return MISTAKE
    except BrokenPipeError:
        sys.stderr.close()
        return OK
    except KeyboardInterrupt:
        print("lab.py: interrupted; finished cells are kept: lab.py resume RUN goes on",
              file=sys.stderr)
        return 130
