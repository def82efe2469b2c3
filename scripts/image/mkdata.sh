#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes what the disk and net actions of the dom0 image work on: <cache>/img/data, a folder with a
# file of known bytes and its SHA256SUMS, and <cache>/img/data.ext4, a disk that holds the same.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../lib/common.sh"

case ${1:-} in
"") ;;
--help | -h) echo "usage: scripts/image/mkdata.sh    (no options; fills $cache/img)"; exit 0 ;;
*) die "unknown option: $1" ;;
esac
img=$cache/img
mkdir -p "$img"

# Four MiB of a stream that is the same everywhere, and does not compress or repeat by page.
if [ ! -f "$img/data/SHA256SUMS" ]; then
	rm -rf "$img/data" "$img/data.new"
	mkdir "$img/data.new"
	python3 -c 'import random, sys
sys.stdout.buffer.write(random.Random(1).randbytes(4 << 20))' > "$img/data.new/data.bin"
	(cd "$img/data.new" && sha256sum data.bin > SHA256SUMS)
	mv "$img/data.new" "$img/data"
fi
# Debian keeps mke2fs where only root's PATH looks.
PATH=$PATH:/sbin:/usr/sbin
rm -f "$img/data.ext4.new"
mke2fs -q -F -t ext4 -L xenolith -d "$img/data" "$img/data.ext4.new" 32M > /dev/null
mv "$img/data.ext4.new" "$img/data.ext4"
