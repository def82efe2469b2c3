# SPDX-License-Identifier: GPL-2.0-or-later
# Plugins for QEMU's TCG, and the tests of what they model.

plugins_dir := experiments/plugins
plugins_cflags := -std=gnu11 -O2 -g -Wall -Wextra -Werror -fPIC -fvisibility=hidden \
	-fdebug-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(CURDIR)/= -Ixen/arch/x86/psr

$(BUILD)/plugins/%.o: $(plugins_dir)/%.c $(plugins_dir)/plugins.mk
	$(SAY) CC 'plugins $*'
	$(Q)mkdir -p $(@D) && $(CC) $(plugins_cflags) -MMD -MP -c -o $@ $<
$(BUILD)/plugins/cache.so: $(BUILD)/plugins/cache.o $(BUILD)/plugins/cache-model.o
	$(SAY) LD $@
	$(Q)$(CC) -shared -Wl,--build-id=none -o $@ $^
$(BUILD)/plugins/test-cache-model: $(BUILD)/plugins/test-cache-model.o $(BUILD)/plugins/cache-model.o
	$(SAY) LD $@
	$(Q)$(CC) -o $@ $^ -lcmocka
-include $(wildcard $(BUILD)/plugins/*.d)

.PHONY: plugins test-plugins
plugins: $(BUILD)/plugins/cache.so ## build the emulator's plugins (docs/cache-qos.md)
test-plugins: $(BUILD)/plugins/test-cache-model ## what they model, without an emulator
	$(Q)$<
