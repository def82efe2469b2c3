# SPDX-License-Identifier: GPL-2.0-or-later
"""The corpus of configurations, and what xl create -n prints, as flat tables of values."""

import json
import os
import re
import subprocess

FOLDER = os.path.dirname(os.path.abspath(__file__))
SECTION = re.compile(r"^\[([a-z0-9-]+!?)\]$")


def read(path=os.path.join(FOLDER, "corpus.cfg")):
    """{name: configuration}"""
    texts = {}
    name = None
    with open(path, encoding="utf-8") as f:
        for line in f:
            match = SECTION.match(line)
            if match:
                name = match.group(1)
                if name in texts:
                    raise ValueError(f"{path}: two configurations are named {name}")
                texts[name] = ""
            elif name:
                texts[name] += line
    base = texts.pop("base")
    return {n: t if n.endswith("!") else base + t for n, t in texts.items()}


def flatten(value, path=""):
    """{"disks.0.vdev": "xvda", ...}: the leaves of what json.load() gave; the UUID is left out, as
    one is chosen."""
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        items = enumerate(value)
    else:
        return {path: value}
    flat = {}
    for key, v in items:
        flat.update(flatten(v, f"{path}.{key}" if path else str(key)))
    return flat


def run(command, text, folder, env=None):
    """Give a configuration to `COMMAND create -n`. Returns (exit status, values, stderr)."""
    path = os.path.join(folder, "u.cfg")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    result = subprocess.run([command, "create", "-n", path], capture_output=True, text=True, timeout=60,
                            env=env, check=False)
    values = {}
    if result.returncode == 0:
        values = flatten(json.loads(result.stdout))
        if "uuid" not in text:
            values.pop("c_info.uuid", None)
    return result.returncode, values, result.stderr
