#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The root of the image that builds and loads the module: Debian of this machine's release, with
# a compiler and the module's source. Run as root at the top of the source.
#
#   deploy/image/module/root.sh DIRECTORY SOURCE-FILE...
set -eu
root=$1
shift
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
rm -rf "$root"
mkdir -p "$root"
# The machine's own package sources, those of Debian alone.
sources=()
for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
	[ ! -s "$file" ] || sources+=("$file")
done
mmdebstrap --quiet --variant=apt --include=gcc,kmod,libc6-dev,libelf1,make \
	--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
	"$release" "$root" "${sources[@]}"
# What differs from one run to the next, and device files, which the node brings.
(
	cd "$root"
	rm -rf ./dev/* ./var/lib/apt/lists/* ./var/cache/* ./var/log/* ./etc/machine-id \
		./etc/resolv.conf ./etc/hostname
)
tests/run/sync-tree.sh "$root/usr/src/netpol" "$@"
install -m 755 deploy/image/module/load.sh "$root/usr/sbin/netpol-load"
