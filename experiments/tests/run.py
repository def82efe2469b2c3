#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the laboratory's tests, checks all plans, and prints the tally that check.py adds up."""
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    """The command."""
    sys.path.insert(0, HERE)
    suite = unittest.defaultTestLoader.discover(HERE)
    result = unittest.TextTestRunner(verbosity=1, stream=sys.stdout).run(suite)
    bad = len(result.failures) + len(result.errors)
    plans = subprocess.run([sys.executable, os.path.join(os.path.dirname(HERE), "lab.py"),
                            "validate"], check=False).returncode
    bad += plans != 0
    print(f"LAB total {result.testsRun + 1 - bad} {bad} {len(result.skipped)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
