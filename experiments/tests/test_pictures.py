# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures show all that was drawn, and tables have one format a column."""
import glob
import os
import unittest

import world
from lab import REPO, canvas, files, page, reproduce


class Drawing(world.World):
    """What gnuplot lets pass and a report must not."""

    def refused(self, script, *expected):
        """A picture by this script is refused with these words."""
        self.write("pretended/plot.gp", script)
        status, _, err = self.lab("run", self.experiment)
        self.assertEqual(status, 2, err)
        for text in expected:
            self.assertIn(text, err)

    def test_good(self):
        """A plain picture with a legend."""
        self.write("pretended/plot.gp", world.PLOT + "set key\n")
        self.assertEqual(self.lab("run", self.experiment)[0], 0)

    def test_legend_outside(self):
        """A legend to the right of the canvas: gnuplot drops its text and says nothing."""
        self.refused("set key at screen 0.98,0.885 left horizontal\nplot data.'/plot.tsv' using 1:2 "
                     "skip 1 with boxes title 'the first', '' using 1:2 skip 1 with boxes title "
                     "'another one'\n", "plot.gp:", "lies outside the canvas")

    def test_text_outside(self):
        """A text that begins inside and ends outside."""
        self.refused("set label 1 'a long remark that does not fit' at screen 0.9,0.5 left\n"
                     + world.PLOT, "the text 'a long remark that does not fit' lies outside")

    def test_texts_on_each_other(self):
        """Two that cannot be read."""
        self.refused("set label 1 'first remark' at screen 0.4,0.5\nset label 2 'second' at screen "
                     "0.42,0.51\n" + world.PLOT, "the text 'first remark' lies on the text 'second'")


class Boxes(unittest.TestCase):
    """The measure of things."""

    def test_width(self):
        """Of characters of different widths, and of one that is not listed."""
        self.assertAlmostEqual(canvas.text_width("Wi", 10), 9.89 + 2.78)
        self.assertAlmostEqual(canvas.text_width("\u4e16", 10), 10)

    def test_anchors_and_turned_text(self):
        """Where a text lies."""
        svg = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
               '<g transform="translate({}) {}" font-size="10" text-anchor="{}"><text>mmm</text></g>'
               "</svg>")
        for place, turn, anchor, good in (
                ("40,50", "", "middle", True), ("10,50", "", "middle", False),
                ("10,50", "", "start", True), ("95,50", "", "end", True), ("40,5", "", "end", False),
                ("10,50", "rotate(-90)", "middle", True), ("10,20", "rotate(-90)", "start", False),
                ("5,50", "rotate(-90)", "middle", False)):
            found = canvas.faults(svg.format(place, turn, anchor))
            self.assertEqual(not found, good, (place, turn, anchor, found))


class Committed(unittest.TestCase):
    """The pictures of the reference results."""

    def test_all_inside(self):
        """As they are committed."""
        found = [p for run in reproduce.references() for p in glob.glob(f"{run}/pictures/*.svg")]
        if not found:
            self.skipTest("not a checkout with results")
        for path in found:
            self.assertEqual(canvas.faults(files.read_text(path)), [], os.path.relpath(path, REPO))


class Tables(unittest.TestCase):
    """Numbers for people."""

    def test_one_format_a_column(self):
        """By the largest of the column; the others follow."""
        for values, texts in (
                ([387, 5988.0, 18842.5], ["387", "5\u202f988", "18\u202f842"]),
                ([435.5, 5988.0], ["436", "5\u202f988"]), ([4.78, 901.9], ["4.8", "901.9"]),
                ([0.065, 1.0], ["0.065", "1.000"]), ([0.057, 1.24], ["0.06", "1.24"]),
                ([1, 2], ["1", "2"]), ([-0.0001, 0.5], ["0.000", "0.500"]),
                ([None, "x", True, 2.0], ["–", "x", "yes", "2"])):
            self.assertEqual(page.column(values), texts)

    def test_both_forms_have_it(self):
        """HTML and Markdown."""
        rows = [["a", 1.5], ["b", 1000.0]]
        for text in (page.table_md(["k", "v"], rows), page.table_html(["k", "v"], rows)):
            self.assertIn("1\u202f000", text)
            self.assertNotIn("1.5", text)


if __name__ == "__main__":
    unittest.main()
