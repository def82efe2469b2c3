# SPDX-License-Identifier: GPL-2.0-or-later
# xl, one static program.
tools_xl_ldlibs := $(tools_builder_ldlibs) -ljson-c $(tools_xen_ldlibs)
$(eval $(call tools_prog,xl,light store config builder ctrl,$(tools_xl_ldlibs)))
