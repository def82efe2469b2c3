#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Fails with a clear message unless DIR holds the ABI headers this hypervisor implements.
set -eu
dir=${1:?usage: check-abi.sh DIR}
[ -f "$dir/domctl.h" ] || {
	echo "error: no Xen ABI headers in $dir; install the Debian package libxen-dev" >&2
	exit 1
}
for want in "domctl.h XEN_DOMCTL_INTERFACE_VERSION 0x00000015" \
	"sysctl.h XEN_SYSCTL_INTERFACE_VERSION 0x00000015"; do
	# shellcheck disable=SC2086
	set -- $want
	grep -Eq "^#define[[:space:]]+$2[[:space:]]+$3" "$dir/$1" || {
		echo "error: $dir/$1 does not define $2 as $3 (Xen 4.17's ABI);" \
			"install libxen-dev 4.17 or set ABI_DIR" >&2
		exit 1
	}
done
