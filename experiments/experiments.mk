# SPDX-License-Identifier: GPL-2.0-or-later
# The laboratory: the first set of experiments, their reference results, and its own tests.

lab := experiments/lab.py --build $(BUILD)
# What runs on ARMv8 needs an emulator and a peer of its own, which lab-arm64 fetches.
lab_arm64 := arm-exits
# What runs in Bochs, which lab-bochs fetches.
lab_bochs := posted-interrupts vmx-cost
lab_set := $(filter-out $(lab_arm64) $(lab_bochs),$(sort $(notdir $(patsubst %/,%,$(dir $(wildcard experiments/*/plan.toml))))))
# Without those whose boots of Linux take many minutes each.
lab_quick := $(filter-out consolidation,$(lab_set))
lab_images := x86_64 guests bench-guests schedsim plugins
# How often each boot is repeated for determinism, and of which experiments.
LAB_REPEAT ?= 100
LAB_DETERMINISM ?= $(lab_quick)
# The same for boots that take longer: on 8 to 64 CPUs, and of Linux with a disk and a network.
LAB_REPEAT_LONG ?= 5
LAB_DETERMINISM_LONG ?= event-channel-scaling:wide-records event-channel-scaling:wide-logs \
	boot-anatomy:devices consolidation:repeat

.PHONY: lab lab-arm64 lab-bochs lab-short references reproduce test-lab test-lab-run test-lab-cluster determinism \
	determinism-long
lab: setup $(lab_images) ## run the first set of experiments in full
	$(Q)$(PYTHON) $(lab) run $(lab_set) --page $(BUILD)/lab/report.html

lab-arm64: setup-arm64 bench-guests-arm64 arm64 ## run the experiments on ARMv8
	$(Q)$(PYTHON) $(lab) run $(lab_arm64) --no-build

lab-bochs: setup $(lab_images) ## run the experiments on Intel's VMX, in Bochs
	$(Q)scripts/setup.sh --no-install --group bochs
	$(Q)$(PYTHON) $(lab) run $(lab_bochs) --no-build

lab-short: $(lab_images)
	$(Q)$(PYTHON) $(lab) run $(lab_quick) --variant short --no-build --page $(BUILD)/lab/report.html

# From a tree without changes: boots everything anew, whatever the results folder holds.
references: setup $(lab_images) ## make the reference results again, to be committed
	$(Q)$(PYTHON) $(lab) run $(lab_quick) --variant short --no-build --fresh
	$(Q)$(PYTHON) $(lab) keep $(lab_quick)

reproduce: setup setup-arm64 $(lab_images) arm64 bench-guests-arm64 ## run the committed reference results again and compare
	$(Q)$(PYTHON) $(lab) reproduce

# A small boot and its report, then the same boot twice, the second time on a loaded host.
test-lab-run: $(lab_images)
	$(Q)$(PYTHON) $(lab) run event-channel-scaling --variant check --no-build --fresh
	$(Q)$(PYTHON) $(lab) repeat-digest 2 event-channel-scaling --variant check --no-build

test-lab: test-plugins ## the laboratory's own tests, without an emulator
	$(Q)$(PYTHON) experiments/tests/run.py

test-lab-cluster: ## a run under Slurm and GNU parallel, on a cluster of one node
	$(Q)scripts/setup.sh --no-install --group cluster
	$(Q)$(PYTHON) experiments/tests/cluster_test.py

determinism: setup $(lab_images) determinism-long ## run exact boots 100 times, half of them on a loaded host
	$(Q)for name in $(LAB_DETERMINISM); do \
		$(PYTHON) $(lab) repeat-digest $(LAB_REPEAT) $$name --variant repeat --no-build || \
			exit 1; done

determinism-long: $(lab_images) ## the same for large machines, and for Linux with devices
	$(Q)for pair in $(LAB_DETERMINISM_LONG); do \
		$(PYTHON) $(lab) repeat-digest $(LAB_REPEAT_LONG) $${pair%%:*} --variant $${pair#*:} \
			--no-build || exit 1; done
