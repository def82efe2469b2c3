# SPDX-License-Identifier: GPL-2.0-or-later
"""The committed results: their raw data still gives their figures, and their pictures draw."""
import os
import shutil
import tempfile
import unittest

import world  # noqa: F401  pylint: disable=unused-import
from lab import files, folder, report, reproduce


class References(unittest.TestCase):
    """Nothing boots here; make reproduce does that."""

    def test_raw_data_gives_the_figures(self):
        """Analysis and gnuplot run again on a copy."""
        names = reproduce.references()
        if not names:
            self.skipTest("not a checkout with results")
        for name in names:
            with self.subTest(os.path.basename(name)), tempfile.TemporaryDirectory() as temp:
                copy = os.path.join(temp, os.path.basename(name))
                shutil.copytree(name, copy)
                figures = files.read_json(os.path.join(copy, "metrics.json"))
                os.remove(os.path.join(copy, "metrics.json"))
                report.write(folder.Run(copy))
                self.assertEqual(files.read_json(os.path.join(copy, "metrics.json")), figures)


if __name__ == "__main__":
    unittest.main()
