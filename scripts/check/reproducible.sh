#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the hypervisor a second time elsewhere and compares the images byte for byte.
# usage: reproducible.sh BUILD
set -euo pipefail
build=${1:?usage: reproducible.sh BUILD}
make --no-print-directory -j2 BUILD="$build/again" x86_64 > /dev/null
sha256sum "$build/x86_64/xenolith" "$build/again/x86_64/xenolith"
cmp "$build/x86_64/xenolith" "$build/again/x86_64/xenolith"

# Nothing that is booted or run may depend on the checkout's folder either.
make --no-print-directory -j2 BUILD="$build" guests bench-guests tools schedsim > /dev/null
if grep -l -F "$PWD" "$build"/x86_64/xenolith{,-pvh,.elf64} "$build"/guest/*.elf "$build"/bench/*.elf \
	"$build"/tools/bin/* "$build"/schedsim/schedsim; then
	echo "these name the checkout's folder: compile with -fdebug-prefix-map" >&2
	exit 1
fi
