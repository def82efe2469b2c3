#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Read device trees of boards as the hypervisor does, and compare with what they say.

usage: boards.py READER

The trees come with Debian's kernel for arm64; what each says is in expected.txt. Broken ones are
made from one of them, and each must be refused by one line. Every other tree of the package is
read too: it may be refused, but by one line and without a finding of the sanitizers.
"""
import glob
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../scripts"))
import qemu  # noqa: E402  pylint: disable=wrong-import-position

GOOD = "apm/apm-mustang"
STRUCT = 8      # offset in the header of a tree


def replaced(old, new):
    """A change of a tree's bytes that keeps its length."""
    def change(blob):
        assert old in blob and len(new) <= len(old), old
        return blob.replace(old, new.ljust(len(old), b"\0"))
    return change


def with_word(at, value):
    """A change of one word of the header."""
    return lambda blob: blob[:at] + value.to_bytes(4, "big") + blob[at + 4:]


# How a tree is broken, and the line that must come of it.
BROKEN = {
    "empty": (lambda blob: b"", "the device tree is cut short"),
    "header": (lambda blob: blob[:39], "the device tree is cut short"),
    "half": (lambda blob: blob[:len(blob) // 2], "the device tree is cut short"),
    "last-byte": (lambda blob: blob[:-1], "the device tree is cut short"),
    "magic": (with_word(0, 0xd00dfeee), "not a device tree"),
    "structure-outside": (with_word(STRUCT, 0x7ffffffc),
                          "a block of the device tree lies outside it"),
    "no-memory": (replaced(b"memory\0\0\0\0\0\3", b"mammal\0\0\0\0\0\3"), "no memory"),
    "no-cpus": (replaced(b"\0\0\0\1cpus\0", b"\0\0\0\1mice\0"), "no /cpus"),
    "no-gic": (replaced(b"arm,cortex-a15-gic", b"arm,cortex-a15-gig"),
               "no GIC of version 2 or 3"),
    "no-timer": (replaced(b"arm,armv8-timer", b"arm,armv8-tamer"), "no architected timer"),
}


def expectations():
    """{tree: lines}."""
    found, lines = {}, []
    with open(os.path.join(HERE, "expected.txt"), encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("["):
                lines = found[line.strip("[]")] = []
            elif line and not line.startswith("#"):
                lines.append(line)
    return found


def read(reader, *paths):
    """The lines that the reader prints of some trees; a last one if it did not end well."""
    ran = subprocess.run([reader, *paths], capture_output=True, text=True, check=False)
    lines = ran.stdout.splitlines()
    return lines + [f"exit status {ran.returncode}: {ran.stderr[:500]}"] if ran.returncode else lines


def judge(name, wrong):
    """Print how a case went; 1 if it failed."""
    print(f"BOARD {name} {'FAIL' if wrong else 'pass'}")
    if wrong:
        print(f"    {wrong}")
    return bool(wrong)


def check_boards(reader, root):
    """(failed, all) of the trees with known values."""
    wanted, bad = expectations(), 0
    for name, lines in wanted.items():
        got = read(reader, os.path.join(root, name + ".dtb"))
        differ = [f"'{g}' instead of '{w}'" for g, w in zip(got, lines) if g != w]
        if len(got) != len(lines):
            differ.append(f"{len(got)} lines instead of {len(lines)}: {got[-1:]}")
        bad += judge(name, "; ".join(differ))
    return bad, len(wanted)


def check_broken(reader, root):
    """(failed, all) of the trees that are broken on purpose."""
    bad = 0
    with open(os.path.join(root, GOOD + ".dtb"), "rb") as file:
        blob = file.read()
    for name, (change, expected) in BROKEN.items():
        with tempfile.NamedTemporaryFile(suffix=".dtb") as file:
            file.write(change(blob))
            file.flush()
            got = read(reader, file.name)
        refusals = [line for line in got if line.startswith("refused: ")]
        right = refusals == [f"refused: {expected}"] and got[-1] == refusals[0]
        bad += judge(f"broken-{name}", "" if right else f"expected '{expected}', got {got[-2:]}")
    return bad, len(BROKEN)


def check_all(reader, root):
    """1 if a tree of the package cannot be opened, or the reader came to grief."""
    trees = sorted(glob.glob(os.path.join(root, "*", "*.dtb")))
    got = read(reader, *trees)
    models = sum(line.startswith("model: ") for line in got)
    whole = models - sum(line.startswith("refused: ") for line in got)
    print(f"{len(trees)} trees in the package: {models} read, {whole} of them with all that is needed")
    return judge("all", "" if models == len(trees) else f"{got[-1:]}")


def main():
    """The command line."""
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if len(sys.argv) == 2 else 2
    roots = glob.glob(os.path.join(qemu.cache_dir(), "root/kernel-arm64/usr/lib/linux-image-*"))
    if not roots:
        print("no kernel in the cache: scripts/setup.sh --no-install --group kernel-arm64")
        print("BOARD total 0 0 1")
        return 0
    boards, number = check_boards(sys.argv[1], roots[0])
    broken, kinds = check_broken(sys.argv[1], roots[0])
    bad = boards + broken + check_all(sys.argv[1], roots[0])
    print(f"BOARD total {number + kinds + 1 - bad} {bad} 0")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
