# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_flags_unpack := -max_len=8192
