#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the trace tools' tests beside this file; usage: run.py [NAME...] (test_NAME.py; default all
but those that need a browser). The last line is `TRACES total PASSED FAILED SKIPPED`."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
ON_REQUEST = {"browser"}


def names():
    """The tests to run."""
    found = sorted(f[5:-3] for f in os.listdir(HERE) if f.startswith("test_") and f.endswith(".py"))
    return sys.argv[1:] or [name for name in found if name not in ON_REQUEST]


def main():
    """Run them and add up."""
    suite = unittest.defaultTestLoader.loadTestsFromNames([f"test_{name}" for name in names()])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"TRACES total {result.testsRun - failed - skipped} {failed} {skipped}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
