# SPDX-License-Identifier: GPL-2.0-or-later
"""The copy of the tree in which bugs are planted. It stays, so that only changes are built."""
import filecmp
import hashlib
import os
import shutil
import subprocess

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NEEDED = ["Makefile", "xen", "tools", "traces", "scripts", "fuzz", "bench", "experiments"]
# Programs of an earlier build of the tree spare the copy some work.
BUILT = ["abi", "gen", "version.c", "host-asan", "host-fuzz", "fuzz", "tools-asan", "tools-fuzz",
         "schedsim-check", "x86_64-debug", "guest"]
SKIPPED = {"__pycache__", "results", "mutants"}


def sources():
    """Paths of all that is built or run, relative to the tree, in a fixed order."""
    paths = []
    for top in NEEDED:
        if os.path.isfile(os.path.join(REPO, top)):
            paths.append(top)
        for folder, folders, names in os.walk(os.path.join(REPO, top)):
            folders[:] = sorted(set(folders) - SKIPPED)
            relative = os.path.relpath(folder, REPO)
            paths += [os.path.join(relative, name) for name in sorted(names)
                      if not name.endswith(".pyc")]
    return paths


def digest(paths):
    """Of the sources' bytes: results are of use as long as these stay."""
    total = hashlib.sha256()
    for path in paths:
        with open(os.path.join(REPO, path), "rb") as file:
            total.update(path.encode() + b"\0" + hashlib.sha256(file.read()).digest())
    return total.hexdigest()


def put(folder, path):
    """Copy one file, with the time of now: whatever was built from another version is old."""
    target = os.path.join(folder, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(os.path.join(REPO, path), target)
    shutil.copymode(os.path.join(REPO, path), target)


def bring(folder, build, paths):
    """Make @folder a copy of the tree."""
    if not os.path.isdir(folder):
        for name in BUILT:
            source, target = os.path.join(build, name), os.path.join(folder, "build", name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if os.path.isdir(source):
                shutil.copytree(source, target, symlinks=True)
            elif os.path.exists(source):
                shutil.copy2(source, target)
        for path in paths:
            put(folder, path)
            shutil.copystat(os.path.join(REPO, path), os.path.join(folder, path))
        return
    for top in NEEDED:
        for where, _, names in os.walk(os.path.join(folder, top)):
            for name in names:
                path = os.path.relpath(os.path.join(where, name), folder)
                if "__pycache__" not in path and not os.path.exists(os.path.join(REPO, path)):
                    os.remove(os.path.join(folder, path))
    for path in paths:
        target = os.path.join(folder, path)
        if not os.path.exists(target) or \
                not filecmp.cmp(os.path.join(REPO, path), target, shallow=False):
            put(folder, path)


def plant(folder, bug):
    """Apply the bug's patch; what went wrong, or None."""
    with open(bug.path, encoding="utf-8") as patch:
        done = subprocess.run(["patch", "-p1", "-s", "-f", "--no-backup-if-mismatch", "-r", "-",
                               "-d", folder], stdin=patch, capture_output=True, text=True,
                              check=False)
    return None if done.returncode == 0 else \
        "the patch does not apply: " + " ".join(done.stdout.split())


def restore(folder, bug):
    """Take the bug out again."""
    for path in bug.files:
        put(folder, path)
