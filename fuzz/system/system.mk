# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzing of the image itself: one microguest, and what runs it (docs/fuzzing-system.md).
#   make fuzz-system SEED=7 EPISODES=200         look for crashes and leaks, in the image of ENV
#   make fuzz-system SECONDS=1800                the same, seed after seed, for half an hour
#   make fuzz-differential CALLS=100000 SEED=7   the same steps on Debian's Xen 4.17, compared

fuzzsys_dir := fuzz/system/guest
fuzzsys_out := $(BUILD)/fuzz-system
fuzzsys_objs := $(patsubst $(fuzzsys_dir)/%.c,$(fuzzsys_out)/guest/%.o,$(wildcard $(fuzzsys_dir)/*.c))

$(fuzzsys_out)/guest/%.o: $(fuzzsys_dir)/%.c fuzz/system/system.mk $(guest_dir)/guest.mk | $(BUILD)/abi/public
	$(SAY) CC 'fuzz system $*'
	$(Q)mkdir -p $(@D) && $(CC) $(guest_cflags) -I$(fuzzsys_dir) -DTEST_NAME='"fuzz"' -MMD -MP -c -o $@ $<
$(fuzzsys_out)/fuzz.elf: $(fuzzsys_objs) $(guest_lib) $(guest_dir)/lib/guest.lds
	$(SAY) LD $@
	$(Q)$(guest_ld) -T $(guest_dir)/lib/guest.lds -o $@ $(filter %.o,$^)
-include $(fuzzsys_objs:.o=.d)

SEED ?= 1
EPISODES ?= 20
CALLS ?= 2000
SECONDS ?= 0
fuzzsys_run = $(Q)$(PYTHON) fuzz/system/run.py
.PHONY: fuzz-system fuzz-differential fuzz-control fuzz-system-coverage test-fuzz-system
fuzz-system: $(fuzzsys_out)/fuzz.elf $(xen_image) ## random exits on the image in QEMU (SEED=, EPISODES=, SECONDS=)
	$(fuzzsys_run) search --build $(BUILD) --env $(ENV) --seed $(SEED) --episodes $(EPISODES) \
		--seconds $(SECONDS)
fuzz-differential: $(fuzzsys_out)/fuzz.elf $(xen_image) ## the same exits on Debian's Xen, compared (CALLS=, SEED=)
	$(fuzzsys_run) differential --build $(BUILD) --env $(ENV) --seed $(SEED) --calls $(CALLS)
fuzz-control: $(fuzzsys_out)/fuzz.elf x86_64-debug ## bugs planted in a copy are found by this fuzzer
	$(Q)$(PYTHON) fuzz/system/control.py --build $(BUILD)
fuzz-system-coverage: $(fuzzsys_out)/fuzz.elf x86_64-coverage ## what those exits reach, beside the unit tests
	$(fuzzsys_run) coverage --build $(BUILD) --seed $(SEED) --episodes $(EPISODES)
test-fuzz-system: $(fuzzsys_out)/fuzz.elf $(xen_image) ## tests of this fuzzer, and a short run of it
	$(Q)$(PYTHON) fuzz/system/test_system.py
	$(Q)$(PYTHON) fuzz/system/test_runs.py $(BUILD) $(ENV)
