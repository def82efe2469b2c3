# SPDX-License-Identifier: GPL-2.0-or-later
fuzz_support_hypercall := state-oracle state-oracle-evtchn state-oracle-grants state-oracle-ioreq \
	state-oracle-memory
fuzz_lib_hypercall := undo machine
# What makes calls is not what is tested: it runs at full speed, and guides no fuzzer.
fuzz_cflags_hypercall := -fno-sanitize=all
fuzz_planted_hypercall := -fsanitize-coverage=trace-loads -fno-sanitize-coverage=trace-cmp
# Eight steps; longer sequences are slower and are for campaigns (-max_len=2056). Looking for shorter
# inputs with the same features takes a tenth of the time, and finds no more in as many inputs.
fuzz_flags_hypercall := -max_len=264 -entropic=0 -reduce_inputs=0
# What hooks.c and machine.c put themselves before.
fuzz_ldlibs_hypercall := -Wl,-T,fuzz/lib/machine.lds \
	$(addprefix -Wl$(comma)--wrap=,hal_guest_copy_in hal_guest_copy_out alloc_pages xzalloc_bytes \
	hypercall_preempt_check hal_p2m_flush hal_machine_restart hal_machine_power_off)
fuzz_made_hypercall := $(BUILD)/gen/generated/fuzz_calls.h

$(BUILD)/gen/generated/fuzz_calls.h: fuzz/hypercall/gen.py fuzz/hypercall/calls.toml \
		xen/domain/compat/gen.py xen/domain/compat/layouts.toml xen/domain/hypercall.c \
		xen/domain/domctl.c xen/domain/sysctl.c xen/domain/dm_op.c | $(BUILD)/abi/public
	$(SAY) GEN $@
	$(Q)mkdir -p $(@D) && $(PYTHON) $< "$(CC)" $(BUILD)/abi > $@.new && mv $@.new $@
fuzz_smoke_hypercall := 15000

# The oracle does not read again what no write can have changed. Here it does, and compares.
# Other CPUs run, and memory changes, at reads that the compiler reports. A wrong flag turns that off silently.
.PHONY: fuzz-oracle-hypercall
fuzz-oracle-hypercall: $(BUILD)/fuzz/hypercall/target
	$(Q)for o in $(xen_fuzz_pointers); do nm $$o | grep -q __sanitizer_cov_load || \
		{ echo "$$o does not report its reads"; exit 1; }; done
	$(SAY) FUZZ 'hypercall, each look of the oracle made twice'
	$(Q)export ORACLE_TWICE=1 && log=$(BUILD)/fuzz/hypercall/oracle.log && \
		{ $(fuzz_run_hypercall) fuzz/hypercall/regressions/* fuzz/hypercall/seeds/* && \
		rm -rf $(BUILD)/fuzz/hypercall/oracle && mkdir $(BUILD)/fuzz/hypercall/oracle && \
		$(fuzz_run_hypercall) -seed=2 -runs=4000 -artifact_prefix=$(BUILD)/fuzz/hypercall/ \
		$(BUILD)/fuzz/hypercall/oracle fuzz/hypercall/seeds; } > $$log 2>&1 || \
		{ tail -n 60 $$log; exit 1; }
fuzz-smoke: fuzz-oracle-hypercall

.PHONY: fuzz-replay-hypercall
fuzz-replay-hypercall: $(BUILD)/fuzz/hypercall/target
	$(SAY) FUZZ 'hypercall, its own commands'
	$(Q)sh fuzz/hypercall/test_replay.sh $<
fuzz-smoke: fuzz-replay-hypercall
