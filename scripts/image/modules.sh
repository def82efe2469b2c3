# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Kernel modules for images. The caller has read scripts/lib/common.sh; $tree is the image's root.

busybox=$cache/root/peer/bin/busybox

# copy_modules FLAVOUR NAMES: modules of that kernel with what they depend on, and the tables that
# modprobe reads. Prints the kernel's version.
copy_modules() {
	local root=$cache/root/kernel-$1 modules=$2 version dir name file
	version=$(ls "$root/lib/modules")
	dir=lib/modules/$version
	mkdir -p "$tree/$dir"
	# Newer kernels come with packed modules, which busybox's depmod does not read.
	find "$root/$dir/kernel" -name '*.ko.xz' -exec xz -d {} +
	[ -f "$root/$dir/modules.dep" ] || "$busybox" depmod -b "$root" "$version"
	cp "$root/$dir/modules.builtin" "$root/$dir/modules.order" "$tree/$dir/"
	for name in $modules; do
		grep -q "/${name//[-_]/[-_]}\.ko\$" "$root/$dir/modules.builtin" && continue
		file=$(sed -n "s,^\([^:]*/\)\?${name//[-_]/[-_]}\.ko: *,& ,p" "$root/$dir/modules.dep")
		[ -n "$file" ] || die "the kernel $version has no module $name"
		for file in ${file/:/ }; do
			mkdir -p "$tree/$dir/$(dirname "$file")"
			cp -n "$root/$dir/$file" "$tree/$dir/$file"
		done
	done
	"$busybox" depmod -b "$tree" "$version"
	echo "$version"
}
