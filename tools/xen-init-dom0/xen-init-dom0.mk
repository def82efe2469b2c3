# SPDX-License-Identifier: GPL-2.0-or-later
# xen-init-dom0, run once after xenstored.
$(eval $(call tools_prog,xen-init-dom0,light store builder ctrl,$(tools_builder_ldlibs) -ljson-c $(tools_xen_ldlibs)))
