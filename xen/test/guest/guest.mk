# SPDX-License-Identifier: GPL-2.0-or-later
# Microguests: one kernel a directory beside lib/, each linked with lib's objects.
#   make test-guest TESTS="evtchn-basics apic-nesting" GUEST_OPTIONS=--icount

guest_dir := xen/test/guest
guest_out := $(BUILD)/guest
guest_names := $(filter-out lib,$(notdir $(patsubst %/main.c,%,$(wildcard $(guest_dir)/*/main.c))))
guest_elfs := $(foreach n,$(guest_names),$(guest_out)/$(n).elf)
guest_cflags := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-pointer-arith -ffreestanding -fno-pic -fno-pie -mno-red-zone -mgeneral-regs-only \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -fno-strict-aliasing -fwrapv -fno-common \
	-fdebug-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(CURDIR)/= -D__XEN_TOOLS__ \
	-I$(guest_dir)/lib -I$(BUILD)/abi
guest_lib := $(patsubst $(guest_dir)/%,$(guest_out)/%.o,$(basename \
	$(wildcard $(guest_dir)/lib/*.c $(guest_dir)/lib/*.S)))

$(guest_out)/lib/%.o: $(guest_dir)/lib/%.S $(guest_dir)/guest.mk
	$(SAY) AS 'guest $*'
	$(Q)mkdir -p $(@D) && $(CC) $(guest_cflags) -MMD -MP -c -o $@ $<
$(guest_out)/%.o: $(guest_dir)/%.c $(guest_dir)/guest.mk | $(BUILD)/abi/public
	$(SAY) CC 'guest $*'
	$(Q)mkdir -p $(@D) && $(CC) $(guest_cflags) -DTEST_NAME='"$(notdir $(*D))"' -MMD -MP -c -o $@ $<
$(guest_out)/%.elf: $(guest_out)/%/main.o $(guest_lib) $(guest_dir)/lib/guest.lds
	$(Q)ld -nostdlib -static -z noexecstack --no-warn-rwx-segments --build-id=none \
		-T $(guest_dir)/lib/guest.lds -o $@ $(filter %.o,$^)
.SECONDARY: $(guest_lib) $(guest_names:%=$(guest_out)/%/main.o)
-include $(guest_lib:.o=.d) $(guest_names:%=$(guest_out)/%/main.d)

.PHONY: guests test-guest
guests: $(guest_elfs) ## build the microguests
test-guest: $(guest_elfs) $(xen_image) ## run the microguests in QEMU (TESTS= for some)
	$(Q)$(PYTHON) $(guest_dir)/run.py --build $(BUILD) --env $(ENV) $(GUEST_OPTIONS) $(TESTS)
