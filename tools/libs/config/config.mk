# SPDX-License-Identifier: GPL-2.0-or-later
# Configuration files of domains (xl.cfg), and the small languages inside them.
$(eval $(call tools_lib,config))
