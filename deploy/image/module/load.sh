#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In a privileged container: builds netpol.ko for the kernel that runs, with the headers of the
# node, and loads it. For nodes whose owner has no DKMS.
#
#   load.sh [build|load]     both, if neither is named
#
#   NODE=/host               where the node's root is mounted, read-only
#   SOURCE=/usr/src/netpol   the source of the module
#   BUILD=/build             a folder to build in
#   RELEASE=                 of the kernel to build for, instead of the one that runs
#
# A module that is loaded already stays, whatever its version: to unload it would open the node.
set -eu
node=${NODE:-/host}
source=${SOURCE:-/usr/src/netpol}
build=${BUILD:-/build}
release=${RELEASE:-$(uname -r)}

die()
{
	echo "netpol: error: $1" >&2
	echo "netpol: hint: $2" >&2
	exit 1
}

loaded()
{
	[ -e /sys/module/netpol ] || return 1
	old=$(cat /sys/module/netpol/version)
	new=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$source/dkms.conf")
	echo "netpol: version $old is loaded"
	[ "$old" = "$new" ] ||
		echo "netpol: it stays; the node gets version $new when it boots again"
}

# Makes the node's headers appear where they are on the node, because they name each other by
# absolute paths.
headers_in_place()
{
	mkdir -p /lib/modules /usr/src
	for path in "$node/lib/modules/$release" "$node"/usr/src/* "$node"/usr/lib/linux-kbuild-*; do
		at=${path#"$node"}
		[ ! -e "$path" ] || [ -e "$at" ] || [ -h "$at" ] || ln -s "$path" "$at"
	done
}

build()
{
	[ "$node" = / ] || headers_in_place
	[ -e "/lib/modules/$release/build/Makefile" ] ||
		die "the node has no headers of Linux $release, or not all of them" \
			"install linux-headers-$release there (Debian, Ubuntu) or kernel-devel-$release"
	rm -rf "$build/netpol"
	mkdir -p "$build/netpol"
	cp -r "$source/." "$build/netpol/"
	echo "netpol: building for Linux $release"
	make -s -C "/lib/modules/$release/build" "M=$build/netpol" modules >"$build/log" 2>&1 || {
		tail -n 20 "$build/log" >&2
		die "the module does not build for Linux $release" \
			"the compiler has to fit the kernel: make the image from the node's own release"
	}
}

load()
{
	for needed in $(modinfo -F depends "$build/netpol/netpol.ko" | tr , ' '); do
		modprobe "$needed" || die "the kernel module $needed cannot be loaded" \
			"netpol needs conntrack; the node's kernel must have it"
	done
	insmod "$build/netpol/netpol.ko" || die "the kernel refuses the module" \
		"see dmesg; with Secure Boot a module must be signed, and this image signs none"
	echo "netpol: loaded"
}

case "${1:-all}" in
build) build ;;
load) loaded || load ;;
all) loaded || { build; load; } ;;
*) sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
