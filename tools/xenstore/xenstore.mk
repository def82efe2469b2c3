# SPDX-License-Identifier: GPL-2.0-or-later
# xenstore, which looks at the store and changes it from a shell.
$(eval $(call tools_prog,xenstore,store,))
