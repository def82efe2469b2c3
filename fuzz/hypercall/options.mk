# SPDX-License-Identifier: GPL-2.0-or-later
# The fake world stands in for what lies below event channels and grants.
fuzz_support_hypercall := fake-world
fuzz_flags_hypercall := -max_len=2048
