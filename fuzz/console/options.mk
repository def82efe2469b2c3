# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_tools_console := libconsole.a
fuzz_cflags_console := -Itools/libs
fuzz_flags_console := -max_len=1024
fuzz_smoke_console := 3000
