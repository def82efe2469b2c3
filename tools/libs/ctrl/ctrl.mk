# SPDX-License-Identifier: GPL-2.0-or-later
# Hypercalls of the toolstack.
$(eval $(call tools_lib,ctrl))
tools_xen_ldlibs := -lxencall -lxenforeignmemory -lxentoolcore -lxentoollog
