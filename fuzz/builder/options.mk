# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_tools_builder := libbuilder.a
fuzz_cflags_builder := -Itools/libs
fuzz_ldlibs_builder := -lz -llzma -lzstd -llz4
