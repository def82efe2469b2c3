# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_flags_manifest := -max_len=4096
