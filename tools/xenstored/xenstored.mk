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
$(foreach t,xs-tree xs-requests xs-ring,$(eval $(call tools_test,$(t),xs-world,xsd-core,)))
$(eval $(call tools_test,xs-play,xs-play xs-model xs-world,xsd-core,))
$(eval $(call tools_test,xs-journal,../xenstored/journal,,))
