# SPDX-License-Identifier: GPL-2.0-or-later
# A client of xenstored.
$(eval $(call tools_lib,store))
