# SPDX-License-Identifier: GPL-2.0-or-later
# Which lines that guests reach do the committed inputs of the fuzz targets reach?
#   make fuzz-coverage            replay all seeds and regressions; one report by file and function
# The hypervisor's objects are those of host-cov, the toolstack's those of tools-cov. The targets
# and their oracles are not counted.

fuzz_cov := $(BUILD)/fuzz/coverage

# $(call fuzz_replay,NAME)
define fuzz_replay
fuzz_replay_src_$(1) := fuzz/coverage/replay.c $(sort $(wildcard fuzz/$(1)/*.c)) \
	$(fuzz_support_$(1):%=xen/test/unit/%.c) $(patsubst %,fuzz/lib/%.c,$(filter machine,$(fuzz_lib_$(1))))
fuzz_replay_tools_$(1) := $(fuzz_tools_$(1):%=$(BUILD)/tools-cov/%)
$(fuzz_cov)/replay-$(1): $$(fuzz_replay_src_$(1)) $$(fuzz_replay_tools_$(1)) \
		$(BUILD)/host-cov/libxenolith$(fuzz_guests_$(1)).a | $(xen_made) $(fuzz_made_$(1))
	$$(SAY) CC 'fuzz coverage $(1)'
	$$(Q)mkdir -p $(fuzz_cov) && $$(CC) $$(filter-out --coverage,$$(xen_cflags_host-cov)) -Wno-missing-prototypes \
		-Ixen/test/unit $$(fuzz_includes_$(1)) $(filter-out -fno-sanitize=%,$(fuzz_cflags_$(1))) \
		-o $$@ $$(fuzz_replay_src_$(1)) \
		-Wl,-z,muldefs $$(fuzz_replay_tools_$(1)) \
		$(BUILD)/host-cov/libxenolith$(fuzz_guests_$(1)).a $(fuzz_ldlibs_$(1)) -lgcov
endef
$(foreach n,$(fuzz_names),$(eval $(call fuzz_replay,$(n))))

.PHONY: fuzz-coverage fuzz-coverage-floors test-fuzz-coverage
fuzz_coverage = $(Q)$(PYTHON) fuzz/coverage/report.py --build $(BUILD) \
	$(if $(wildcard $(BUILD)/x86_64-coverage/core/*.gcda),--image)
fuzz-coverage: $(fuzz_names:%=$(fuzz_cov)/replay-%) ## what the committed inputs of all fuzz targets reach
	$(fuzz_coverage) --pages $(fuzz_names)
	@echo 'see $(fuzz_cov)/html/index.html, corpora.info, folders.tsv and functions.tsv'
fuzz-coverage-floors: $(fuzz_names:%=$(fuzz_cov)/replay-%) # fails when a folder is below its floor
	$(fuzz_coverage) $(fuzz_names)
test-fuzz-coverage: $(fuzz_made_hypercall) # the report's own tests, and seeds are as their programs make them
	$(Q)$(PYTHON) fuzz/hypercall/seeds.py $< fuzz/hypercall/seeds --check
	$(Q)for t in devices exits sysreg vgic; do $(PYTHON) fuzz/$$t/seeds.py fuzz/$$t/seeds --check || exit; done
	$(Q)cd fuzz/coverage && PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m unittest -q test_report
