# SPDX-License-Identifier: GPL-2.0-or-later
# Our xl beside Debian's; see run.py. The image dom0-tools holds what runs inside.
tsb := $(BUILD)/bench/toolstack
$(tsb)/collect: bench/toolstack/collect.c $(BUILD)/tools/libctrl.a
	$(SAY) LD $@
	$(Q)mkdir -p $(@D) && $(CC) $(tools_cflags_tools) -static -Wl,--gc-sections -o $@ $^ \
		$(tools_xen_ldlibs)

.PHONY: bench-toolstack bench-toolstack-image
bench-toolstack-image: $(tsb)/collect $(BUILD)/bench/bench.elf \
	$(guest_modes32:%=$(guest_out)-%/multicall.elf) # what the image dom0-tools takes
bench-toolstack: x86_64 ## our xl beside Debian's, and what 100 guests leave behind
	$(Q)scripts/image/mkinitramfs.sh dom0-tools > /dev/null
	$(Q)$(PYTHON) bench/toolstack/run.py --build $(BUILD)
