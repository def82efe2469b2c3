# SPDX-License-Identifier: GPL-2.0-or-later
# The domain builder; it reads kernels and writes device trees with the hypervisor's own code.
tools_extra_builder_x86 := $(addprefix xen-lib/,elf.o bzimage.o)
tools_extra_builder_arm64 := $(addprefix xen-lib/,fdt.o fdt_partial.o fdt_write.o format.o)
$(eval $(call tools_lib,builder))
tools_builder_ldlibs := -lz -llzma -lzstd -llz4

# ARM's pure part, for tests here: what makes hypercalls needs ARM's headers of the ABI.
builder_arm64_objs := $(addprefix libs/builder/,kernel.o place.o unpack.o \
	$(addprefix arm64/,kernel.o panic.o plan.o tree.o)) $(addprefix xen-lib/,fdt.o fdt_partial.o fdt_write.o format.o)
$(BUILD)/tools-asan/libbuilder-arm64.a: $(addprefix $(BUILD)/tools-asan/,$(builder_arm64_objs))
	$(SAY) AR $@
	$(Q)rm -f $@ && ar rcsD $@ $^
