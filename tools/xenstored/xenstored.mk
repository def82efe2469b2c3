# SPDX-License-Identifier: GPL-2.0-or-later
# xenstored: the core, which does no input or output (core/), and the process around it. A second
# program has a hypervisor made of files instead of the real one, for tests.
xsd_libs := -lxenevtchn -lxengnttab -lxenforeignmemory -lxencall -lxentoolcore -lxentoollog

# $(call xsd_env,ENV)
define xsd_env
$$(BUILD)/$(1)/libxsd-core.a: $$(call tools_objs,$(1),xenstored/core)
	$$(SAY) AR $$@
	$$(Q)rm -f $$@ && ar rcsD $$@ $$^
endef
$(foreach e,$(tools_envs),$(eval $(call xsd_env,$(e))))

$(eval $(call tools_prog,xenstored,xsd-core,$(xsd_libs)))

# Unit tests, and a world for tests and fuzzing around the core.
$(BUILD)/tools-asan/test/test-xs-%.o: tools_cflags_tools-asan += -Ixen/test/unit -Wno-unused-function
$(foreach t,xs-tree xs-requests xs-record,$(eval $(call tools_test,$(t),xs-world,xsd-core,)))
$(eval $(call tools_test,xs-ring,xs-ring-play xs-guest xs-world,xsd-core,))
$(eval $(call tools_test,xs-memory,xs-world,xsd-core,\
	-Xlinker --wrap=malloc -Xlinker --wrap=realloc -Xlinker --wrap=mmap))
$(eval $(call tools_test,xs-play,xs-play xs-model xs-world,xsd-core,))
$(eval $(call tools_test,xs-journal,../xenstored/journal,,))

# The daemon as tests run it.
xsd_sim_objs := $(filter-out %/hyp-xen.o,$(call tools_objs,tools-asan,xenstored)) \
	$(BUILD)/tools-asan/test/hyp-sim.o
$(BUILD)/tools-asan/bin/xenstored-sim: $(xsd_sim_objs) $(BUILD)/tools-asan/libxsd-core.a
	$(SAY) LD $@
	$(Q)mkdir -p $(@D) && $(CC) $(tools_cflags_tools-asan) -o $@ $^
$(BUILD)/tools-asan/bin/xenstore: $(call tools_objs,tools-asan,xenstore) $(BUILD)/tools-asan/libstore.a
	$(SAY) LD $@
	$(Q)mkdir -p $(@D) && $(CC) $(tools_cflags_tools-asan) -o $@ $^
	$(Q)for name in $(tools_links); do ln -sfn xenstore $(@D)/$${name%:*}; done

.PHONY: test-xenstored
test-xenstored: $(BUILD)/tools-asan/bin/xenstored-sim $(BUILD)/tools-asan/bin/xenstore \
		$(BUILD)/tools/bin/xenstored ## xenstored as a process, killed under load
	$(Q)$(PYTHON) tools/test/test_xenstored.py $^

include bench/xenstored/xenstored.mk
