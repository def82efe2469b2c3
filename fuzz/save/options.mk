# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_support_save := save-domain
fuzz_flags_save := -max_len=8192
