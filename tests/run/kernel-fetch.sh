#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fetches a kernel that this Debian does not have: the newest release of a series, with the
# headers to build a module, from another suite of Debian. Nothing of it is installed. The
# packages are unpacked below the cache, together with the compiler and the C library that the
# suite builds its modules with, and run from there.
#
#   kernel-fetch.sh SERIES             fetch it if need be, print its directory
#   kernel-fetch.sh --cached SERIES    print the directory, or fail if it is not here
#   kernel-fetch.sh --fresh SERIES     look for a newer release first, once in a week. If it
#                                      cannot be had, the one that is here will do
#
# SERIES is 5.10 (bullseye), 7.2 or another number (trixie-backports), newest (the highest
# number in trixie-backports) or sid (the newest kernel of sid).
#
# The directory is called by the kernel's release and holds vmlinuz, lib/modules/RELEASE, and
# root, where the packages are; the headers are in root/usr/src/linux-headers-RELEASE.
#
# The mirrors are those that this machine's apt uses, and apt checks the signatures with the
# keys in the package debian-archive-keyring.
set -eu

cache=${NETPOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/netpol}
keys=/usr/share/keyrings/debian-archive-keyring.gpg
flavour=cloud-amd64

die()
{
	echo "kernel-fetch.sh: $*" >&2
	exit 1
}

mode=needed
case "${1:-}" in
--cached|--fresh|--needed) mode=${1#--}; shift ;;
esac
series=${1:?which series?}
case "$series" in
5.10) suites='bullseye bullseye-security' number=5.10 ;;
newest) suites='trixie trixie-backports' number='[0-9][0-9.]*' ;;
sid) suites=sid number='[0-9][0-9.]*' ;;
[0-9]*.[0-9]*) suites='trixie trixie-backports' number=${series//./\\.} ;;
*) die "no series of kernels is called $series" ;;
esac
here=$cache/foreign/$series

# Is a kernel here? It only works where it was unpacked: its tools hold their paths.
known()
{
	local dir
	[ -e "$here/release" ] && dir=$cache/foreign/$(<"$here/release") &&
		[ "$(cat "$dir/complete" 2>/dev/null)" = "$dir" ] && echo "$dir"
}

# mirror LABEL: where this machine gets Debian's packages, or those of its security team.
mirror()
{
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
		sed -n "s/^$1 //p" | head -n 1
}

# The tool $1 of apt, with lists and archives of our own and no package installed.
apt()
{
	local tool=$1
	shift
	"$tool" -q -o Dir::Etc::sourcelist="$here/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null \
		-o Dir::State::lists="$here/lists" -o Dir::State::status=/dev/null \
		-o Dir::Cache="$here/cache" -o Acquire::Languages=none -o Debug::NoLocking=1 \
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o Acquire::Retries=2 \
		-o Acquire::http::Timeout=30 -o APT::Sandbox::User=root \
		-o APT::Install-Recommends=0 -o APT::Update::Post-Invoke-Success= "$@"
}

# The name of the newest release in the suites.
look()
{
	local suite from label
	mkdir -p "$here/lists/partial" "$here/cache/archives/partial"
	: >"$here/sources.list"
	for suite in $suites; do
		label=Debian
		case "$suite" in *-security) label=Debian-Security ;; esac
		from=$(mirror "$label")
		[ -n "$from" ] || die "apt on this machine knows no mirror of $label"
		echo "deb [signed-by=$keys] $from $suite main" >>"$here/sources.list"
	done
	apt apt-get update -o APT::Update::Error-Mode=any >&2 ||
		die "the lists of $suites cannot be read"
	apt apt-cache pkgnames linux-image- |
		sed -n "s/^linux-image-\(${number}[.][0-9][^-]*\(-[0-9]*\)\{0,1\}-$flavour\)$/\1/p" |
		sort -V | tail -n 1
}

# Makes what was unpacked work where it is.
settle()
{
	local root=$1 rel=$2 file lib=$1/usr/lib/x86_64-linux-gnu
	local headers=$root/usr/src/linux-headers-$rel
	# Older suites have /lib, /lib64 beside /usr/lib.
	for file in lib lib64; do
		[ ! -d "$root/$file" ] || [ -L "$root/$file" ] || {
			mkdir -p "$root/usr/$file"
			cp -a "$root/$file/." "$root/usr/$file/"
			rm -rf "${root:?}/$file"
		}
		ln -sfn "usr/$file" "$root/$file"
	done
	# Programs look for the C library and the others of their own suite.
	find "$root/usr/bin" "$root"/usr/lib/linux-kbuild-* "$root/usr/lib/gcc" "$root/usr/libexec" \
		-type f -perm /111 -exec sh -c 'for f; do
			patchelf --print-interpreter "$f" >/dev/null 2>&1 && echo "$f"; done' sh {} + \
		2>/dev/null >"$root/../programs" || :
	while read -r file; do
		patchelf --set-interpreter "$lib/ld-linux-x86-64.so.2" \
			--force-rpath --set-rpath "$lib" "$file"
	done <"$root/../programs"
	sed -i "s@/usr/src/@$root/usr/src/@g" "$headers/Makefile"
	printf '%s\n' "override CROSS_COMPILE = $root/usr/bin/x86_64-linux-gnu-" \
		"override CC = \$(CROSS_COMPILE)$(sed -n \
			's/.*CROSS_COMPILE)\(gcc-[0-9]*\)$/\1/p' "$headers/.kernelvariables")" \
		"override PAHOLE = $root/usr/bin/pahole" >>"$headers/.kernelvariables"
}

unpack()
{
	local rel=$1 dir=$cache/foreign/$1 deb name root
	root=$dir/root
	rm -rf "$dir" "$here/cache/archives"
	mkdir -p "$root" "$here/cache/archives/partial"
	apt apt-get install -y --download-only "linux-headers-$rel" >&2
	# The image, without what would install it. Since 6.19 it is split.
	set -- "linux-image-$rel"
	for name in binary modules; do
		! apt apt-cache show "linux-$name-$rel" >/dev/null 2>&1 || set -- "$@" "linux-$name-$rel"
	done
	(cd "$here/cache/archives" && apt apt-get download "$@" >&2)
	for deb in "$here"/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$root"
	done
	rm -rf "$root"/usr/share/{doc,man,locale,info}
	settle "$root" "$rel"
	if [ -e "$root/boot/vmlinuz-$rel" ]; then
		mv "$root/boot/vmlinuz-$rel" "$dir/vmlinuz"
	else
		mv "$root/usr/lib/modules/$rel/vmlinuz" "$dir/vmlinuz"
	fi
	ln -s root/usr/lib "$dir/lib"
	depmod -b "$dir" "$rel"
	echo "$dir" >"$dir/complete"
}

get()
{
	local rel
	rel=$(look) || exit 1
	[ -n "$rel" ] || die "no $series kernel of $flavour in $suites"
	[ "$(cat "$cache/foreign/$rel/complete" 2>/dev/null)" = "$cache/foreign/$rel" ] || unpack "$rel"
	rm -rf "$here/cache" "$here/lists"
	echo "$rel" >"$here/release"
	# Another tree may be using what was the newest one until now.
	find "$cache/foreign" -maxdepth 1 -name "*-$flavour" -mtime +7 | while read -r rel; do
		grep -qxs "${rel##*/}" "$cache"/foreign/*/release || rm -rf "$rel"
	done
}

# A week later there may be a newer one.
due()
{
	! known >/dev/null || { [ "$mode" = fresh ] &&
		[ -z "$(find "$here/release" -mtime -7)" ]; }
}

if [ "${locked:-}" = yes ]; then
	! due || get
	exit 0
fi
if due; then
	[ "$mode" != cached ] ||
		die "no $series kernel here: tests/run/kernel-fetch.sh $series fetches it"
	command -v patchelf >/dev/null || die "no patchelf here: run make deps"
	mkdir -p "$here"
	# A program of its own, since set -e does not hold on the left of ||.
	locked=yes flock "$cache/foreign/lock" bash "$0" "--$mode" "$series" >"$here/log" 2>&1 || {
		known >/dev/null || { tail -n 20 "$here/log" >&2; die "the kernel $series cannot be fetched"; }
	}
fi
known
