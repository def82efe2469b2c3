#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes reference.json: what Debian's xl 4.17 (unpacked in the cache by make setup) reads from each
configuration of the corpus.

usage: make_reference.py CACHE"""

import json
import os
import subprocess
import sys
import tempfile

import corpus


def main():
    peer = os.path.join(os.path.abspath(sys.argv[1]), "root", "peer", "usr", "lib")
    reference = {}
    with tempfile.TemporaryDirectory() as folder:
        shim = os.path.join(folder, "no-xen.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, os.path.join(corpus.FOLDER, "no-xen.c")], check=True)
        env = dict(os.environ, LD_PRELOAD=shim,
                   LD_LIBRARY_PATH=os.path.join(peer, "x86_64-linux-gnu"))
        for name, text in corpus.read().items():
            status, values, _ = corpus.run(os.path.join(peer, "xen-4.17", "bin", "xl"), text, folder, env)
            reference[name] = {"exit": 0 if status == 0 else 1, "values": values} if status >= 0 else {"exit": "crash"}
    lines = [f"{json.dumps(name)}: {json.dumps(r)}" for name, r in reference.items()]
    with open(os.path.join(corpus.FOLDER, "reference.json"), "w", encoding="utf-8") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
