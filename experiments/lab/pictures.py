# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws an experiment's pictures: each NAME.gp in its folder, as SVG and as PNG.

A script finds style.gp loaded, its terminal and output set, `data` (the folder of the .tsv files
that the analysis wrote) and `question` (the experiment's). It draws one picture. A script whose
NAME.tsv the analysis did not write is left out: this run has no data for it.
"""
import os
import re
import subprocess

from lab import HERE, analysis, canvas, errors, files

SIZES = {"svg": "svg size 1000,560 dynamic enhanced font 'DejaVu Sans,15' background '#ffffff'",
         "png": "pngcairo size 1500,840 enhanced font 'DejaVu Sans,22' background '#ffffff'"}
SCALE = {"svg": 1.0, "png": 1.5}

# A run with few levels has few points; that is not a mistake of the script.
HARMLESS = re.compile(r"[Ww]arning: empty [xyz]\d? range")


def quoted(text):
    """A string of gnuplot's."""
    return "'" + str(text).replace("'", "''") + "'"


def draw(run, folder=None):
    """Draw all pictures of a run; returns their names."""
    folder = folder or analysis.code_folder(run)
    target = os.path.join(run.path, "pictures")
    drawn = []
    for script in sorted(n for n in os.listdir(folder) if n.endswith(".gp")):
        name = script[:-3]
        if not os.path.isfile(os.path.join(target, name + ".tsv")):
            continue
        for kind, terminal in SIZES.items():
            setup = [f"set terminal {terminal}", f"set output {quoted(f'{target}/{name}.{kind}')}",
                     f"data = {quoted(target)}", f"scale = {SCALE[kind]}",
                     f"question = {quoted(run.plan.get('question'))}"]
            call(["gnuplot", "-e", "; ".join(setup), os.path.join(HERE, "style.gp"),
                  os.path.join(folder, script)], script)
        check(f"{target}/{name}.svg", script)
        drawn.append(name)
    return drawn


def check(path, script):
    """Raise LabError for a picture that does not show all that was drawn."""
    wrong = canvas.faults(files.read_text(path))
    if wrong:
        raise errors.LabError(f"{script}: {'; '.join(wrong[:3])}")


def call(argv, script):
    """Run gnuplot; LabError with its words when it fails or warns."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    except FileNotFoundError:
        raise errors.LabError("there is no gnuplot; install the package gnuplot-nox") from None
    except subprocess.TimeoutExpired:
        raise errors.LabError(f"{script}: gnuplot did not end within five minutes") from None
    said = [line for line in done.stderr.splitlines() if line.strip() and not HARMLESS.search(line)]
    if done.returncode or said:
        raise errors.LabError(f"{script}: gnuplot says: {' / '.join(said)}")
