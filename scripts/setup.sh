#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Gets everything that building, testing and emulating Xenolith needs: installs the build and test
# packages of scripts/packages.txt, and fetches the emulator, the peer and the kernels into the
# cache folder without installing them.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
list=$here/packages.txt
codename=bookworm

usage() {
	cat <<-EOF
	usage: scripts/setup.sh [--no-install] [--no-fetch] [--no-images] [--refresh] [--group NAME]
	                        [--also GROUP] [--help]

	  --no-install  leave the system alone: only fill the cache folder
	  --no-fetch    only install the build and test packages
	  --no-images   do not build the boot images
	  --group NAME  fetch that group of packages.txt only
	  --refresh     look for newer versions of what the cache already holds
	  --also GROUP  install this group of packages.txt too (browser)

	The cache folder is \$XENOLITH_CACHE (now $cache). Several checkouts may share one: each boots
	the images it built itself, and none replaces packages that another unpacked.
	\$XENOLITH_MIRROR names the Debian mirror when the system's apt sources do not.
	EOF
}

install=1 fetch=1 build_images=1 refresh=0 only='' also=''
while [ $# -gt 0 ]; do
	case $1 in
	--no-install) install=0 ;;
	--no-fetch) fetch=0 ;;
	--no-images) build_images=0 ;;
	--refresh) refresh=1 ;;
	--group | --also)
		[ $# -gt 1 ] || die "$1 needs the name of a group"
		if [ "$1" = --group ]; then only=$2 build_images=0; else also=$2; fi
		shift ;;
	--help | -h) usage; exit 0 ;;
	*) usage >&2; die "unknown option: $1" ;;
	esac
	shift
done

# group_packages GROUP: the packages listed under [GROUP].
group_packages() {
	awk -v g="[$1]" '/^\[/ { on = ($1 == g); next } on && NF && !/^#/ { print $1 }' "$list"
}

# group_word GROUP WORD: the value of WORD=... in the group's header, or WORD itself when bare.
group_word() {
	awk -v g="[$1]" -v w="$2" '$1 == g { for (i = 2; i <= NF; i++) {
		if ($i == w) print w; else if (index($i, w "=") == 1) print substr($i, length(w) + 2) } }' \
		"$list"
}

fetched_groups() {
	sed -n 's/^\[\([a-z0-9-]*\)\].*root=.*/\1/p' "$list" | while read -r group; do
		if [ "$group" = "$only" ] ||
		   { [ -z "$only" ] && [ -z "$(group_word "$group" on-demand)" ]; }; then
			echo "$group"
		fi
	done
}

install_missing() {
	local wanted missing as_root=()
	mapfile -t wanted < <(group_packages build; group_packages test
		[ -z "$also" ] || group_packages "$also")
	mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}" | sort) \
		<(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u))
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ]; then
		command -v sudo > /dev/null || die "these packages are missing: ${missing[*]}" \
			"Run as root: apt-get install ${missing[*]}"
		as_root=(sudo)
	fi
	say "installing: ${missing[*]}"
	local quiet=(-qq -o Dpkg::Use-Pty=0 -o APT::Install-Recommends=false)
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y "${quiet[@]}" "${missing[@]}" > "$cache/install.log" 2>&1 || {
		tail -n 20 "$cache/install.log" >&2
		die "apt-get could not install them; the whole log is $cache/install.log"
	}
}

# A group is described by its list and the tools that unpack it; the stamp holds that description,
# so a changed list is fetched again and an unchanged one needs no network.
group_stamp() {
	{ grep -F "[$1]" "$list"; group_packages "$1"; } | sha256sum | cut -c1-16
}

group_is_complete() {
	local stamp=$cache/root/$1.stamp
	[ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" = "$(group_stamp "$1")" ]
}

# write_sources RELEASE: the private apt's sources, from the archive and the security archive that the
# system itself uses.
write_sources() {
	local release=$1 uris main security suite suites=("" -updates) system opt=''
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	system=$(. /etc/os-release && echo "${VERSION_CODENAME:-unknown}")
	[ "$system" = "$codename" ] || warn "made for Debian's $codename, but this system is $system"
	uris=$(apt-get update --print-uris 2> /dev/null | sed -n "s/^'\([^']*\)'.*/\1/p")
	main=${XENOLITH_MIRROR:-$(sed -n "s,/dists/$codename/InRelease\$,,p" <<< "$uris" | head -n 1)}
	security=$(sed -n "s,/dists/$codename-security/InRelease\$,,p" <<< "$uris" | head -n 1)
	[ -n "$main" ] || die "no apt source of this system serves $codename." \
		"Set XENOLITH_MIRROR to the URI of a Debian mirror."
	[ -f "$keyring" ] && opt="[signed-by=$keyring] "
	[ "$release" != "$codename" ] || suites+=(-backports)
	{
		for suite in "${suites[@]}"; do
			echo "deb $opt$main $release$suite main"
		done
		[ -z "$security" ] || echo "deb $opt$security $release-security main"
	} | sed 'p; s/^deb /deb-src /' > "$apt/sources.list"
}

# prepare_apt RELEASE ARCHITECTURE: an apt of our own. The system's sources, lists, cache and database stay untouched, and an empty
# database makes "install" name everything a package depends on.
prepare_apt() {
	mkdir -p "$apt/lists/partial" "$debs/partial" "$apt/cache" "$apt/empty/partial"
	: > "$apt/status"
	cat > "$apt/apt.conf" <<-EOF
	Dir::State "$apt";
	Dir::State::lists "$apt/lists";
	Dir::State::status "$apt/status";
	Dir::Cache "$apt/cache";
	Dir::Cache::archives "$debs";
	Dir::Etc::sourcelist "$apt/sources.list";
	Dir::Etc::sourceparts "/dev/null";
	Dir::Etc::preferences "$apt/preferences";
	Dir::Etc::preferencesparts "/dev/null";
	APT::Sandbox::User "root";
	APT::Install-Recommends "false";
	APT::Get::List-Cleanup "false";
	Acquire::Retries "3";
	Debug::NoLocking "true";
	APT::Architecture "$2";
	APT::Architectures "$2";
	EOF
	write_sources "$1"
	say "reading package lists of $(sed -n 's/^deb .* \([^ ]* main\)$/\1;/p' "$apt/sources.list" |
		tr '\n' ' ')"
	APT_CONFIG=$apt/apt.conf apt-get update -qq || die "the package lists could not be read" \
		"(no network?), and the cache folder is not complete: $cache"
}

# A group that names a suite takes the packages it lists from there, and only those.
write_preferences() {
	local suite
	suite=$(group_word "$1" suite)
	: > "$apt/preferences"
	[ -z "$suite" ] || printf 'Package: %s\nPin: release n=%s\nPin-Priority: 990\n' \
		"$(group_packages "$1" | tr '\n' ' ')" "$codename$suite" > "$apt/preferences"
}

private_apt() {
	APT_CONFIG=$apt/apt.conf "$@"
}

# resolve PACKAGE: itself, or for a kernel metapackage the package that it depends on.
resolve() {
	case $1 in
	linux-image-amd64 | linux-image-cloud-amd64 | linux-image-arm64)
		private_apt apt-cache depends "$1" | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' |
			head -n 1 ;;
	*) echo "$1" ;;
	esac
}

# group_files GROUP: the names apt gives the files of a group, after fetching those missing.
# (It names only what its archive folder lacks, so it is asked with an empty one.)
group_files() {
	local packages=() package name
	write_preferences "$1"
	if [ -n "$(group_word "$1" source)" ]; then
		mapfile -t packages < <(group_packages "$1")
		private_apt apt-get source -qq --print-uris "${packages[@]}" > "$apt/uris"
		(cd "$debs" && private_apt apt-get source -qq --download-only "${packages[@]}" >&2)
		awk '/\.orig\.tar/ { print $2 }' "$apt/uris"
		return
	fi
	for package in $(group_packages "$1"); do
		name=$(resolve "$package")
		[ -n "$name" ] || die "$package names no package"
		packages+=("$name")
	done
	if [ -n "$(group_word "$1" deps)" ]; then
		private_apt apt-get install -y -qq --print-uris \
			-o "Dir::Cache::archives=$apt/empty" "${packages[@]}" > "$apt/uris"
		private_apt apt-get install -y -qq --download-only "${packages[@]}" >&2
	else
		private_apt apt-get download -qq --print-uris "${packages[@]}" > "$apt/uris"
		(cd "$debs" && private_apt apt-get download -qq "${packages[@]}" >&2)
	fi
	awk '{ print $2 }' "$apt/uris"
}

# describe_file GROUP FILE: group, package and version, each followed by a tab.
describe_file() {
	local name=${2##*/}
	case $name in
	*.deb) dpkg-deb -W --showformat "$1\t\${Package}\t\${Version}\t" "$2" ;;
	*) name=${name%.orig.tar.*}
	   printf '%s\t%s\t%s\t' "$1" "${name%%_*}" "${name#*_}" ;;
	esac
}

fetch_group() {
	local root files file libc wrapper=''
	root=$cache/root/$(group_word "$1" root)
	say "fetching $1"
	mapfile -t files < <(group_files "$1")
	[ ${#files[@]} -gt 0 ] || die "apt names no file for $1"
	rm -rf "$root.new"
	mkdir -p "$root.new"
	for file in "${files[@]}"; do
		case $file in
		*.deb) dpkg -x "$debs/$file" "$root.new" ;;
		*) tar -xf "$debs/$file" -C "$root.new" --strip-components=1 ;;
		esac
	done
	rm -rf "$root"
	mv "$root.new" "$root"
	case $1 in
	emulator) wrapper=qemu-system-x86_64 ;;
	emulator-stable) wrapper=qemu-stable-system-x86_64 ;;
	emulator-arm) wrapper=qemu-system-aarch64 ;;
	bochs | bochs-stable) write_bochs_wrapper "${root##*/}" "$1" ;;
	esac
	if [ -n "$wrapper" ]; then
		libc=$(printf '%s\n' "${files[@]}" | grep '^libc6_')
		write_wrapper "${root##*/}" "$wrapper" "$debs/$libc"
	fi
	{
		group_stamp "$1"
		for file in "${files[@]}"; do
			describe_file "$1" "$debs/$file"
			sha256sum "$debs/$file" | cut -d' ' -f1
		done
	} > "$cache/root/$1.stamp.new"
	mv "$cache/root/$1.stamp.new" "$cache/root/$1.stamp"
}

fetch_groups() {
	local group release arch prepared=''
	for group in $(fetched_groups); do
		if [ "$refresh" = 0 ] && group_is_complete "$group"; then
			continue
		fi
		# Another checkout may be running what a new list would replace.
		[ "$refresh" = 1 ] || [ "$img" = "$images" ] || [ ! -e "$cache/root/$group.stamp" ] ||
			die "$cache holds $group by another checkout's list of packages." \
				"Give this checkout a cache of its own (unset XENOLITH_CACHE), or replace it for" \
				"all checkouts while none is running anything: scripts/setup.sh --refresh"
		release=$(group_word "$group" release)
		release=${release:-$codename}
		arch=$(group_word "$group" arch)
		arch=${arch:-$(dpkg --print-architecture)}
		[ "$prepared" = "$release $arch" ] || prepare_apt "$release" "$arch"
		prepared="$release $arch"
		fetch_group "$group"
	done
	[ -z "$prepared" ] && [ -f "$cache/versions.tsv" ] && return 0
	{
		printf 'group\tpackage\tversion\tsha256\n'
		tail -q -n +2 "$cache"/root/*.stamp
	} > "$cache/versions.tsv"
}

# The unpacked emulator needs its own libraries, except the C library's: those must match the
# loader, which is the system's.
link_libraries() {
	local root=$1 dir file
	rm -rf "$root/xenolith-lib"
	mkdir -p "$root/xenolith-lib"
	for dir in lib/x86_64-linux-gnu usr/lib/x86_64-linux-gnu; do
		for file in "$root/$dir"/*.so*; do
			if [ -e "$file" ] && ! grep -qs "/${file##*/}\$" "$root/xenolith-libc"; then
				ln -s "../$dir/${file##*/}" "$root/xenolith-lib/"
			fi
		done
	done
}

# write_wrapper ROOT NAME LIBC: <cache>/bin/NAME runs the QEMU under <cache>/root/ROOT with its own
# libraries and firmware. LIBC is the C library's package file.
write_wrapper() {
	local root=$cache/root/$1 wrapper=$cache/bin/$2
	mkdir -p "$cache/bin"
	dpkg-deb -c "$3" | awk '{ print $6 }' > "$root/xenolith-libc"
	link_libraries "$root"
	cat > "$wrapper.new" <<-EOF
	#!/bin/sh
	# Runs the unpacked QEMU with its own libraries and firmware. Made by scripts/setup.sh.
	root=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")/root/$1
	LD_LIBRARY_PATH=\$root/xenolith-lib QEMU_MODULE_DIR=\$root/usr/lib/x86_64-linux-gnu/qemu \\
		exec "\$root/usr/bin/qemu-system-${2##*-}" -L "\$root/usr/share/seabios" \\
		-L "\$root/usr/lib/ipxe/qemu" -L "\$root/usr/share/qemu" "\$@"
	EOF
	chmod +x "$wrapper.new"
	mv "$wrapper.new" "$wrapper"
	"$wrapper" --version > "$root/xenolith-version" || die "the fetched $2 does not run"
}

# write_bochs_wrapper ROOT NAME: <cache>/bin/NAME runs the Bochs under <cache>/root/ROOT. It may be of a
# newer release than the system, so it takes all of its libraries and their loader along.
write_bochs_wrapper() {
	local wrapper=$cache/bin/$2
	mkdir -p "$cache/bin"
	cat > "$wrapper.new" <<-EOF
	#!/bin/sh
	# Runs the unpacked Bochs with its own libraries. Made by scripts/setup.sh.
	root=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")/root/$1
	lib=\$root/usr/lib/x86_64-linux-gnu more=\$root/lib/x86_64-linux-gnu
	loader=\$lib/ld-linux-x86-64.so.2
	[ -e "\$loader" ] || loader=\$more/ld-linux-x86-64.so.2
	export LTDL_LIBRARY_PATH=\$lib/bochs/plugins BXSHARE=\$root/usr/share/bochs
	exec "\$loader" --library-path "\$lib:\$more:\$lib/pulseaudio" "\$root/usr/bin/bochs-bin" "\$@"
	EOF
	chmod +x "$wrapper.new"
	mv "$wrapper.new" "$wrapper"
	"$wrapper" --help > "$cache/root/$1/xenolith-version" 2>&1 || true
	grep -q '^Usage: bochs' "$cache/root/$1/xenolith-version" || die "the fetched Bochs does not run"
}

mkdir -p "$cache/root"
exec 9> "$cache/setup.lock"
flock 9
apt=$cache/apt debs=$cache/debs
[ -z "$also" ] || [ -n "$(group_packages "$also")" ] || die "no group $also in $list"
[ "$install" = 0 ] || install_missing
if [ "$fetch" = 1 ]; then
	[ -z "$only" ] || [ -n "$(fetched_groups)" ] || die "no group $only in $list"
	fetch_groups
	[ "$build_images" = 0 ] || "$here/image/build.sh"
fi
