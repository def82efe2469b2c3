# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian to work in: dom0 on a disk of its own, and a guest's disks for it.
debian_img = $(shell $(PYTHON) scripts/qemu.py --images)
# Without "quiet": the boot takes minutes, and says how far it is.
debian_line = root=/dev/vda ro console=hvc0 swiotlb=force systemd.show_status=1
# Where ssh to dom0 listens on this machine, and the folder that dom0 has as /shared.
SSH_PORT ?= 2222
SHARED ?= $(BUILD)/shared
# $(call debian_disk,ID,SNAPSHOT,FILE)
debian_disk = -drive if=none,id=$(1),format=raw,snapshot=$(2),file=$(3) \
	-device virtio-blk-pci,drive=$(1)
debian_root = $(if $(filter 0,$(shell id -u)),,sudo --preserve-env=XENOLITH_CACHE,XENOLITH_MIRROR)

define debian_text
dom0 boots now: two to six minutes in the emulator to the login prompt, and it says how far it is.
Log in as root, password xenolith, here or from another terminal:
  ssh -p $(SSH_PORT) root@127.0.0.1
/shared in dom0 is $(SHARED). A guest with a shell: xl create -c /etc/xen/small.cfg
Ctrl-A x ends all of it; what is written to the disks stays (rm $(BUILD)/debian-* starts anew).
endef

.PHONY: debian-dom0 debian-dom0-run
debian-dom0: setup ## make a Debian dom0 with the toolstack, and a Debian guest (root, or sudo)
	$(Q)$(MAKE) --no-print-directory tools
	$(Q)$(debian_root) scripts/image/mkdebian.sh guest
	$(Q)$(debian_root) scripts/image/mkdebian.sh dom0
debian-dom0-run: $(BUILD)/x86_64/xenolith ## boot it on this terminal, with ssh (SSH_PORT=2222) and a shared folder
	$(Q)[ -e $(BUILD)/debian-dom0 ] || cp --sparse=always -L $(debian_img)/debian-dom0 $(BUILD)/
	$(Q)[ -e $(BUILD)/debian-guest-root ] || cp --sparse=always -L $(debian_img)/debian-guest-root $(BUILD)/
	$(Q)mkdir -p $(SHARED)
	$(info $(debian_text))
	$(Q)$(PYTHON) scripts/qemu.py --interactive --smp 2 --mem 2G --kernel $< \
		--append "console=com1 cpu-features=+itsc dom0_mem=1G" \
		--module "$(debian_img)/vmlinux-amd64 $(debian_line)" \
		--module "$(debian_img)/debian-dom0-initramfs.cpio.gz" -- \
		$(call debian_disk,d0,off,$(BUILD)/debian-dom0) \
		$(call debian_disk,d1,on,$(debian_img)/debian-guest-boot) \
		$(call debian_disk,d2,off,$(BUILD)/debian-guest-root) \
		-netdev user,id=n0,hostfwd=tcp:127.0.0.1:$(SSH_PORT)-:22 -device virtio-net-pci,netdev=n0 \
		-virtfs local,path=$(SHARED),mount_tag=shared,security_model=none
