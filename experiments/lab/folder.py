# SPDX-License-Identifier: GPL-2.0-or-later
"""A run's folder: results/<experiment>-<id>/, and the id, which the inputs alone decide.

    manifest.json  everything that went in: commit, digests, emulator, host, cells
    plan.toml      the plan as it was
    raw/NNN/       a cell: cell.json (how it went), console.log.gz, trace.gz
    metrics.json   what the analysis found
    pictures/      SVG and PNG, and the data they were drawn from
    report.html, report.md
"""
import dataclasses
import datetime
import json
import os
import platform
import re
import subprocess

from lab import REPO, cells as cellsmod, errors, files, images, machine, plan as plans
import bochs

VERSION = 1
ID_LENGTH = 10
# Ends the name of a folder whose cells are only repeated for their digests.
REPEAT = "-repeat"


def now():
    """The time, in UTC."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def output(*argv):
    """What a command prints, or "" when it cannot."""
    try:
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, cwd=REPO,
                              check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def commit():
    """The commit, and whether the tree differs from it."""
    return {"commit": output("git", "rev-parse", "HEAD") or "unknown",
            "dirty": bool(output("git", "status", "--porcelain", "--untracked-files=no"))}


def host():
    """The machine that runs the cells, as far as it may matter. Holds no name of a person or machine."""
    cpu = ""
    if os.path.isfile("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            found = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
        cpu = found[1] if found else ""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_mib": pages >> 20,
            "kernel": platform.release(), "python": platform.python_version()}


def emulator(kind):
    """Version and digest of an emulator."""
    path = machine.emulator_path(kind)
    if kind in bochs.PROGRAMS:
        return {"program": kind, "version": bochs.version(kind),
                "configuration": bochs.CONFIG}
    version = (output(path, "--version") or "unknown").split("\n", maxsplit=1)[0]
    return {"program": machine.PROGRAM[kind], "version": version}


def inputs_of(found, build, store):
    """Every file that the cells boot, copied into the store: {image: what it is}."""
    names = cellsmod.images_of(found)
    have = images.catalogue(build)
    files_of = {}
    for name, image in images.need(names, build).items():
        files_of[name] = files.keep(store, image.path)
        if image.ramdisk:
            images.need([image.ramdisk], build)
            files_of[name + "/ramdisk"] = files.keep(store, have[image.ramdisk].path)
    return files_of


def identity(plan, found, inputs, emulators):
    """The id: the same plan, images and emulators give the same one."""
    what = {"version": VERSION, "name": plan.name, "plan": plan.identity(),
            "cells": [[c.config, c.seed, c.repetition] for c in found],
            "inputs": {name: i["code_sha256"] for name, i in inputs.items()},
            "emulators": {kind: e["version"] for kind, e in emulators.items()}}
    text = json.dumps(what, sort_keys=True, separators=(",", ":"))
    return files.sha256(text.encode())[:ID_LENGTH]


def store_of(build):
    """Where images are kept by content."""
    return os.path.join(build, "lab", "store")


class Run:
    """A run in its folder."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.manifest = files.read_json(os.path.join(self.path, "manifest.json"))
        if self.manifest.get("version") != VERSION:
            raise errors.LabError(f"{path}: made by another version of the laboratory; it reads "
                                  f"version {VERSION}")
        self.cells = [cellsmod.Cell(**cell) for cell in self.manifest["cells"]]
        self.name = self.manifest["experiment"]

    def when(self):
        """When it was last carried out: a text that sorts by time."""
        return self.manifest.get("finished") or self.manifest["started"]

    @property
    def plan(self):
        """The plan as it was."""
        path = os.path.join(self.path, "plan.toml")
        with open(path, encoding="utf-8") as file:
            return plans.parse(file.read(), self.name, path, self.manifest["variant"])

    def cell_folder(self, index):
        """The folder of a cell's raw data."""
        return os.path.join(self.path, "raw", f"{index:03}")

    def outcome(self, index):
        """What cell.json says, or None while the cell is not finished."""
        path = os.path.join(self.cell_folder(index), "cell.json")
        return files.read_json(path) if os.path.isfile(path) else None

    def missing(self):
        """The cells without an outcome."""
        return [cell for cell in self.cells if self.outcome(cell.index) is None]

    def failed(self):
        """(cell, outcome) of those that went wrong."""
        found = [(cell, self.outcome(cell.index)) for cell in self.cells]
        return [(cell, out) for cell, out in found if out and out["status"] != "ok"]

    def console(self, index):
        """A cell's console, as bytes."""
        return files.read_gz(os.path.join(self.cell_folder(index), "console.log.gz"))

    def shown(self):
        """The folder as a person would type it."""
        relative = os.path.relpath(self.path)
        return self.path if relative.startswith("..") else relative


def prepare(plan, results, build, suffix="", code=None):
    """Make the folder of a run, or find it: the same inputs lead to the same folder.

    code: the folder of analysis and plots, when it is not the plan's.
    """
    found = cellsmod.expand(plan)
    emulators = {kind: emulator(kind) for kind in sorted({c.config["emulator"] for c in found
                                                         if "emulator" in c.config})}
    inputs = inputs_of(found, build, store_of(build))
    ident = identity(plan, found, inputs, emulators)
    path = os.path.join(results, f"{plan.name}-{ident}{suffix}")
    if not os.path.isfile(os.path.join(path, "manifest.json")):
        files.write(os.path.join(path, "plan.toml"), plan.text)
        files.write_json(os.path.join(path, "manifest.json"), {
            "version": VERSION, "experiment": plan.name, "id": ident, "variant": plan.variant,
            "folder": files.shown(code or plan.folder), **commit(), "compiler": output("cc", "--version").split("\n", maxsplit=1)[0],
            "inputs": inputs, "emulators": emulators, "host": host(),
            "seeds": sorted({c.seed for c in found}), "started": now(),
            "store": files.shown(os.path.abspath(store_of(build))),
            "cells": [dataclasses.asdict(c) for c in found]})
    return Run(path)
