# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_tools_xenstored := test/xs-play.o test/xs-model.o test/xs-world.o libxsd-core.a
fuzz_cflags_xenstored := -Itools/test
fuzz_flags_xenstored := -max_len=4096
fuzz_smoke_xenstored := 3000
