# SPDX-License-Identifier: GPL-2.0-or-later
# Boot tests: good and bad boot information, and provoked crashes, each with the line it must print.

boot_dir := xen/test/boot
boot_cflags := -m32 -march=i686 -std=gnu11 -O2 -Wall -Wextra -Werror -ffreestanding -fno-pic \
	-fno-pie -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables

$(BUILD)/test/boot/loader: $(boot_dir)/loader.c $(boot_dir)/start.S $(boot_dir)/loader.lds
	$(SAY) LD $@
	$(Q)mkdir -p $(@D) && $(CC) $(boot_cflags) -nostdlib -static -Wl,--build-id=none \
		-Wl,-z,noexecstack,--no-warn-rwx-segments -T $(boot_dir)/loader.lds -o $@ $(boot_dir)/loader.c $(boot_dir)/start.S

.PHONY: test-boot
test-boot: $(BUILD)/test/boot/loader $(BUILD)/test/boot/guest $(BUILD)/test/boot/guest-high $(BUILD)/test/boot/guest-elf32 $(xen_image) ## boot with good and bad information
	$(Q)$(PYTHON) $(boot_dir)/run.py $(xen_image) $(BUILD)/test/boot/loader
	$(Q)$(PYTHON) $(boot_dir)/inputs.py $(xen_image) $(BUILD)/test/boot

.PHONY: test-boot-arm64
test-boot-arm64: arm64-debug ## start on ARMv8 where the hypervisor cannot work
	-$(Q)scripts/setup.sh --no-install --group emulator-arm
	-$(Q)scripts/setup.sh --no-install --group firmware-arm
	$(Q)$(PYTHON) $(boot_dir)/arm64.py $(BUILD)/arm64-debug/xenolith

# The same guest at 1 MiB, and at 16 MiB, where Linux is linked to lie.
boot_guest_base_guest := 0x100000
boot_guest_base_guest-high := 0x1000000
$(BUILD)/test/boot/guest $(BUILD)/test/boot/guest-high: $(boot_dir)/guest.S $(boot_dir)/guest.lds $(boot_dir)/boot.mk
	$(SAY) LD $@
	$(Q)mkdir -p $(@D) && $(CC) -m64 -fno-pic -nostdlib -static -Wl,--build-id=none \
		-Wl,-z,noexecstack,--no-warn-rwx-segments -Wl,--defsym=GUEST_BASE=$(boot_guest_base_$(@F)) \
		-T $(boot_dir)/guest.lds -o $@ $(boot_dir)/guest.S

# The same guest in a 32-bit file.
$(BUILD)/test/boot/guest-elf32: $(BUILD)/test/boot/guest
	$(SAY) GEN $@
	$(Q)objcopy -O elf32-i386 $< $@

.PHONY: test-manifest
test-manifest: $(BUILD)/test/boot/guest $(BUILD)/test/boot/guest-elf32 $(xen_image) ## start domains from good and bad boot manifests
	$(Q)$(PYTHON) $(boot_dir)/manifest.py $(xen_image) $(BUILD)/test/boot
