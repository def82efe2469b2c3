# SPDX-License-Identifier: GPL-2.0-or-later
# The PVH domain builder; it reads kernels with the hypervisor's own parsers.
tools_extra_builder := $(addprefix xen-lib/,elf.o bzimage.o)
$(eval $(call tools_lib,builder))
tools_builder_ldlibs := -lz -llzma -lzstd -llz4
