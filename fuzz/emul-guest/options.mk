# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_guests_emul-guest := -x86
fuzz_support_emul-guest := x86-world x86-oracle
fuzz_flags_emul-guest := -max_len=64 -dict=fuzz/emul/dict
fuzz_smoke_emul-guest := 30000
