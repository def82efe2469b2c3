# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_flags_sysreg := -max_len=2048
fuzz_smoke_sysreg := 20000
