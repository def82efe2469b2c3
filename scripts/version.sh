#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints version.c: the commit, its date and the compiler, all reproducible from the tree.
set -eu
cc=${1:-cc}
commit=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
[ -z "$(git status --porcelain --untracked-files=no 2>/dev/null)" ] || commit=$commit+
date=$(git log -1 --format=%cd --date=format:'%Y-%m-%d' 2>/dev/null || echo unknown)
cat <<END
#include <xen/version.h>

const char xenolith_commit[] = "$commit";
const char xenolith_compiler[] = "$($cc --version | head -n 1)";
const char xenolith_build_date[] = "$date";
END
