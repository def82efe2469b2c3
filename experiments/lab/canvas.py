# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks a picture that gnuplot drew as SVG: everything is inside the canvas, and no text lies on
another. gnuplot does not warn of a legend that leaves the picture, so this does."""
import dataclasses
import re
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
NUMBER = r"-?\d+(?:\.\d+)?"
POINT = re.compile(rf"({NUMBER}),({NUMBER})")
MOVE = re.compile(rf"translate\(({NUMBER}),\s*({NUMBER})\)")
TURN = re.compile(rf"rotate\(({NUMBER})\)")
SCALE = re.compile(rf"scale\(({NUMBER})\)")
# Advance widths of DejaVu Sans in thousandths of the font's size, by character.
WIDTHS = {275: "'", 278: "ijl", 295: "IJ", 318: " ,.", 337: "/:;\\|", 352: "f", 361: "-",
          390: "()[]", 392: "t", 401: "!", 411: "r", 460: '"', 500: "*_`\u2013", 521: "s", 525: "z",
          531: "?", 550: "c", 557: "L", 575: "F", 579: "k", 592: "vxy", 603: "P", 611: "TY",
          612: "o", 613: "a", 615: "e", 632: "E", 634: "hnu", 635: "Sbdgpq",
          636: "$0123456789{}\u00b5", 656: "K", 684: "AV", 685: "XZ", 686: "B", 695: "R", 698: "C",
          732: "U", 748: "N", 752: "H", 770: "D", 775: "G", 780: "&", 787: "OQ", 818: "w",
          838: "#+<=>^~\u00d7", 863: "M", 950: "%", 974: "m", 989: "W", 1000: "@", 200: "\u202f"}
WIDTH = {char: width for width, chars in WIDTHS.items() for char in chars}
WIDEST = 1000
RISE, FALL = 0.74, 0.2          # of a line of text above and below its base line, by its size
POINT_SIZE = 1.33               # the largest extent of gnuplot's points, by their scale
# What rounding and the antialiasing of edges may add, in pixels.
SLACK = 1.0


@dataclasses.dataclass
class Box:
    """What an element covers, and how to name it."""

    name: str
    left: float
    top: float
    right: float
    bottom: float
    is_text: bool = False

    def inside(self, width, height):
        """Whether it lies on a canvas of this size."""
        return (self.left >= -SLACK and self.top >= -SLACK and
                self.right <= width + SLACK and self.bottom <= height + SLACK)

    def meets(self, other):
        """Whether it covers some of what another covers."""
        return (self.left < other.right - SLACK and other.left < self.right - SLACK and
                self.top < other.bottom - SLACK and other.top < self.bottom - SLACK)


def text_width(text, size):
    """Pixels that a line of text takes."""
    return sum(WIDTH.get(char, WIDEST) for char in text) * size / 1000


def _text_box(group, text):
    """The box of a text in its group, which has place, angle, size and anchor."""
    size = float(group.get("font-size", 10))
    width = text_width(text, size)
    left = {"start": 0, "middle": -width / 2, "end": -width}[group.get("text-anchor", "start")]
    x, y = map(float, MOVE.search(group.get("transform")).groups())
    turned = TURN.search(group.get("transform"))
    if not turned:
        return Box(f"the text {text!r}", x + left, y - RISE * size, x + left + width,
                   y + FALL * size, True)
    # Axes' titles only: upwards.
    return Box(f"the text {text!r}", x - RISE * size, y - left - width, x + FALL * size, y - left,
               True)


def _around(name, points):
    """The box around points."""
    xs, ys = zip(*points)
    return Box(name, min(xs), min(ys), max(xs), max(ys))


def _points(text):
    return [tuple(map(float, pair)) for pair in POINT.findall(text)]


def boxes(root):
    """What every drawn element of the picture covers."""
    defined = {id(element) for defs in root.iter(SVG + "defs") for element in defs.iter()}
    for group in root.iter():
        if id(group) in defined:
            continue
        tag = group.tag.removeprefix(SVG)
        if tag == "g":
            for text in group.findall(SVG + "text"):
                words = "".join(text.itertext()).strip()
                if words:
                    yield _text_box(group, words)
        elif tag in ("path", "polygon", "polyline"):
            points = _points(group.get("d") or group.get("points") or "")
            if points:
                yield _around(f"a {'line' if tag == 'path' else 'shape'}", points)
        # gnuplot's point 0 is a dot, which scripts use to draw nothing.
        elif tag == "use" and group.get(LINK) != "#gpDot":
            x, y = map(float, MOVE.search(group.get("transform")).groups())
            size = POINT_SIZE * float(SCALE.search(group.get("transform"))[1])
            yield Box("a point", x - size, y - size, x + size, y + size)
        elif tag == "rect":
            x, y, width, height = (float(group.get(k, 0)) for k in ("x", "y", "width", "height"))
            yield Box("a rectangle", x, y, x + width, y + height)


def legend(root):
    """The names that gnuplot gave to what it plotted, its own numbers left out. It draws no text of
    a legend that does not fit."""
    for group in root.iter(SVG + "g"):
        title = group.find(SVG + "title")
        if title is not None and not re.fullmatch(r"gnuplot_plot_\w+", title.text or ""):
            yield title.text


def faults(svg):
    """Sentences on what is wrong with a picture, given as text."""
    root = ElementTree.fromstring(svg)
    _, _, width, height = map(float, root.get("viewBox").split())
    found = list(boxes(root))
    wrong = [f"{box.name} lies outside the canvas ({box.left:.0f},{box.top:.0f} to "
             f"{box.right:.0f},{box.bottom:.0f} of {width:.0f},{height:.0f})"
             for box in found if not box.inside(width, height)]
    texts = [box for box in found if box.is_text]
    said = " ".join(box.name for box in texts)
    wrong += [f"the legend's {name!r} is not in the picture" for name in legend(root)
              if not all(word in said for word in re.split(r"\\n|\s", name))]
    wrong += [f"{a.name} lies on {b.name}" for i, a in enumerate(texts) for b in texts[i + 1:]
              if a.meets(b)]
    return list(dict.fromkeys(wrong))
