# SPDX-License-Identifier: GPL-2.0-or-later
# Xenolith: the targets a person types. The rules live beside what they build (*.mk).

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
SAY = @$(if $(filter 1,$(V)),:,printf '  %-7s %s\n')

BUILD ?= build
ABI_DIR ?= /usr/include/xen
PYTHON ?= python3

include xen/xen.mk
include tools/tools.mk
include $(wildcard xen/test/*/*.mk scripts/image/image.mk scripts/mutants/mutants.mk fuzz/fuzz.mk \
	fuzz/system/system.mk bench/bench.mk traces/traces.mk experiments/experiments.mk experiments/plugins/plugins.mk)

.PHONY: all install setup setup-arm64 demo demo-x86_64 demo-arm64 check report-peer report-share clean clean-room help
all: x86_64 ## build the hypervisor for x86-64

install: x86_64 tools-install ## install the hypervisor and the toolstack (DESTDIR=...)
	$(Q)install -D -m 644 -t $(DESTDIR)/boot $(BUILD)/x86_64/xenolith

setup: ## install and fetch the Debian packages that all this needs
	$(Q)scripts/setup.sh
setup-arm64: ## fetch what the tests and experiments on ARMv8 need beside
	$(Q)for group in emulator-arm kernel-arm64 tools-arm64 peer-arm64 firmware-arm; do \
		scripts/setup.sh --no-install --group $$group || exit 1; done

ARCH ?= x86_64
# Machines of ARMv8: CPUS with a GICv3, CPUS@2 with a GICv2, CPUS@efi started by UEFI firmware.
DEMO_MACHINES ?= 2 4@2 2@efi
demo: demo-$(ARCH) ## boot Linux as dom0 with guests beside it; then the first experiments (ARCH=arm64)
demo-arm64: setup setup-arm64
	$(Q)$(MAKE) --no-print-directory arm64 guests-arm64 linux-images-arm64
	$(Q)for machine in $(DEMO_MACHINES); do \
		$(PYTHON) scripts/demo.py $(BUILD) --arm64 $$machine --timeout 3600 || exit 1; done
demo-x86_64: setup
	$(Q)$(MAKE) --no-print-directory x86_64 guests
	$(Q)$(PYTHON) scripts/demo.py $(BUILD)
	$(Q)$(MAKE) --no-print-directory lab-short

check: setup ## run every test; the last line adds up (STAGES=...)
	$(Q)$(PYTHON) scripts/check/check.py $(BUILD) $(STAGES)

report-peer: x86_64 ## size and cost beside Debian's Xen 4.17, both in QEMU
	-$(Q)scripts/setup.sh --no-install --group peer-source
	$(Q)$(PYTHON) scripts/report-size.py $(BUILD)

report-share: x86_64 arm64 ## lines of the hypervisor that both architectures share, by folder
	$(Q)$(PYTHON) scripts/report-share.py $(BUILD)

clean-room: ## prove demo and check in a fresh Debian 12
	$(Q)scripts/clean-room.sh

clean: ## remove everything the build made (the package cache stays)
	rm -rf $(BUILD)

help: ## list the targets
	@grep -hE '^[a-z0-9_-]+:.*##' $(MAKEFILE_LIST) | sort | \
		awk -F':.*## ' '{ printf "  %-20s %s\n", $$1, $$2 }'
