# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the hypervisor: one object directory for each environment under $(BUILD).
#   x86_64                      the image for the metal
#   x86_64-debug                the same with every assertion and lock-rank check
#   x86_64-coverage             the same as x86_64, counting what runs (core/coverage.c)
#   arm64, arm64-debug          both for ARMv8
#   host-{plain,asan,cov,fuzz}  the same sources as archives that tests and fuzzers link:
#     libxenolith.a             with synthetic guests
#     libxenolith-x86.a         with x86's guests, of arch/x86/hvm and svm, on a software processor

CC ?= gcc
CROSS_ARM64 ?= aarch64-linux-gnu-
XEN_ENVS := x86_64 x86_64-debug x86_64-coverage arm64 arm64-debug host-plain host-asan host-cov host-fuzz

xen_common_dirs := lib core sched sched/policy domain domain/% mm mm/p2m mm/p2m/fmt drivers drivers/% \
	guest/x86 guest/x86/%
xen_all_srcs := $(patsubst xen/%,%,$(shell find xen -name '*.c' -o -name '*.S' ! -name '*.lds.S' | LC_ALL=C sort))
# Sources whose directory is one of the given patterns.
xen_in = $(foreach s,$(xen_all_srcs),$(if $(filter $(1),$(patsubst %/,%,$(dir $(s)))),$(s)))

# Only ARM's machines and guests are described by device trees of their own.
xen_arm_only := drivers/dt/% drivers/serial/pl011.c mm/p2m/fmt/lpae.c lib/fdt_write.c lib/fdt_partial.c lib/efi_config.c \
	drivers/iommu/smmu%.c drivers/iommu/probe-dt.c
xen_srcs_x86_64 := $(filter-out $(xen_arm_only),$(call xen_in,$(xen_common_dirs) arch/x86 arch/x86/%))
# What of the IOMMUs does not depend on the hardware.
xen_iommu_generic := $(patsubst %,drivers/iommu/%.c,iommu space fault remap)
# ARM has neither I/O ports nor, yet, ACPI and PCI.
xen_srcs_arm64 := $(filter-out lib/copy.c mm/p2m/fmt/npt.c mm/p2m/fmt/ept.c,$(call xen_in,lib core sched sched/policy domain domain/% mm mm/p2m mm/p2m/fmt drivers/dt \
	guest/arm arch/arm arch/arm/%)) drivers/serial/pl011.c $(xen_iommu_generic) \
	$(patsubst %,drivers/iommu/%.c,probe probe-dt smmu smmu2 smmu2-faults smmu2-streams smmu3 \
	smmu3-events)
# libc has the string functions on the host; device drivers and VMX need hardware, but not the part
# of them that only reads bytes or makes checks.
xen_srcs_host := $(filter-out lib/copy.c lib/string.c drivers/%,$(call xen_in,$(xen_common_dirs) guest/arm arch/host)) \
	$(filter drivers/acpi/parse-% drivers/acpi/numa-% drivers/pci/parse-% \
	$(xen_iommu_generic) drivers/iommu/amd% drivers/iommu/vtd% drivers/iommu/smmu% drivers/serial/parse-% drivers/serial/ns16550.c \
	drivers/serial/pci-uart.c drivers/dt/% arch/x86/vmx/check-%,$(xen_all_srcs))
# What takes the place of the synthetic guests. Two files do not fit a software processor.
xen_synthetic := $(patsubst %,arch/host/%.c,build control guest-memory hypercalls platform vcpu)
xen_srcs_host_x86 := $(call xen_in,arch/host/x86) drivers/pci/config.c drivers/pci/scan.c \
	$(filter-out arch/x86/hvm/vendor.c arch/x86/hvm/vector.c arch/x86/psr/model.c arch/x86/psr/providers.c %.S, \
	$(call xen_in,arch/x86/hvm arch/x86/svm arch/x86/psr))

xen_cflags_common := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wmissing-prototypes \
	-Wstrict-prototypes -Wvla -Wno-unused-parameter -Wno-sign-compare -fno-strict-aliasing -fno-common \
	-fwrapv -fdebug-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(CURDIR)/= -D__XEN_TOOLS__ \
	-Ixen/include -I$(BUILD)/abi -I$(BUILD)/gen
# Without SSE nothing needs the ABI's 16 bytes of stack alignment, which costs many functions two
# instructions.
xen_stack_align := $(if $(findstring clang,$(CC)),-mstack-alignment=8,-mpreferred-stack-boundary=3)
# Assertions and lock-rank checks are in every environment but x86_64, which has NDEBUG.
xen_cflags_x86_64-debug := $(xen_cflags_common) -ffreestanding -mcmodel=kernel -mno-red-zone \
	-mgeneral-regs-only -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -fcf-protection=none -ffunction-sections $(xen_stack_align) \
	-Ixen/arch/x86/include
xen_cflags_x86_64 := $(xen_cflags_x86_64-debug) -DNDEBUG
# The counters stay in memory: no code of libgcov is linked (core/coverage.c).
xen_cflags_x86_64-coverage := $(xen_cflags_x86_64) --coverage -fprofile-info-section -fprofile-update=single
xen_cflags_arm64-debug := $(xen_cflags_common) -ffreestanding -mgeneral-regs-only -mno-outline-atomics \
	-mstrict-align -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -mbranch-protection=none -Ixen/arch/arm/include
xen_cflags_arm64-debug := -I$(BUILD)/gen-arm64 $(xen_cflags_arm64-debug)
xen_cflags_arm64 := $(xen_cflags_arm64-debug) -DNDEBUG
xen_cc_arm64 := $(CROSS_ARM64)gcc
xen_cc_arm64-debug := $(xen_cc_arm64)
xen_cflags_host := $(xen_cflags_common) -fno-builtin-printf -fno-omit-frame-pointer \
	-Ixen/arch/host/include
xen_cflags_host-plain := $(xen_cflags_host)
xen_cflags_host-asan := $(xen_cflags_host) -fsanitize=address,undefined -fno-sanitize-recover=all
xen_cflags_host-cov := $(xen_cflags_host) -O1 --coverage
# libFuzzer looks at indirect calls only with -use_value_profile, and simulated CPUs have stacks of
# their own, so that the depth of a stack means nothing. Frames are not kept after their return
# (detect_stack_use_after_return), and need no look at that option.
# FUZZ_FAST=1, with a BUILD of its own: only counters, no sanitizers and no traced comparisons.
xen_fuzz_sanitize := $(if $(FUZZ_FAST),-fsanitize-coverage=inline-8bit-counters -fsanitize-coverage=pc-table,\
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fsanitize-address-use-after-return=never -fno-sanitize-coverage=stack-depth,indirect-calls)
xen_cflags_host-fuzz := $(xen_cflags_host) $(xen_fuzz_sanitize)
xen_cc_host-fuzz := clang
# The ABI headers come from libxen-dev through one path, as <public/...>.
$(BUILD)/abi/public: scripts/check-abi.sh
	$(Q)sh scripts/check-abi.sh $(ABI_DIR)
	$(Q)mkdir -p $(@D) && ln -sfn $(ABI_DIR) $@

# What is made of the catalogue of trace events.
$(BUILD)/gen/generated/trace_events.h: what := header
$(BUILD)/gen/generated/trace_names.h: what := names
$(BUILD)/gen/generated/trace_%.h: traces/catalogue.toml traces/gen.py
	$(SAY) GEN $@
	$(Q)mkdir -p $(@D) && $(PYTHON) traces/gen.py $(what) > $@

# How the ABI's structures look to 32-bit guests.
$(BUILD)/gen/generated/compat_layouts.h: xen/domain/compat/gen.py xen/domain/compat/layouts.toml | $(BUILD)/abi/public
	$(SAY) GEN $@
	$(Q)mkdir -p $(@D) && $(PYTHON) $< "$(CC)" $(BUILD)/abi > $@

$(BUILD)/gen-arm64/generated/compat_layouts.h: xen/domain/compat/gen.py xen/domain/compat/layouts.toml | $(BUILD)/abi/public
	$(SAY) GEN $@
	$(Q)mkdir -p $(@D) && $(PYTHON) $< "$(xen_cc_arm64)" $(BUILD)/abi --alike > $@

# Headers that must be there before anything is compiled.
xen_made := $(BUILD)/abi/public $(BUILD)/gen/generated/trace_events.h \
	$(BUILD)/gen/generated/trace_names.h $(BUILD)/gen/generated/compat_layouts.h

# $(call xen_env,ENV,SRCS)
define xen_env
xen_objs_$(1) := $$(patsubst %,$$(BUILD)/$(1)/%.o,$$(basename $(2))) $$(BUILD)/$(1)/version.o
$$(BUILD)/$(1)/%.o: xen/%.c xen/xen.mk | $$(xen_made)
	$$(SAY) CC '$(1) $$*'
	$$(Q)mkdir -p $$(@D) && $$(or $$(xen_cc_$(1)),$$(CC)) $$(xen_cflags_$(1)) $$(xen_cflags_more) \
		-MMD -MP -c -o $$@ $$<
$$(BUILD)/$(1)/%.o: xen/%.S xen/xen.mk | $$(xen_made)
	$$(SAY) AS '$(1) $$*'
	$$(Q)mkdir -p $$(@D) && $$(or $$(xen_cc_$(1)),$$(CC)) $$(xen_cflags_$(1)) -D__ASSEMBLY__ -MMD -MP -c -o $$@ $$<
$$(BUILD)/$(1)/version.o: $$(BUILD)/version.c | $$(xen_made)
	$$(Q)mkdir -p $$(@D) && $$(or $$(xen_cc_$(1)),$$(CC)) $$(xen_cflags_$(1)) -c -o $$@ $$<
-include $$(patsubst %.o,%.d,$$(xen_objs_$(1)))
endef
$(foreach e,x86_64 x86_64-debug x86_64-coverage,$(eval $(call xen_env,$(e),$(xen_srcs_x86_64))))
$(foreach e,arm64 arm64-debug,$(eval $(call xen_env,$(e),$(xen_srcs_arm64))))
$(xen_objs_arm64) $(xen_objs_arm64-debug): | $(BUILD)/gen-arm64/generated/compat_layouts.h
# Some code runs with the MMU off, where accesses must be aligned. It fills and copies nothing, and by bytes that
# would take six times as long.
$(BUILD)/arm64/lib/string.o $(BUILD)/arm64-debug/lib/string.o: xen_cflags_more += -mno-strict-align
$(foreach e,plain asan cov fuzz,$(eval $(call xen_env,host-$(e),$(xen_srcs_host))))

# What the fuzz target of hypercalls runs. Reads of memory shared with guests are reported
# (arch/host/reads.c). Comparisons are not: they guide changes of bytes, and that target changes calls.
# The port is not what is tested, and its random choices would guide no fuzzer; nor would what every
# call runs, which costs time for each counter that is not zero.
xen_fuzz_always := $(patsubst %,$(BUILD)/host-fuzz/%.o,\
	core/cpu core/lock_check core/ops core/page_alloc core/panic core/printk core/rcu core/rwlock \
	core/softirq core/spinlock core/tasklet core/timer core/trace_write core/xmalloc \
	lib/format sched/core sched/cpu sched/unit sched/wake)
$(xen_fuzz_always): xen_cflags_host-fuzz += -fno-sanitize=fuzzer-no-link
xen_fuzz_calls := $(filter-out $(xen_fuzz_always) %/manifest-parse.o $(BUILD)/host-fuzz/domain/build/%,$(filter \
	$(addprefix $(BUILD)/host-fuzz/,core/% sched/% mm/% domain/% lib/bitmap.o lib/rangeset.o \
	lib/rbtree.o lib/string.o),$(xen_objs_host-fuzz)))
# What the address sanitizer finds at the access is not looked for before it, and alignment only
# where pointers come from guests: together that took a fifth of the target's time. The unit tests
# run with these checks.
xen_fuzz_pointers := $(filter $(BUILD)/host-fuzz/domain/% %/p2m/view.o,$(xen_fuzz_calls))
$(xen_fuzz_always) $(xen_fuzz_calls): xen_cflags_host-fuzz += -fno-sanitize=null,object-size,pointer-overflow
$(xen_fuzz_always) $(filter-out $(xen_fuzz_pointers),$(xen_fuzz_calls)): \
	xen_cflags_host-fuzz += -fno-sanitize=alignment
$(xen_fuzz_calls): xen_cflags_host-fuzz += -fno-sanitize-coverage=trace-cmp
$(xen_fuzz_pointers): xen_cflags_host-fuzz += -fsanitize-coverage=trace-loads
# Each copy from a guest and each look for a domain goes through these. One counter for each function,
# as without any, reads would not be reported.
$(BUILD)/host-fuzz/mm/p2m/view.o $(BUILD)/host-fuzz/domain/domlist.o: \
	xen_cflags_host-fuzz += -fsanitize-coverage=func
$(filter $(BUILD)/host-fuzz/arch/host/%,$(xen_objs_host-fuzz)): xen_cflags_host-fuzz = \
	$(xen_cflags_host) $(if $(FUZZ_FAST),,-fsanitize=address,undefined -fno-sanitize-recover=all)
# The simulated CPUs handle no data of guests, and each lock operation goes through them.
$(BUILD)/host-fuzz/arch/host/cpu.o: xen_cflags_host-fuzz = $(xen_cflags_host)

# Rewritten only when the commit changes.
$(BUILD)/version.c: FORCE
	$(Q)mkdir -p $(@D) && sh scripts/version.sh "$(CC)" > $@.new && \
		{ cmp -s $@.new $@ && rm $@.new || mv $@.new $@; }
.PHONY: FORCE
FORCE:

$(foreach e,plain asan cov fuzz,$(eval $(BUILD)/host-$(e)/libxenolith.a: $$(xen_objs_host-$(e)); \
	$$(SAY) AR $$@ ; rm -f $$@ && ar rcsD $$@ $$^))

# After -Ixen/arch/host/include: headers of x86 that arch/host or arch/host/x86 has, too, are theirs.
xen_includes_host_x86 := -Ixen/arch/host/x86/include -Ixen/arch/x86/include -Ixen/arch/x86
# $(call xen_host_x86,ENV)
define xen_host_x86
xen_objs_x86_$(1) := $$(patsubst %,$$(BUILD)/$(1)/%.o,$$(basename $$(xen_srcs_host_x86)))
$$(xen_objs_x86_$(1)): xen_cflags_more := $$(xen_includes_host_x86)
$$(BUILD)/$(1)/libxenolith-x86.a: $$(xen_objs_x86_$(1)) \
		$$(filter-out $$(xen_synthetic:%.c=$$(BUILD)/$(1)/%.o),$$(xen_objs_$(1)))
	$$(SAY) AR $$@
	$$(Q)rm -f $$@ && ar rcsD $$@ $$^
-include $$(patsubst %.o,%.d,$$(xen_objs_x86_$(1)))
endef
$(foreach e,plain asan cov fuzz,$(eval $(call xen_host_x86,host-$(e))))

# Every object with counters names it; only libgcov would call it.
xen_ldflags_more_x86_64-coverage := --defsym=__gcov_merge_add=0
# Two-pass link: the second has the symbol table that backtraces use.
# $(call xen_link,ENV)
define xen_link
xen_ldflags_$(1) := -nostdlib -static -T $$(BUILD)/$(1)/xenolith.lds -z max-page-size=4096 \
	-z noexecstack --no-warn-rwx-segments --build-id=none $$(xen_ldflags_more_$(1))
$$(BUILD)/$(1)/xenolith.lds: xen/arch/x86/xenolith.lds.S
	$$(Q)mkdir -p $$(@D) && $$(CC) -E -P -D__ASSEMBLY__ -Ixen/include -Ixen/arch/x86/include -x c $$< -o $$@
$$(BUILD)/$(1)/xenolith: $$(xen_objs_$(1)) $$(BUILD)/$(1)/xenolith.lds \
		scripts/symbols.py scripts/elf32.py
	$$(SAY) LD $$@
	$$(Q)$$(PYTHON) scripts/symbols.py --empty > $$(@D)/symbols0.S
	$$(Q)$$(CC) -c -o $$(@D)/symbols0.o $$(@D)/symbols0.S
	$$(Q)ld $$(xen_ldflags_$(1)) -o $$@.pass1 $$(xen_objs_$(1)) $$(@D)/symbols0.o
	$$(Q)nm -n $$@.pass1 | $$(PYTHON) scripts/symbols.py > $$(@D)/symbols1.S
	$$(Q)$$(CC) -c -o $$(@D)/symbols1.o $$(@D)/symbols1.S
	$$(Q)ld $$(xen_ldflags_$(1)) -o $$@.pass2 $$(xen_objs_$(1)) $$(@D)/symbols1.o
	$$(Q)nm -n $$@.pass2 | $$(PYTHON) scripts/symbols.py > $$(@D)/symbols2.S
	$$(Q)$$(CC) -c -o $$(@D)/symbols2.o $$(@D)/symbols2.S
	$$(Q)ld $$(xen_ldflags_$(1)) -o $$@.elf64 $$(xen_objs_$(1)) $$(@D)/symbols2.o
	$$(Q)rm -f $$@.pass1 $$@.pass2 && $$(PYTHON) scripts/elf32.py $$@.elf64 $$@
# The same image for loaders that would prefer Multiboot 1 to PVH.
$$(BUILD)/$(1)/xenolith-pvh: $$(BUILD)/$(1)/xenolith
	$$(Q)$$(PYTHON) scripts/elf32.py --pvh $$<.elf64 $$@
.PHONY: $(1)
$(1): $$(BUILD)/$(1)/xenolith $$(BUILD)/$(1)/xenolith-pvh
endef
$(foreach e,x86_64 x86_64-debug x86_64-coverage,$(eval $(call xen_link,$(e))))

# The same for ARMv8. Its boot protocols take a flat image with a header.
# $(call xen_link_arm64,ENV)
define xen_link_arm64
xen_ldflags_$(1) := -nostdlib -static -T $$(BUILD)/$(1)/xenolith.lds -z max-page-size=4096 \
	-z noexecstack --no-warn-rwx-segments --build-id=none
$$(BUILD)/$(1)/xenolith.lds: xen/arch/arm/image.lds.S
	$$(Q)mkdir -p $$(@D) && $$(xen_cc_$(1)) -E -P -D__ASSEMBLY__ -Ixen/include -Ixen/arch/arm/include -x c $$< -o $$@
$$(BUILD)/$(1)/xenolith: $$(xen_objs_$(1)) $$(BUILD)/$(1)/xenolith.lds scripts/symbols.py
	$$(SAY) LD $$@
	$$(Q)$$(PYTHON) scripts/symbols.py --empty > $$(@D)/symbols0.S
	$$(Q)$$(xen_cc_$(1)) -c -o $$(@D)/symbols0.o $$(@D)/symbols0.S
	$$(Q)$$(CROSS_ARM64)ld $$(xen_ldflags_$(1)) -o $$@.pass1 $$(xen_objs_$(1)) $$(@D)/symbols0.o
	$$(Q)$$(CROSS_ARM64)nm -n $$@.pass1 | $$(PYTHON) scripts/symbols.py > $$(@D)/symbols1.S
	$$(Q)$$(xen_cc_$(1)) -c -o $$(@D)/symbols1.o $$(@D)/symbols1.S
	$$(Q)$$(CROSS_ARM64)ld $$(xen_ldflags_$(1)) -o $$@.pass2 $$(xen_objs_$(1)) $$(@D)/symbols1.o
	$$(Q)$$(CROSS_ARM64)nm -n $$@.pass2 | $$(PYTHON) scripts/symbols.py > $$(@D)/symbols2.S
	$$(Q)$$(xen_cc_$(1)) -c -o $$(@D)/symbols2.o $$(@D)/symbols2.S
	$$(Q)$$(CROSS_ARM64)ld $$(xen_ldflags_$(1)) -o $$@.elf $$(xen_objs_$(1)) $$(@D)/symbols2.o
	$$(Q)rm -f $$@.pass1 $$@.pass2 && $$(CROSS_ARM64)objcopy -O binary $$@.elf $$@
.PHONY: $(1)
$(1): $$(BUILD)/$(1)/xenolith
endef
$(foreach e,arm64 arm64-debug,$(eval $(call xen_link_arm64,$(e))))

# The environment whose image the tests in emulators boot.
ENV ?= x86_64
xen_image := $(BUILD)/$(ENV)/xenolith

.PHONY: $(addprefix host-,plain asan cov fuzz)
$(foreach e,plain asan cov fuzz,$(eval host-$(e): $(BUILD)/host-$(e)/libxenolith.a))
