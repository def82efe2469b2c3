# SPDX-License-Identifier: GPL-2.0-or-later
"""What traces/xltrace.py is made of: one job a module. docs/traces.md shows the whole."""
