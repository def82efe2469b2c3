#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Compiles every internal header alone, so that none depends on what was included before it.
# usage: headers.sh BUILD
set -euo pipefail
build=${1:?usage: headers.sh BUILD}
fail=0 count=0
check() {
	local header=$1 arch=$2
	shift 2
	count=$((count + 1))
	echo "#include <$header>" | gcc -x c -std=gnu11 -Wall -Wextra -Wno-unused-parameter \
		-Wno-sign-compare -ffreestanding -fsyntax-only -D__XEN_TOOLS__ -Ixen/include \
		-I"$build/abi" -I"$build/gen" -I"xen/arch/$arch/include" "$@" - || {
		echo "$header does not compile alone ($arch)"
		fail=1
	}
}
while read -r header; do
	check "${header#xen/include/}" host
done < <(find xen/include/xen -name '*.h' | sort)
for arch in x86 host; do
	while read -r header; do
		check "${header#"xen/arch/$arch/include/"}" "$arch"
	done < <(find "xen/arch/$arch/include/asm" -name '*.h' | sort)
done
# Those of the host port's x86 guests, before which the folders of both are searched.
while read -r header; do
	check "${header#xen/arch/host/x86/include/}" host -Ixen/arch/host/x86/include \
		-Ixen/arch/x86/include -Ixen/arch/x86
done < <(find xen/arch/host/x86/include -name '*.h' | sort)
# A tool's header, with the folders that its own makefile adds.
check_tool() {
	local header=$1
	shift
	count=$((count + 1))
	echo "#include \"${header##*/}\"" | gcc -x c -std=gnu11 -Wall -Wextra -Wno-unused-parameter \
		-Wno-sign-compare -D_GNU_SOURCE -D__XEN_TOOLS__ -fsyntax-only -I"${header%/*}" \
		-Ixen/include -I"$build/abi" "$@" - || {
		echo "$header does not compile alone (tools)"
		fail=1
	}
}
while read -r header; do
	if [[ $header == tools/schedsim/* ]]; then
		check_tool "$header" -Itools/schedsim -Ixen/arch/host/include -I"$build/gen"
	else
		check_tool "$header" -Itools/libs
	fi
done < <(find tools -name '*.h' | sort)
echo "headers: $count compiled alone"
exit $fail
