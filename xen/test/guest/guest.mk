# SPDX-License-Identifier: GPL-2.0-or-later
# Microguests: one kernel a directory beside lib/, each linked with lib's objects.
#   make test-guest TESTS="evtchn-basics apic-nesting" GUEST_OPTIONS=--icount
#   make test-guest TESTS="evtchn-basics@pae32 evtchn-basics@flat32"
#
# The same sources make kernels of 64 bits and, in three paging modes, of 32 bits: without paging
# (flat32), with tables of two levels (pg32) and with PAE (pae32). What depends on the width is in
# lib/x86_64 and lib/i386; there, the mode is the paging-*.c that is linked.

guest_dir := xen/test/guest
guest_out := $(BUILD)/guest
guest_modes32 := flat32 pg32 pae32
guest_names := $(filter-out lib arm-%,$(notdir $(patsubst %/main.c,%,$(wildcard $(guest_dir)/*/main.c))))
# Tests whose RUN() says long= are for 64-bit mode only.
guest_names32 := $(filter-out $(shell grep -l 'RUN.*long=' $(guest_dir)/*/main.c | \
	sed 's,.*/\([^/]*\)/main.c,\1,'),$(guest_names))
guest_elfs := $(foreach n,$(guest_names),$(guest_out)/$(n).elf) \
	$(foreach m,$(guest_modes32),$(foreach n,$(guest_names32),$(guest_out)-$(m)/$(n).elf))
guest_cflags_common := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-pointer-arith -ffreestanding -fno-pic -fno-pie -mgeneral-regs-only \
	-fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -fno-strict-aliasing -fwrapv -fno-common \
	-fdebug-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(CURDIR)/= -D__XEN_TOOLS__ \
	-I$(guest_dir)/lib -I$(BUILD)/abi
guest_cflags_x86 := $(guest_cflags_common) -fcf-protection=none -I$(guest_dir)/lib/x86
guest_cflags := $(guest_cflags_x86) -mno-red-zone
# Addresses are kept in u64 throughout, which is not their width here.
guest_cflags_i386 := $(guest_cflags_x86) -m32 -march=i686 -Wno-pointer-to-int-cast \
	-Wno-int-to-pointer-cast
guest_ld := ld -nostdlib -static -z noexecstack --no-warn-rwx-segments --build-id=none

# $(call guest_width,DIRECTORY,FLAGS[,COMPILER])
define guest_width
$(1)/lib/%.o: $(guest_dir)/lib/%.S $(guest_dir)/guest.mk
	$$(SAY) AS '$$(notdir $(1)) $$*'
	$$(Q)mkdir -p $$(@D) && $(or $(3),$$(CC)) $(2) -MMD -MP -c -o $$@ $$<
$(1)/%.o: $(guest_dir)/%.c $(guest_dir)/guest.mk | $(BUILD)/abi/public
	$$(SAY) CC '$$(notdir $(1)) $$*'
	$$(Q)mkdir -p $$(@D) && $(or $(3),$$(CC)) $(2) -DTEST_NAME='"$$(notdir $$(*D))"' -MMD -MP -c -o $$@ $$<
.SECONDARY: $(guest_names:%=$(1)/%/main.o)
-include $(guest_names:%=$(1)/%/main.d)
endef
# Objects of the library in directory $(1), with the sources of the folders $(2).
guest_lib_of = $(patsubst $(guest_dir)/%,$(1)/%.o,$(basename $(wildcard $(guest_dir)/lib/*.c \
	$(foreach d,$(2),$(guest_dir)/lib/$(d)/*.c $(guest_dir)/lib/$(d)/*.S))))

$(eval $(call guest_width,$(guest_out),$(guest_cflags)))
guest_lib := $(call guest_lib_of,$(guest_out),x86 x86_64)
$(guest_out)/%.elf: $(guest_out)/%/main.o $(guest_lib) $(guest_dir)/lib/guest.lds
	$(Q)$(guest_ld) -T $(guest_dir)/lib/guest.lds -o $@ $(filter %.o,$^)

$(eval $(call guest_width,$(guest_out)-i386,$(guest_cflags_i386)))
guest_lib_i386 := $(call guest_lib_of,$(guest_out)-i386,x86 i386)
# $(call guest_mode32,MODE)
define guest_mode32
guest_lib_$(1) := $$(filter-out $$(guest_modes32:%32=$$(guest_out)-i386/lib/i386/paging-%.o),$$(guest_lib_i386)) \
	$$(guest_out)-i386/lib/i386/paging-$(1:32=).o
$$(guest_out)-$(1)/%.elf: $$(guest_out)-i386/%/main.o $$(guest_lib_$(1)) $$(guest_dir)/lib/guest.lds
	$$(Q)mkdir -p $$(@D) && $$(guest_ld) -m elf_i386 -T $$(guest_dir)/lib/guest.lds -o $$@ $$(filter %.o,$$^)
endef
$(foreach m,$(guest_modes32),$(eval $(call guest_mode32,$(m))))

# ARM64: these tests of all, and those that are its own.
guest_arm64_shared := blocked-timers console-io coverage-counters evtchn-basics evtchn-fifo \
	evtchn-fifo-hostile grant-copy grant-setup hostile-console hostile-hypercalls hostile-loop \
	hostile-memory hypercall-basics hypercall-flood memory-balloon multicall pair-event pair-grant \
	runstate sched-poll shutdown-crash shutdown-poweroff shutdown-reboot shutdown-suspend timer-op \
	timer-periodic timer-singleshot vcpu-info wallclock
guest_names_arm64 := $(guest_arm64_shared) $(notdir $(patsubst %/main.c,%,$(wildcard $(guest_dir)/arm-*/main.c)))
# What depends on the version of the interrupt controller is run with version 2 as well.
guest_arm64_gicv2 := arm-events arm-gicv2-registers arm-sgi arm-passthrough arm-spi arm-spi-many arm-timer-virt arm-toolstack \
	arm-toolstack-devices
guest_cflags_arm64 := $(guest_cflags_common) -mno-outline-atomics -mstrict-align -I$(guest_dir)/lib/arm64
$(eval $(call guest_width,$(guest_out)-arm64,$(guest_cflags_arm64),$(CROSS_ARM64)gcc))
guest_lib_arm64 := $(call guest_lib_of,$(guest_out)-arm64,arm64)
$(guest_out)-arm64/%.elf: $(guest_out)-arm64/%/main.o $(guest_lib_arm64) $(guest_dir)/lib/arm64/guest.lds
	$(Q)$(CROSS_ARM64)$(guest_ld) -T $(guest_dir)/lib/arm64/guest.lds -o $@ $(filter %.o,$^)
# What they expect depends on x86: cache-flush, memory-basics, memory-physmap. core-sched needs to
# know which CPUs are threads of a core, which is only read from MPIDR_EL1, and not from cpu-map.
.PHONY: guests-arm64 test-guest-arm64
guests-arm64: $(guest_names_arm64:%=$(guest_out)-arm64/%.elf) ## build the microguests for ARM64
test-guest-arm64: guests-arm64 arm64-debug ## run the microguests for ARM64 in QEMU (TESTS= for some)
	-$(Q)scripts/setup.sh --no-install --group emulator-arm
	$(Q)$(PYTHON) $(guest_dir)/run.py --build $(BUILD) --env arm64-debug $(GUEST_OPTIONS) $(TESTS)
	$(Q)$(PYTHON) $(guest_dir)/run.py --build $(BUILD) --env arm64-debug --gic 2 $(GUEST_OPTIONS) \
		$(or $(TESTS),$(guest_arm64_gicv2))

.SECONDARY: $(guest_lib) $(guest_lib_i386) $(guest_lib_arm64)
-include $(guest_lib:.o=.d) $(guest_lib_i386:.o=.d) $(guest_lib_arm64:.o=.d)

.PHONY: guests test-guest stress-ioreq test-bochs
guests: $(guest_elfs) ## build the microguests
test-guest: $(guest_elfs) $(xen_image) ## run the microguests in QEMU (TESTS= for some)
	$(Q)$(PYTHON) $(guest_dir)/run.py --build $(BUILD) --env $(ENV) $(GUEST_OPTIONS) $(TESTS)
stress-ioreq: $(guest_out)/ioreq-stress.elf x86_64-debug ## device models come and go for MINUTES=10, at random from SEED=1
	$(Q)$(PYTHON) $(guest_dir)/run.py --build $(BUILD) --env x86_64-debug --minutes $(or $(MINUTES),10) \
		--seed $(or $(SEED),1) --args steps=512 ioreq-stress
test-bochs: $(guest_elfs) $(xen_image) ## run the microguests on VMX, in Bochs, which it fetches
	-$(Q)scripts/setup.sh --no-install --group bochs
	$(Q)$(PYTHON) $(guest_dir)/run.py --build $(BUILD) --env $(ENV) --bochs $(GUEST_OPTIONS) $(TESTS)
