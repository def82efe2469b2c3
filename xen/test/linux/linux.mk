# SPDX-License-Identifier: GPL-2.0-or-later
# Real Linux as dom0 in QEMU; see run.py for the cases.

.PHONY: test-linux-arm64 test-linux test-linux-all test-bochs-linux test-hvm-linux linux-images linux-images-arm64
.PHONY: linux-images-hvm
linux-images: # what stands under scripts/image or tools may have changed since the setup
	$(Q)scripts/image/build.sh
linux-images-arm64:
	$(Q)scripts/image/build.sh arm64
linux-images-hvm: linux-images # without the packages of an HVM guest run.py skips the cases that need them
	-$(Q)scripts/setup.sh --no-install --group hvm
	$(Q)[ ! -f "$${XENOLITH_CACHE:-.cache}/root/hvm.stamp" ] || scripts/image/build.sh hvm
test-linux: $(xen_image) linux-images ## boot Linux as dom0 on the everyday machines (CASES=...)
	$(Q)$(PYTHON) xen/test/linux/run.py $< $(CASES)
test-linux-all: $(xen_image) linux-images linux-images-hvm ## the same on all machines, large ones and long runs too
	$(Q)$(PYTHON) xen/test/linux/run.py $< --all
test-hvm-linux: $(xen_image) linux-images-hvm ## boot HVM guests with firmware and QEMU, which it fetches (CASES=...)
	$(Q)$(PYTHON) xen/test/linux/run.py $< $(or $(CASES),hvm-grub hvm hvm-pv hvm-swap)
test-bochs-linux: $(xen_image) linux-images guests ## boot Linux as dom0 on VMX, in Bochs, which it fetches (CASES=...)
	-$(Q)scripts/setup.sh --no-install --group bochs
	-$(Q)scripts/setup.sh --no-install --group bochs-stable
	$(Q)$(PYTHON) xen/test/linux/run.py $< $(or $(CASES),bochs-stable bochs bochs-2)
test-linux-arm64: arm64-debug ## boot Debian's arm64 Linux as dom0 and as a guest on ARMv8 (ARM_CPUS="1 2 4 2@xl")
	-$(Q)scripts/setup.sh --no-install --group emulator-arm
	-$(Q)scripts/setup.sh --no-install --group kernel-arm64
	-$(Q)scripts/setup.sh --no-install --group firmware-arm
	-$(Q)scripts/setup.sh --no-install --group tools-arm64
	-$(Q)scripts/image/build.sh arm64
	$(Q)$(PYTHON) xen/test/linux/arm64.py $(BUILD)/arm64-debug/xenolith $(ARM_CPUS)
