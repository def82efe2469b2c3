# SPDX-License-Identifier: GPL-2.0-or-later
# xenstore, which looks at the store and changes it from a shell, and the names that scripts know.
$(eval $(call tools_prog,xenstore,store,))
tools_links += $(patsubst %,xenstore-%:xenstore,chmod control exists list ls read rm watch write)
