# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_tools_xsjournal := test/xs-world.o libxsd-core.a
fuzz_cflags_xsjournal := -Itools/test
fuzz_flags_xsjournal := -max_len=4096
fuzz_smoke_xsjournal := 1200
