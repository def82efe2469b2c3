# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_guests_exits := -x86
fuzz_support_exits := x86-world x86-oracle
# What plays the guests is not what is tested: it runs at full speed, and guides no fuzzer.
fuzz_cflags_exits := -fno-sanitize=all
fuzz_flags_exits := -max_len=3200 -entropic=0
fuzz_lib_exits := undo machine
fuzz_ldlibs_exits := -Wl,-T,fuzz/lib/machine.lds
fuzz_smoke_exits := 3000
