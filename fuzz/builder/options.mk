# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_tools_builder := builder
fuzz_ldlibs_builder := -lz -llzma -lzstd -llz4
