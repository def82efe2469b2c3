# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ calls the entry points of the targets in place of libFuzzer, in one process for many inputs
# (persistent mode). Its package is fetched by `scripts/setup.sh --group afl`.
#   make fuzz-afl TARGET=emul FUZZ_SECONDS=600
# Crashes, hangs and the queue are in $(BUILD)/afl/emul/out/default; a second call goes on. Mutators
# of the targets are libFuzzer's, so AFL++ uses its own.

afl_root := .cache/root/afl/usr
afl_build := $(BUILD)/afl
afl_stats = $(afl_build)/$(TARGET)/out/default/fuzzer_stats
afl_dict = $(addprefix -x ,$(wildcard fuzz/$(TARGET)/dict))

.PHONY: fuzz-afl
fuzz-afl: ## AFL++ searches with a target's entry points (TARGET=emul FUZZ_SECONDS=60)
	$(Q)test -n '$(filter $(TARGET),$(fuzz_names))' || \
		{ echo 'fuzz-afl: TARGET is one of: $(fuzz_names)' >&2; exit 1; }
	$(Q)test -x $(afl_root)/bin/afl-fuzz || \
		{ echo 'fuzz-afl: AFL++ is not there; run: scripts/setup.sh --group afl' >&2; exit 1; }
	$(Q)$(MAKE) --no-print-directory BUILD=$(afl_build) $(afl_build)/fuzz/$(TARGET)/target \
		xen_fuzz_sanitize='-fsanitize=address,undefined -fno-sanitize-recover=all -fsanitize-coverage=trace-pc-guard' \
		fuzz_engine='$(afl_root)/lib/afl/libAFLDriver.a $(afl_root)/lib/afl/afl-compiler-rt.o'
	$(Q)mkdir -p $(afl_build)/$(TARGET) && AFL_PATH=$(afl_root)/lib/afl AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 \
		AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_AUTORESUME=1 $(afl_root)/bin/afl-fuzz -V $(FUZZ_SECONDS) \
		-i fuzz/$(TARGET)/seeds -o $(afl_build)/$(TARGET)/out $(afl_dict) -- $(afl_build)/fuzz/$(TARGET)/target \
		> $(afl_build)/$(TARGET)/log 2>&1 || { tail -n 30 $(afl_build)/$(TARGET)/log; exit 1; }
	$(Q)grep -E '^(execs_done|execs_per_sec|corpus_count|saved_crashes|saved_hangs|stability)' $(afl_stats)
	$(Q)grep -q '^saved_crashes *: 0$$' $(afl_stats) || \
		{ echo 'fuzz-afl: $(TARGET) failed: see $(afl_build)/$(TARGET)/out/default/crashes' >&2; exit 1; }
