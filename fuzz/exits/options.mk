# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_guests_exits := -x86
fuzz_support_exits := x86-world x86-oracle
fuzz_flags_exits := -max_len=3200
