# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_support_devices := save-domain
fuzz_flags_devices := -max_len=2048
fuzz_smoke_devices := 40000
