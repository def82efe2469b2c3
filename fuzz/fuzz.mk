# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzing with libFuzzer. A target is a folder fuzz/NAME with target.c, perhaps more sources, and, if
# it likes, dict (a dictionary), options.mk, seeds/ (inputs to start from) and regressions/ (inputs
# that once failed).
#   make fuzz-NAME FUZZ_SECONDS=600   look for new failures, keeping the corpus in $(BUILD)/fuzz
#   make fuzz TIME=3600 JOBS=2        a campaign over all targets, with a report (campaign/)
#   make fuzz-smoke                   replay all regressions and seeds, then try each for a moment
#   make fuzz-coverage                what the seeds and regressions reach (coverage/)
#   make fuzz-afl TARGET=emul         AFL++ searches with the same entry points (afl.mk)
#   make fuzz-control                 plant faults (NAME/control), which the targets must find
# options.mk may set fuzz_support_NAME (support files of xen/test/unit to link), fuzz_lib_NAME (those
# of fuzz/lib), fuzz_tools_NAME (objects and archives below $(BUILD)/tools-fuzz to link),
# fuzz_made_NAME (headers to make first), fuzz_cflags_NAME and fuzz_flags_NAME (libFuzzer options),
# fuzz_planted_NAME (for planted faults), fuzz_smoke_NAME (inputs of the short search) and fuzz_ldlibs_NAME. fuzz_guests_NAME := -x86 links x86's
# guests instead of synthetic ones.

FUZZ_SECONDS ?= 60
# What calls the targets' entry points; fuzz/afl.mk has another.
fuzz_engine := -fsanitize=fuzzer
# The short search is bounded by its inputs, so that it is the same on each machine: fuzz_smoke_NAME of
# options.mk, some five seconds. The time is for a host that is very busy.
FUZZ_SMOKE_SECONDS ?= 60
FUZZ_SMOKE_RUNS ?=
FUZZ_CONTROL_SECONDS ?= 300
fuzz_names := $(patsubst fuzz/%/target.c,%,$(sort $(wildcard fuzz/*/target.c)))
# No names of new functions: a program of its own would look them up.
fuzz_flags := -timeout=10 -rss_limit_mb=1024 -print_final_stats=0 -print_funcs=0 -verbosity=0
-include $(wildcard fuzz/*/options.mk)

# $(call fuzz_target,NAME)
define fuzz_target
fuzz_includes_$(1) := $(if $(fuzz_guests_$(1)),$(xen_includes_host_x86))
fuzz_own_$(1) := $(patsubst fuzz/%.c,$(BUILD)/fuzz/%.o,$(sort $(wildcard fuzz/$(1)/*.c)))
fuzz_objs_$(1) := $$(fuzz_own_$(1)) $(fuzz_support_$(1):%=$(BUILD)/fuzz/support/%.o) \
	$(fuzz_lib_$(1):%=$(BUILD)/fuzz/lib/%.o) \
	$(fuzz_tools_$(1):%=$(BUILD)/tools-fuzz/%)
fuzz_run_$(1) := $(BUILD)/fuzz/$(1)/target $(fuzz_flags) $(fuzz_flags_$(1)) \
	$(addprefix -dict=,$(wildcard fuzz/$(1)/dict))
$$(fuzz_own_$(1)): $(BUILD)/fuzz/$(1)/%.o: fuzz/$(1)/%.c | $(xen_made) $(fuzz_made_$(1))
	$$(SAY) CC 'fuzz $(1)/$$*'
	$$(Q)mkdir -p $$(@D) && clang $$(xen_cflags_host-fuzz) -Wno-missing-prototypes \
		-Ixen/test/unit $$(fuzz_includes_$(1)) $(fuzz_cflags_$(1)) -MMD -MP -c -o $$@ $$<
# As in unit tests, what a target and its support define wins over the hypervisor's own.
$(BUILD)/fuzz/$(1)/target: $$(fuzz_objs_$(1)) $(BUILD)/host-fuzz/libxenolith$(fuzz_guests_$(1)).a
	$$(SAY) LD 'fuzz $(1)'
	$$(Q)clang $$(xen_cflags_host-fuzz) -Wl,-z,muldefs -o $$@ $$^ $(fuzz_engine) \
		$(fuzz_ldlibs_$(1))
-include $$(fuzz_own_$(1):.o=.d)

.PHONY: fuzz-$(1) fuzz-smoke-$(1) fuzz-control-$(1) fuzz-command-$(1)
fuzz-command-$(1): # how it is run, for the campaign
	@echo '$$(fuzz_run_$(1))'
fuzz-control-$(1): $(BUILD)/fuzz/$(1)/target
	$$(Q)CFLAGS='$$(xen_cflags_host-fuzz) $$(fuzz_includes_$(1)) $(fuzz_planted_$(1))' sh fuzz/control.sh $(BUILD) $(1) \
		$(FUZZ_CONTROL_SECONDS) -- $$(fuzz_objs_$(1)) \
		$(BUILD)/host-fuzz/libxenolith$(fuzz_guests_$(1)).a $(fuzz_ldlibs_$(1))
fuzz-$(1): $(BUILD)/fuzz/$(1)/target
	$$(Q)mkdir -p $(BUILD)/fuzz/$(1)/corpus
	$$(fuzz_run_$(1)) -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(BUILD)/fuzz/$(1)/ \
		$(BUILD)/fuzz/$(1)/corpus $(wildcard fuzz/$(1)/seeds)
fuzz-smoke-$(1): $(BUILD)/fuzz/$(1)/target
	$$(SAY) FUZZ $(1)
	$$(Q)$$(fuzz_run_$(1)) $$(wildcard fuzz/$(1)/regressions/* fuzz/$(1)/seeds/*) \
		> $(BUILD)/fuzz/$(1)/smoke.log 2>&1 && rm -rf $(BUILD)/fuzz/$(1)/scratch && \
		mkdir -p $(BUILD)/fuzz/$(1)/scratch && \
		$$(fuzz_run_$(1)) -max_total_time=$(FUZZ_SMOKE_SECONDS) -seed=1 \
		-runs=$(or $(FUZZ_SMOKE_RUNS),$(fuzz_smoke_$(1)),20000) \
		-artifact_prefix=$(BUILD)/fuzz/$(1)/ $(BUILD)/fuzz/$(1)/scratch \
		$(wildcard fuzz/$(1)/seeds) >> $(BUILD)/fuzz/$(1)/smoke.log 2>&1 || \
		{ tail -n 60 $(BUILD)/fuzz/$(1)/smoke.log; echo "FUZZ $(1) failed"; exit 1; }
	@echo "FUZZ $(1) passed"
endef
$(foreach n,$(fuzz_names),$(eval $(call fuzz_target,$(n))))

$(BUILD)/fuzz/support/%.o: xen/test/unit/%.c | $(xen_made)
	$(SAY) CC 'fuzz support/$*'
	$(Q)mkdir -p $(@D) && clang $(xen_cflags_host-fuzz) \
		$(if $(filter $*,$(unit_x86)),$(xen_includes_host_x86)) -MMD -MP -c -o $@ $<
-include $(wildcard $(BUILD)/fuzz/support/*.d)
# Oracles and libraries are not what is tested: they run at full speed, and guide no fuzzer.
# Those that the code under test writes into keep the red zones of their variables.
$(BUILD)/fuzz/support/state-%.o $(patsubst %,$(BUILD)/fuzz/support/%.o,x86-world x86-native emul-oracle): \
	xen_cflags_host-fuzz = $(xen_cflags_host) -O3
$(BUILD)/fuzz/lib/%.o: fuzz/lib/%.c
	$(SAY) CC 'fuzz lib/$*'
	$(Q)mkdir -p $(@D) && clang -std=gnu11 -O2 -g -fno-builtin -Wall -Wextra -Werror -MMD -MP -c -o $@ $<
# It knows the hypervisor's headers.
$(BUILD)/fuzz/lib/machine.o: fuzz/lib/machine.c | $(xen_made)
	$(SAY) CC 'fuzz lib/machine'
	$(Q)mkdir -p $(@D) && clang $(xen_cflags_host) -MMD -MP -c -o $@ $<
-include $(wildcard $(BUILD)/fuzz/lib/*.d)

.PHONY: fuzz fuzz-smoke fuzz-control fuzz-races
fuzz-races: ## plant races that must be found, and come again from their seed under gdb and rr
	$(Q)$(PYTHON) fuzz/races.py $(BUILD)
fuzz-control: $(patsubst fuzz/%/control/,fuzz-control-%,$(sort $(dir $(wildcard fuzz/*/control/*)))) ## plant faults that fuzz targets must find
fuzz: ## a campaign over all targets (TIME=3600 JOBS=1, TARGETS=...), which continues the last one
	$(Q)$(PYTHON) fuzz/campaign/campaign.py --build $(BUILD) --time $(or $(TIME),3600) \
		--jobs $(or $(JOBS),1) $(TARGETS)
fuzz-smoke: $(fuzz_names:%=fuzz-smoke-%) ## replay fuzzing regressions, try each target briefly
.PHONY: test-fuzz-campaign
test-fuzz-campaign: # the campaign's own tests
	$(Q)cd fuzz/campaign && PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m unittest -q test_report

include fuzz/coverage/coverage.mk
include fuzz/afl.mk
