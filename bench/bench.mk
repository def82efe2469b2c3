# SPDX-License-Identifier: GPL-2.0-or-later
# Measurements: one measuring microguest, and what runs it (docs/benchmarks.md).

bench_dir := bench/guest
bench_out := $(BUILD)/bench
bench_flags := -I$(bench_dir) -DTEST_NAME='"bench"'
bench_cflags := $(guest_cflags) $(bench_flags) -I$(bench_dir)/x86
# The simulator's task sets: the guest runs the same ones.
bench_cflags += -Itools/schedsim
# The page of the modelled cache.
bench_cflags += -Ixen/arch/x86/psr
bench_objs := $(patsubst $(bench_dir)/%.c,$(bench_out)/guest/%.o,$(wildcard $(bench_dir)/*.c $(bench_dir)/x86/*.c)) \
	$(bench_out)/guest/taskset.o

$(bench_out)/guest/%.o: $(bench_dir)/%.c bench/bench.mk $(guest_dir)/guest.mk | $(BUILD)/abi/public
	$(SAY) CC 'bench $*'
	$(Q)mkdir -p $(@D) && $(CC) $(bench_cflags) -MMD -MP -c -o $@ $<
$(bench_out)/guest/taskset.o: tools/schedsim/study/taskset.c bench/bench.mk
	$(SAY) CC 'bench taskset'
	$(Q)mkdir -p $(@D) && $(CC) $(bench_cflags) -MMD -MP -c -o $@ $<
$(bench_out)/bench.elf: $(bench_objs) $(guest_lib) $(guest_dir)/lib/guest.lds
	$(SAY) LD $@
	$(Q)ld -nostdlib -static -z noexecstack --no-warn-rwx-segments --build-id=none \
		-T $(guest_dir)/lib/guest.lds -o $@ $(filter %.o,$^)
-include $(bench_objs:.o=.d)

# For ARMv8: an ELF file for Xenolith, and for the peer, which has no loader for these, an Image.
bench_arm64 := $(bench_out)/arm64
bench_arm64_cflags := $(guest_cflags_arm64) $(bench_flags) -I$(bench_dir)/arm64
bench_arm64_objs := $(addprefix $(bench_arm64)/,args.o bench.o events.o) \
	$(patsubst $(bench_dir)/%.c,$(bench_out)/%.o,$(wildcard $(bench_dir)/arm64/*.c))
bench_arm64_ld = $(CROSS_ARM64)$(guest_ld) -T $(guest_dir)/lib/arm64/guest.lds $(1) -o $@ $(filter %.o,$^)
$(bench_arm64)/%.o: $(bench_dir)/arm64/%.c bench/bench.mk $(guest_dir)/guest.mk | $(BUILD)/abi/public
	$(SAY) CC 'bench arm64 $*'
	$(Q)mkdir -p $(@D) && $(CROSS_ARM64)gcc $(bench_arm64_cflags) -MMD -MP -c -o $@ $<
$(bench_arm64)/%.o: $(bench_dir)/%.c bench/bench.mk $(guest_dir)/guest.mk | $(BUILD)/abi/public
	$(SAY) CC 'bench arm64 $*'
	$(Q)mkdir -p $(@D) && $(CROSS_ARM64)gcc $(bench_arm64_cflags) -MMD -MP -c -o $@ $<
$(bench_arm64)/bench.elf: $(bench_arm64_objs) $(guest_lib_arm64) $(guest_dir)/lib/arm64/guest.lds
	$(SAY) LD $@
	$(Q)$(call bench_arm64_ld)
$(bench_arm64)/bench.image: $(bench_arm64_objs) $(guest_lib_arm64) $(guest_dir)/lib/arm64/guest.lds
	$(SAY) LD $@
	$(Q)$(call bench_arm64_ld,-pie --no-dynamic-linker)
	$(Q)$(CROSS_ARM64)objcopy -O binary $@ $@
-include $(bench_arm64_objs:.o=.d)

# The same without a hypervisor: other groups, and a stand-in for hypercalls.
bench_bare_objs := $(patsubst bench/bare/%.c,$(bench_out)/bare/%.o,$(wildcard bench/bare/*.c)) \
	$(addprefix $(bench_out)/guest/,args.o bench.o clocks.o) \
	$(filter-out %/hypercall.o,$(guest_lib)) $(BUILD)/x86_64/arch/x86/svm/entry.o
$(bench_out)/bare/%.o: bench/bare/%.c bench/bench.mk $(guest_dir)/guest.mk | $(BUILD)/abi/public
	$(SAY) CC 'bench $*'
	$(Q)mkdir -p $(@D) && $(CC) $(bench_cflags) -MMD -MP -c -o $@ $<
$(bench_out)/bare.elf: $(bench_bare_objs) $(guest_dir)/lib/guest.lds
	$(SAY) LD $@
	$(Q)ld -nostdlib -static -z noexecstack --no-warn-rwx-segments --build-id=none \
		-T $(guest_dir)/lib/guest.lds -o $@ $(filter %.o,$^)
-include $(patsubst %.o,%.d,$(filter $(bench_out)/bare/%,$(bench_bare_objs)))

# A guest without paging: 32-bit code in the 64-bit file that domain builders want.
$(bench_out)/flat.elf: bench/flat/flat.c bench/flat/flat.lds
	$(SAY) LD $@
	$(Q)mkdir -p $(@D) && $(CC) $(boot_cflags) -nostdlib -static \
		-Wl,--build-id=none,-z,noexecstack,--no-warn-rwx-segments,-T,bench/flat/flat.lds -o $@.32 $<
	$(Q)objcopy -I elf32-i386 -O elf64-x86-64 $@.32 $@ && rm $@.32

$(bench_out)/hwevents: bench/hwevents/hwevents.c
	$(SAY) LD $@
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -o $@ $< -lpfm

.PHONY: bench-guests bench-guests-arm64 bench bench-breakdown bench-scrub bench-hw bench-smoke
bench-guests: $(addprefix $(bench_out)/,bench.elf bare.elf flat.elf) ## build the measuring microguest
bench-guests-arm64: $(bench_arm64)/bench.elf $(bench_arm64)/bench.image ## the same for ARMv8
bench: bench-guests x86_64 ## what exits and services cost, beside Debian's Xen
	$(Q)$(PYTHON) bench/run.py --build $(BUILD) --peer
bench-breakdown: bench-guests x86_64 ## where an exit's instructions go, function by function
	$(Q)$(PYTHON) bench/run.py --build $(BUILD) --set bare
	$(Q)$(PYTHON) bench/breakdown.py --build $(BUILD)
bench-scrub: bench-guests x86_64 ## scrubbing at boot: cost and balance for 1 to 64 CPUs
	$(Q)$(PYTHON) bench/scrub.py --build $(BUILD) --peer
bench-hw: $(bench_out)/hwevents ## the counter of hardware events (needs libpfm4-dev)
.PHONY: bench-fuzz
bench-fuzz: $(patsubst %,$(BUILD)/fuzz/%/target,$(or $(TARGETS),$(fuzz_names))) ## inputs a second of each fuzz target (TIME=20, TARGETS=...)
	$(Q)$(PYTHON) bench/fuzz/run.py --build $(BUILD) --seconds $(or $(TIME),20) $(TARGETS)
bench-smoke: bench-guests bench-hw x86_64 ## a short run that must repeat exactly
	$(Q)$(PYTHON) bench/test_bench.py $(BUILD)

include bench/toolstack/toolstack.mk
