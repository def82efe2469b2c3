# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_flags_vgic := -max_len=2048
fuzz_smoke_vgic := 8000
