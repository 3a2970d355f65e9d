#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernels that netpol is tested on, and where they are.
#
#   kernel.sh series           6.1 6.12, or what KERNELS says
#   kernel.sh release SERIES   release name of the newest headers
#   kernel.sh headers SERIES   their directory
#   kernel.sh image SERIES     a directory with vmlinuz and lib/modules/RELEASE:
#                              fetched from the Debian package when the machine
#                              doesn't have that very kernel installed (or
#                              NETPOL_FETCH_KERNEL is set)
#   kernel.sh fetch SERIES     gets what is not installed; looks for a newer
#                              kernel of such a series once in a week
#
# The headers of 6.1 and 6.12 are packages of Debian 12 (deps.sh). Other series come
# from other suites and are not installed (kernel-fetch.sh): 5.10, 7.2 or the like, and
# "newest", the newest kernel there is.
#
# The series "debug" is User Mode Linux 6.12 with the kernel's checkers, built when
# it is first asked for (uml-kernel.sh); its image is a program, linux.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${NETPOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/netpol}

die()
{
	echo "kernel.sh: $*" >&2
	exit 1
}

debug() { "$here/../vm/uml-kernel.sh" debug; }

# Is this a series that this Debian does not have?
foreign()
{
	case "$1" in
	6.1|6.12|debug) return 1 ;;
	esac
}

release()
{
	if [ "$1" = debug ]; then
		d=$(debug) && basename "$d"/lib/modules/*
		return
	fi
	if foreign "$1"; then
		d=$("$here/kernel-fetch.sh" "$1") && basename "$d"
		return
	fi
	d=$(find /usr/src -maxdepth 1 -name "linux-headers-$1.*-cloud-amd64" |
		sort -V | tail -n 1)
	[ -n "$d" ] || die "no headers of $1 here: run make deps"
	echo "${d#/usr/src/linux-headers-}"
}

# Unpacks linux-image-$1 under the cache.
fetch()
{
	dir=$cache/kernels/$1
	mkdir -p "$cache/kernels"
	tmp=$(mktemp -d "$cache/kernels/.tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	(
		cd "$tmp"
		# _apt may not enter this directory: root fetches then, with
		# a warning that nobody needs to see.
		apt-get download -q "linux-image-$1" >log 2>&1 || {
			apt-get -q -o DPkg::Lock::Timeout=600 update >>log 2>&1 &&
			apt-get download -q "linux-image-$1" >>log 2>&1
		} || { cat log >&2; exit 1; }
		dpkg-deb -x linux-image-*.deb x
		mv "x/boot/vmlinuz-$1" x/vmlinuz
		if [ ! -d x/lib ] && [ -d x/usr/lib/modules ]; then
			ln -s usr/lib x/lib
		fi
		depmod -b "$tmp/x" "$1"
		mv -T x "$dir" 2>/dev/null || [ -e "$dir/vmlinuz" ]
	) || die "can't fetch linux-image-$1"
}

headers()
{
	if [ "$1" = debug ]; then
		d=$(debug) && echo "$d/build"
	elif foreign "$1"; then
		d=$("$here/kernel-fetch.sh" "$1") && echo "$d/root/usr/src/linux-headers-${d##*/}"
	else
		rel=$(release "$1") && echo "/usr/src/linux-headers-$rel"
	fi
}

image()
{
	if [ "$1" = debug ]; then
		debug
		return
	fi
	if foreign "$1"; then
		"$here/kernel-fetch.sh" "$1"
		return
	fi
	rel=$(release "$1")
	if [ -z "${NETPOL_FETCH_KERNEL:-}" ] && [ -e "/boot/vmlinuz-$rel" ] &&
	   [ -e "/lib/modules/$rel/modules.dep.bin" ] &&
	   [ -d "/lib/modules/$rel/kernel/net" ]; then
		mkdir -p "$cache/kernels/host-$rel/lib"
		ln -sfn "/boot/vmlinuz-$rel" "$cache/kernels/host-$rel/vmlinuz"
		ln -sfn /lib/modules "$cache/kernels/host-$rel/lib/modules"
		echo "$cache/kernels/host-$rel"
		return
	fi
	if [ ! -e "$cache/kernels/$rel/vmlinuz" ]; then
		mkdir -p "$cache"
		( flock 9; [ -e "$cache/kernels/$rel/vmlinuz" ] || fetch "$rel" ) \
			9>"$cache/lock" || exit 1
	fi
	echo "$cache/kernels/$rel"
}

case "${1:-}" in
series) echo "${KERNELS:-6.1 6.12}" ;;
release) release "${2:?which series?}" ;;
headers) headers "${2:?which series?}" ;;
image) image "${2:?which series?}" ;;
fetch)
	if foreign "${2:?which series?}"; then
		"$here/kernel-fetch.sh" --fresh "$2" >/dev/null
	else
		image "$2" >/dev/null
	fi ;;
*) sed -n '3,23s/^# \{0,1\}//p' "$here/kernel.sh" >&2; exit 2 ;;
esac
