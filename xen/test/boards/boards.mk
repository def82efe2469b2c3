# SPDX-License-Identifier: GPL-2.0-or-later
# Device trees of boards, from Debian's kernel for arm64, as the hypervisor reads them.

boards_dir := xen/test/boards
boards_reader := $(BUILD)/host-asan/boards/reader

$(boards_reader): $(boards_dir)/main.c $(BUILD)/host-asan/libxenolith.a $(boards_dir)/boards.mk
	$(SAY) LD 'host-asan boards/reader'
	$(Q)mkdir -p $(@D) && $(CC) $(xen_cflags_host-asan) -MMD -MP -o $@ $< \
		$(BUILD)/host-asan/libxenolith.a
-include $(boards_reader).d

.PHONY: test-boards
test-boards: $(boards_reader) ## read the device trees of real boards, and broken ones
	-$(Q)scripts/setup.sh --no-install --group kernel-arm64
	$(Q)$(PYTHON) $(boards_dir)/boards.py $(boards_reader)
