#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Pack boot modules and their arguments into one file, for loaders that pass a single module.

usage: bundle.py -o OUT 'FILE ARGS'...

The file is a cpio archive: "modules" lists the others with their arguments, a line each.
"""
import argparse
import os
import sys

INDEX = "modules"
END_MARK = "TRAILER!!!"


def entry(name, data, mode=0o100644):
    """One file in the newc format, cpio(5); both parts end on a multiple of 4 bytes."""
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08X" % f for f in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def pack(modules):
    """The archive of (data, arguments) pairs."""
    names = [f"module{i}" for i in range(1, len(modules) + 1)]
    index = "".join(f"{name} {args}".rstrip() + "\n" for name, (_, args) in zip(names, modules))
    return b"".join([entry(INDEX, index.encode()),
                     *(entry(name, data) for name, (data, _) in zip(names, modules)),
                     entry(END_MARK, b"")])


def write(path, modules):
    """Pack modules given as boot loaders are: a file and its arguments, blank between."""
    parts = []
    for module in modules:
        name, _, args = module.partition(" ")
        if "\n" in args:
            raise ValueError(f"the arguments of {name} have more than one line")
        with open(name, "rb") as file:
            parts.append((file.read(), args.strip()))
    with open(path, "wb") as file:
        file.write(pack(parts))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", required=True, metavar="OUT")
    parser.add_argument("modules", nargs="+", metavar="'FILE ARGS'")
    args = parser.parse_args()
    try:
        write(args.output, args.modules)
    except (OSError, ValueError) as err:
        print(f"bundle.py: error: {err}", file=sys.stderr)
        return 1
    print(f"{args.output}: {len(args.modules)} modules, {os.path.getsize(args.output)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
