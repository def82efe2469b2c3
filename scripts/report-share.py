#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which lines of the hypervisor serve both architectures, by folder.

usage: report-share.py BUILD

BUILD must hold the images x86_64 and arm64 (`make report-share` builds them). A source file serves
an architecture when the Makefile links its object into that image; a header, when the compiler read
it for one of these objects. Files of neither are the host port's, and linker scripts. Tests do not
count. Lines are those of C and assembler that are neither blank nor comment.
Exit status: 0, or 1 when an image was not built.
"""
import os
import subprocess
import sys

import code_lines

IMAGES = ("x86_64", "arm64")
COLUMNS = {("x86_64", "arm64"): "both", ("x86_64",): "x86 only", ("arm64",): "ARM only", (): "neither"}
# Where the folder below these says more than these do.
DEEPER = ("xen/arch", "xen/guest", "xen/include", "xen/include/xen")


def read_by(build, image):
    """The sources and headers under xen/ that the objects of @image were made of."""
    rule = f"list-objects: ; @echo $(filter-out {build}/{image}/version.o,$(xen_objs_{image}))"
    objects = subprocess.run(
        ["make", "-s", "--no-print-directory", f"BUILD={build}", "--eval", rule, "list-objects"],
        check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    files = set()
    for name in objects:
        with open(name[:-len(".o")] + ".d", encoding="utf-8") as file:
            files.update(os.path.normpath(word) for word in file.read().split()
                         if word.startswith("xen/") and not word.endswith(":"))
    return files


def folder_of(path):
    """What @path counts for: the folder below xen/, or one level deeper."""
    parts = os.path.dirname(path).split("/")
    depth = 2
    while "/".join(parts[:depth]) in DEEPER and depth < len(parts):
        depth += 1
    return "/".join(parts[:depth])


def shares(paths, read):
    """Lines by folder and column, of @paths, with the files that each image @read."""
    table = {}
    for path in paths:
        key = tuple(image for image in IMAGES if path in read[image])
        row = table.setdefault(folder_of(path), dict.fromkeys(COLUMNS.values(), 0))
        row[COLUMNS[key]] += code_lines.count(path)
    return table


def print_table(table):
    """As in Markdown. The share is of the lines that are in an image at all."""
    rows = sorted(table.items())
    rows.append(("all", {c: sum(row[c] for _, row in rows) for c in COLUMNS.values()}))
    print("| folder | " + " | ".join(COLUMNS.values()) + " | both, of those in an image |")
    print("|---|" + "---:|" * (len(COLUMNS) + 1))
    for folder, row in rows:
        linked = sum(row.values()) - row["neither"]
        share = f"{100 * row['both'] / linked:.0f} %" if linked else "-"
        print(f"| {folder} | " + " | ".join(f"{n:,}" for n in row.values()) + f" | {share} |")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tracked = subprocess.run(["git", "ls-files", "xen"], check=True, stdout=subprocess.PIPE,
                             text=True).stdout.split()
    paths = [path for path in tracked if path.endswith(code_lines.SUFFIXES)
             and not path.startswith("xen/test/")]
    try:
        read = {image: read_by(sys.argv[1], image) for image in IMAGES}
    except FileNotFoundError as error:
        sys.exit(f"error: {error.filename} is missing: make x86_64 arm64 first")
    print_table(shares(paths, read))


if __name__ == "__main__":
    main()
