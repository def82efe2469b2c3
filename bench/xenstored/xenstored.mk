# SPDX-License-Identifier: GPL-2.0-or-later
# Our xenstored beside Debian's; see run.py.
xsb := $(BUILD)/bench/xenstored
$(xsb)/load: bench/xenstored/load.c $(BUILD)/tools/libstore.a
	$(SAY) LD $@
	$(Q)mkdir -p $(@D) && $(CC) $(tools_cflags_tools) -o $@ $^
$(xsb)/shim.so: bench/xenstored/shim.c
	$(SAY) LD $@
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -Wno-unused-parameter -fPIC \
		-shared -o $@ $<

.PHONY: bench-xenstored
bench-xenstored: $(BUILD)/tools/bin/xenstored $(xsb)/load $(xsb)/shim.so ## our xenstored beside Debian's
	$(Q)$(PYTHON) bench/xenstored/run.py --ours $< --load $(xsb)/load --shim $(xsb)/shim.so --out $(xsb)
