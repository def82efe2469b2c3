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
--help | -h) echo "usage: scripts/image/mkdata.sh    (no options; fills $img)"; exit 0 ;;
*) die "unknown option: $1" ;;
esac
mkdir -p "$img"

# Four MiB of a stream that is the same on every machine, and in which no page repeats or compresses.
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
# The image holds no time and no random number, so it has the same bytes everywhere.
uuid=00000000-0000-4000-8000-000000000001
export E2FSPROGS_FAKE_TIME=1700000000
touch -d "@$E2FSPROGS_FAKE_TIME" "$img/data" "$img/data"/*
mke2fs -q -F -t ext4 -L xenolith -U "$uuid" -E "hash_seed=$uuid" \
	-d "$img/data" "$img/data.ext4.new" 32M > /dev/null
# mke2fs copies the times at which the files' inodes changed, which touch cannot set.
for file in "$img/data"/*; do
	echo "set_inode_field ${file##*/} ctime @$E2FSPROGS_FAKE_TIME"
done | debugfs -w -f - "$img/data.ext4.new" > /dev/null 2>&1
mv "$img/data.ext4.new" "$img/data.ext4"
