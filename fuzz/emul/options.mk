# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_support_emul := emul-machine emul-oracle x86-native
fuzz_flags_emul := -max_len=96
fuzz_smoke_emul := 200000
