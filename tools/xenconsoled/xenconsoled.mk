# SPDX-License-Identifier: GPL-2.0-or-later
# The console daemon.
$(eval $(call tools_prog,xenconsoled,console light store ctrl,-ljson-c -lxenevtchn -lxengnttab \
	$(tools_xen_ldlibs)))
