# SPDX-License-Identifier: GPL-2.0-or-later
# The simulator: the hypervisor's scheduler (core and policies, the same sources with a larger
# NR_CPUS), a simulated machine under it, and what drives and watches it.
#   schedsim        fast
#   schedsim-check  for up to 64 CPUs, with every assertion of the hypervisor: the property tests

schedsim_xen := $(wildcard xen/sched/*.c xen/sched/policy/*.c) xen/core/param.c xen/core/ops.c \
	xen/lib/bitmap.c xen/lib/format.c xen/lib/rbtree.c
schedsim_srcs := $(sort $(shell find tools/schedsim -name '*.c'))
schedsim_cflags := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes \
	-Wvla -Wno-unused-parameter -Wno-sign-compare -fno-strict-aliasing -fno-common -fwrapv \
	-fdebug-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(CURDIR)/= -ffunction-sections \
	-fdata-sections -fno-builtin-printf \
	-D_GNU_SOURCE -D__XEN_TOOLS__ -Ixen/include -Ixen/arch/host/include \
	-Itools/schedsim -I/usr/include/trace-cmd -I/usr/include/traceevent \
	-I/usr/include/tracefs -I$(BUILD)/abi -I$(BUILD)/gen
# One CPU more than a machine has is the observer; masks are whole words.
schedsim_cflags_schedsim := $(schedsim_cflags) -DNDEBUG -DNR_CPUS=4160
schedsim_cflags_schedsim-check := $(schedsim_cflags) -DNR_CPUS=128 -DMACHINE_MAX_CPUS=64U

# $(call schedsim_env,ENV)
define schedsim_env
schedsim_objs_$(1) := $$(patsubst %.c,$$(BUILD)/$(1)/%.o,$$(schedsim_xen) $$(schedsim_srcs))
$$(BUILD)/$(1)/%.o: %.c tools/schedsim/schedsim.mk | $$(xen_made)
	$$(SAY) CC '$(1) $$*'
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(schedsim_cflags_$(1)) -MMD -MP -c -o $$@ $$<
$$(BUILD)/$(1)/$(1): $$(schedsim_objs_$(1))
	$$(SAY) LD $$@
	$$(Q)$$(CC) -Wl,--gc-sections -o $$@ $$^ -ljson-c -lz -ltracecmd -ltraceevent -lm
$$(BUILD)/$(1)/tools/schedsim/page.o: tools/schedsim/page.html
-include $$(patsubst %.o,%.d,$$(schedsim_objs_$(1)))
endef
$(foreach e,schedsim schedsim-check,$(eval $(call schedsim_env,$(e))))

schedsim_property = $(BUILD)/schedsim-check/schedsim-check property --jobs 2 \
	--regressions tools/schedsim/property/regressions.txt

.PHONY: schedsim test-schedsim test-schedsim-agree campaign-schedsim bench-schedsim
schedsim: $(BUILD)/schedsim/schedsim ## build the scheduler simulator: build/schedsim/schedsim
test-schedsim: $(BUILD)/schedsim/schedsim $(BUILD)/schedsim-check/schedsim-check ## the simulator's tests
	$(Q)$(PYTHON) tools/schedsim/test/run.py $(BUILD)
	$(Q)$(schedsim_property) --seeds 700
campaign-schedsim: $(BUILD)/schedsim-check/schedsim-check ## random scenarios for HOURS=1 hours, from seed FROM=1000
	$(Q)$(schedsim_property) --from $(or $(FROM),1000) --time $$(( $(or $(HOURS),1) * 3600 ))
test-schedsim-agree: $(BUILD)/schedsim/schedsim x86_64 bench-guests ## the hypervisor in QEMU decides as the simulator does (AGREE=--short)
	$(Q)$(PYTHON) tools/schedsim/agree.py $(BUILD) $(AGREE)
bench-schedsim: $(BUILD)/schedsim/schedsim ## what an event costs, by the number of CPUs
	$(Q)$(PYTHON) tools/schedsim/bench.py $< --check
