#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory's command; EXPERIMENTS.md shows how to use it, experiments/lab how it works."""
import sys

from lab import cli

if __name__ == "__main__":
    sys.exit(cli.main())
