# SPDX-License-Identifier: GPL-2.0-or-later
# What a toolstack does: typed configurations, operations on domains, events.
$(eval $(call tools_lib,light))
tools_light_ldlibs := -ljson-c
