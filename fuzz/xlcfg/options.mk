# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_tools_xlcfg := config
