# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws an experiment's pictures: each NAME.gp in its folder, as SVG, and as PNG made from that SVG.

A script finds style.gp loaded, its terminal and output set, `data` (the folder of the .tsv files
that the analysis wrote) and `question` (the experiment's). It draws one picture. A script whose
NAME.tsv the analysis did not write is left out: this run has no data for it.
"""
import os
import re
import subprocess

from lab import HERE, analysis, canvas, errors, files

TERMINAL = "svg size 1000,560 dynamic enhanced font 'DejaVu Sans,15' background '#ffffff'"
PNG_WIDTH = 1500

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
        svg = f"{target}/{name}.svg"
        setup = [f"set terminal {TERMINAL}", f"set output {quoted(svg)}",
                 f"data = {quoted(target)}", f"question = {quoted(run.plan.get('question'))}"]
        call(["gnuplot", "-e", "; ".join(setup), os.path.join(HERE, "style.gp"),
              os.path.join(folder, script)], script, "gnuplot-nox")
        check(svg, script)
        # From the picture that was checked: drawn anew, texts would take other room.
        call(["rsvg-convert", "--width", str(PNG_WIDTH), "--output", f"{target}/{name}.png", svg],
             script, "librsvg2-bin")
        drawn.append(name)
    return drawn


def check(path, script):
    """Raise LabError for a picture that does not show all that was drawn."""
    wrong = canvas.faults(files.read_text(path))
    if wrong:
        raise errors.LabError(f"{script}: {'; '.join(wrong[:3])}")


def call(argv, script, package):
    """Run a program of that package; LabError with its words when it fails or warns."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    except FileNotFoundError:
        raise errors.LabError(f"there is no {argv[0]}; install the package {package}") from None
    except subprocess.TimeoutExpired:
        raise errors.LabError(f"{script}: {argv[0]} did not end within five minutes") from None
    said = [line for line in done.stderr.splitlines() if line.strip() and not HARMLESS.search(line)]
    if done.returncode or said:
        raise errors.LabError(f"{script}: {argv[0]} says: {' / '.join(said)}")
