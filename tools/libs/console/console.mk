# SPDX-License-Identifier: GPL-2.0-or-later
# The console ring of a guest, and keeping its output for slow readers.
$(eval $(call tools_lib,console))
