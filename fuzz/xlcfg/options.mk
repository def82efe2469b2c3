# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_tools_xlcfg := libconfig.a
fuzz_cflags_xlcfg := -Itools/libs
fuzz_smoke_xlcfg := 100000
