# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares a run with a reference: which inputs changed, and which figures moved by how much."""
import os
import subprocess

from lab import REPO, files

RESULTS = os.path.join(REPO, "results")
MOST = 12       # lines about moved figures
KEYS_OF_VALUE = {"value", "exact", "n", "min", "max", "low", "high", "mean", "p90", "p99"}


def references():
    """The results that are committed."""
    done = subprocess.run(["git", "ls-files", "results/*/manifest.json"], cwd=REPO,
                          capture_output=True, text=True, check=False)
    return [os.path.join(REPO, os.path.dirname(p)) for p in done.stdout.split()]


def is_reference(run):
    """Whether a run is committed."""
    return any(os.path.realpath(path) == os.path.realpath(run.path) for path in references())


def inputs(old, new):
    """Sentences on inputs that are not the same."""
    for name in sorted({*old["inputs"], *new["inputs"]}):
        was, now = old["inputs"].get(name), new["inputs"].get(name)
        if not was or not now:
            yield f"input {name}: only in the {'reference' if was else 'new run'}"
        elif was["code_sha256"] != now["code_sha256"]:
            yield (f"input {name} changed: sha256 {was['sha256'][:12]} -> {now['sha256'][:12]}, "
                   f"{was['bytes']} -> {now['bytes']} bytes")
    for kind in sorted({*old["emulators"], *new["emulators"]}):
        was, now = (m["emulators"].get(kind, {}).get("version", "none") for m in (old, new))
        if was != now:
            yield f"emulator {kind} changed: {was} -> {now}"
    for key in ("compiler", "commit", "dirty"):
        if old.get(key) != new.get(key):
            yield f"{key} changed: {old.get(key)} -> {new.get(key)}"


def digests(reference, run):
    """Cells that were exact in both: (same, different, absent)."""
    counts = [0, 0, 0]
    for cell in reference.cells:
        was = reference.outcome(cell.index)
        now = run.outcome(cell.index) if cell.index < len(run.cells) else None
        if not cell.exact or not was:
            continue
        if not now:
            counts[2] += 1
        else:
            counts[any(was.get(key) != now.get(key)
                       for key in ("console_digest", "trace_digest"))] += 1
    return counts


def metrics(run):
    """{what a metric is about: the metric}."""
    found = files.read_json(os.path.join(run.path, "metrics.json"))["metrics"]
    return {tuple((k, v) for k, v in m.items() if k not in KEYS_OF_VALUE): m for m in found}


def moved(was, now):
    """Whether a figure moved: an exact one at all, one with spread beyond both intervals."""
    if was["exact"] and now["exact"]:
        return was["value"] != now["value"]
    spans = [(m.get("min", m["value"]), m.get("max", m["value"])) for m in (was, now)]
    return spans[0][1] < spans[1][0] or spans[1][1] < spans[0][0]


def change(key, was, now):
    """A sentence on a figure that moved, and how far, for sorting."""
    about = dict(key)
    name, unit = about.pop("metric"), about.pop("unit")
    about.pop("domain", None)
    share = (now["value"] - was["value"]) / was["value"] if was["value"] else float("inf")
    where = " ".join(f"{k}={v}" for k, v in about.items())
    return abs(share), (f"{name} [{where}]: {was['value']:g} -> {now['value']:g} {unit} "
                        f"({share:+.2%})")


def compare(reference, run):
    """(same, lines): whether all exact digests and all figures agree, and what to say of it."""
    old, new = metrics(reference), metrics(run)
    changes = sorted((change(key, was, new[key]) for key, was in old.items()
                      if key in new and moved(was, new[key])), reverse=True)
    gone, come = old.keys() - new.keys(), new.keys() - old.keys()
    equal, different, absent = digests(reference, run)
    bad = [cell.index for cell, _ in run.failed()]
    same = not (changes or gone or come or different or absent or bad)
    lines = [f"exact logs: {equal} the same, {different} different, {absent} absent",
             f"figures: {len(old) - len(gone) - len(changes)} the same, {len(changes)} moved, "
             f"{len(gone)} gone, {len(come)} new"]
    if bad:
        lines.append(f"cells that failed this time: {bad}")
    because = list(inputs(reference.manifest, run.manifest))
    if not same:
        lines += because or ["no input changed: this is not deterministic, which is a defect"]
    elif because:
        lines += ["although " + text for text in because]
    lines += [text for _, text in changes[:MOST]]
    if len(changes) > MOST:
        lines.append(f"and {len(changes) - MOST} more")
    lines += [f"gone: {dict(key)['metric']}" for key in sorted(gone, key=str)[:MOST]]
    return same, lines
