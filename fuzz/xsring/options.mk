# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_tools_xsring := test/xs-ring-play.o test/xs-guest.o test/xs-world.o libxsd-core.a
fuzz_cflags_xsring := -Itools/test
fuzz_flags_xsring := -max_len=4096
