#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run schedsim's tests beside this file; usage: run.py BUILD [NAME...] (test_NAME.py; default all).

The last line is `SCHEDSIM total PASSED FAILED SKIPPED`.
"""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    """Run them and add up."""
    os.environ["SCHEDSIM"] = os.path.abspath(f"{sys.argv[1]}/schedsim/schedsim")
    os.environ["SCHEDSIM_CHECK"] = os.path.abspath(f"{sys.argv[1]}/schedsim-check/schedsim-check")
    sys.path[:0] = [HERE]
    found = sorted(f[5:-3] for f in os.listdir(HERE) if f.startswith("test_") and f.endswith(".py"))
    suite = unittest.defaultTestLoader.loadTestsFromNames(
        [f"test_{name}" for name in sys.argv[2:] or found])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"SCHEDSIM total {result.testsRun - failed - skipped} {failed} {skipped}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
