# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests: each xen/test/unit/test-*.c becomes one program, linked against the hypervisor built
# for the host. `make unit` runs them all (make -jN in parallel); `make unit-NAME` runs test-NAME.
# Other .c files here are support code: X.c is linked to the tests that include "X.h"
# (or a header that does).

unit_dir := xen/test/unit
unit_names := $(patsubst $(unit_dir)/test-%.c,%,$(sort $(wildcard $(unit_dir)/test-*.c)))
# Words of the form FILE:X for each FILE.c or FILE.h that includes "X.h".
unit_includes := $(shell grep -H '^\#include "' $(wildcard $(unit_dir)/*.[ch]) /dev/null | \
	sed -n 's,.*/\([^/]*\)\.[ch]:.include "\([^/]*\)\.h".*,\1:\2,p')
unit_includes_of = $(patsubst $(1):%,%,$(filter $(1):%,$(unit_includes)))
# Objects of the support code that test-$(1) includes, and of what that includes.
unit_support_of = $(foreach s,$(sort $(foreach d,$(call unit_includes_of,test-$(1)),$(d) $(call \
	unit_includes_of,$(d)))),$(if $(wildcard $(unit_dir)/$(s).c),$(s).o))
unit_timeout ?= 120
unit_ldlibs := -lcmocka
# What single tests link beside that.
unit_ldlibs_decode := -lcapstone
# Functions that single tests put their own before.
comma := ,
unit_ldlibs_failures := $(addprefix -Wl$(comma)--wrap=,alloc_pages xzalloc_bytes \
	hypercall_preempt_check hal_p2m_flush)
unit_ldlibs_iommu-units := -Wl,--wrap=hal_now_ns
unit_ldlibs_smmu2 := -Wl,--wrap=hal_now_ns
unit_ldlibs_smmu3 := -Wl,--wrap=hal_now_ns
# Objects that single tests link, made by rules of their own.
unit_objs_compat := compat-samples-i386.o
unit_objs_posted := race-posted.o
unit_cflags := -O1 -Wno-missing-prototypes -Wno-unused-function -Wno-unknown-warning-option

# Tests and support code that are about x86's guests, and so link those instead of synthetic ones.
unit_x86 := $(patsubst $(unit_dir)/%.c,%,$(shell grep -l 'include <asm/soft-processor.h>' \
	$(wildcard $(unit_dir)/*.c)))
unit_archive_of = libxenolith$(if $(filter test-$(1),$(unit_x86)),-x86).a

# $(call unit_env,ENV)
define unit_env
$$(unit_x86:%=$$(BUILD)/$(1)/unit/%.o): xen_cflags_more := $(xen_includes_host_x86)
$$(BUILD)/$(1)/unit/%.o: $(unit_dir)/%.c $(unit_dir)/unit.mk xen/xen.mk | $$(xen_made)
	$$(SAY) CC '$(1) unit/$$*'
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(xen_cflags_$(1)) $$(unit_cflags) $$(xen_cflags_more) \
		-MMD -MP -c -o $$@ $$<
# Structures as a compiler for i386 lays them out.
$$(BUILD)/$(1)/unit/compat-samples-i386.o: $(unit_dir)/compat-samples.c $(unit_dir)/unit.mk | $$(xen_made)
	$$(SAY) CC '$(1) unit/compat-samples (i386)'
	$$(Q)mkdir -p $$(@D) && $$(CC) -m32 -ffreestanding -D__XEN_TOOLS__ -I$$(BUILD)/abi -MMD -MP -MT $$@ \
		-c -o $$(@:.o=.elf32) $$<
	$$(Q)objcopy -I elf32-i386 -O elf64-x86-64 --prefix-symbols=i386_ $$(@:.o=.elf32) $$@
# Objects of the hypervisor with a call at every access to memory (race.h).
$$(BUILD)/$(1)/unit/race-posted.o: xen/guest/x86/posted.c $(unit_dir)/unit.mk xen/xen.mk | $$(xen_made)
	$$(SAY) CC '$(1) unit/race-posted'
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(xen_cflags_host) -fsanitize=thread -MMD -MP -c -o $$@ $$<
# A test may define any function of the hypervisor itself: the first definition is taken, and the
# test's objects come first.
.SECONDEXPANSION:
$$(BUILD)/$(1)/unit/test-%: $$(BUILD)/$(1)/unit/test-%.o \
		$$$$(addprefix $$(BUILD)/$(1)/,$$$$(call unit_archive_of,$$$$*)) \
		$$$$(addprefix $$(BUILD)/$(1)/unit/,$$$$(call unit_support_of,$$$$*) $$$$(unit_objs_$$$$*))
	$$(SAY) LD '$(1) unit/test-$$*'
	$$(Q)$$(CC) $$(xen_cflags_$(1)) -o $$@ $$(filter %.o,$$^) -Wl,-z,muldefs \
		$$(filter %.a,$$^) $$(unit_ldlibs) $$(unit_ldlibs_$$*)
$$(BUILD)/$(1)/unit/%.result: $$(BUILD)/$(1)/unit/test-% FORCE
	$$(Q)sh $(unit_dir)/run-test.sh test-$$* $$< $$@ $$(unit_timeout)
-include $$(wildcard $$(BUILD)/$(1)/unit/*.d)
.SECONDARY: $$(unit_names:%=$$(BUILD)/$(1)/unit/test-%.o) $$(unit_names:%=$$(BUILD)/$(1)/unit/test-%) \
	$$(patsubst $(unit_dir)/%.c,$$(BUILD)/$(1)/unit/%.o,$(unit_support))
endef
$(foreach e,host-asan host-cov,$(eval $(call unit_env,$(e))))

# Adds up the result files; fails when a test did.
unit_tally = awk '/^UNIT / { p += $$3; f += $$4; s += $$5 } \
	END { printf "UNIT total %d %d %d\n", p, f, s; exit f > 0 || NR == 0 }'

.PHONY: unit coverage
unit: $(unit_names:%=$(BUILD)/host-asan/unit/%.result) ## run the unit tests with ASan and UBSan
	@cat $^ | $(unit_tally)

$(unit_names:%=unit-%): unit-%: $(BUILD)/host-asan/unit/%.result
	@cat $(<:.result=.log); cat $< | $(unit_tally)
.PHONY: $(unit_names:%=unit-%)

coverage: ## run the unit tests built for coverage; HTML in $(BUILD)/coverage
	$(Q)command -v lcov >/dev/null || { echo 'error: lcov is not installed' >&2; exit 1; }
	$(Q)find $(BUILD)/host-cov -name '*.gcda' -delete 2>/dev/null || true
	$(Q)$(MAKE) --no-print-directory unit-cov || echo 'coverage: some tests failed'
	$(Q)mkdir -p $(BUILD)/coverage
	$(Q)sh $(unit_dir)/coverage.sh $(BUILD)/host-cov $(BUILD)/coverage

# An hour of virtual time is about a minute of a CPU for each policy.
HOURS ?= 1
.PHONY: churn
churn: $(BUILD)/host-asan/unit/test-sched-churn ## churn of the schedulers (HOURS=1; CHURN_FIRST=SEED, CHURN_POLICY=NAME)
	$(Q)CHURN_TELL=1 CHURN_SECONDS=$$(($(HOURS) * 3600)) CHURN_SEEDS=$${CHURN_SEEDS:-1} $<

.PHONY: unit-cov
unit-cov: $(unit_names:%=$(BUILD)/host-cov/unit/%.result)
	@cat $^ | $(unit_tally)
