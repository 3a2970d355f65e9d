#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kselftest.sh DIR - kselftest.h, kselftest_harness.h, checkpatch.pl, and the client
# and the schema of netlink specifications (python/ynl, genetlink-legacy.yaml), taken
# out of Debian's linux-source package (cached, it is a big archive) into DIR.
set -eu

dir=$1
cache=${NETPOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/netpol}
tar=/usr/src/linux-source-6.12.tar.xz
[ -e "$tar" ] || { echo "no $tar: run make deps" >&2; exit 1; }
version=$(dpkg-query -W -f '${Version}' linux-source-6.12)
from=$cache/kselftest/$version

if [ ! -e "$from/python" ]; then
	mkdir -p "$cache/kselftest"
	tmp=$(mktemp -d "$cache/kselftest/.tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	top=linux-source-6.12
	self=$top/tools/testing/selftests
	tar -C "$tmp" --strip-components=1 -I 'xz -dT0' -xf "$tar" \
		$self/kselftest.h $self/kselftest_harness.h \
		$top/scripts/checkpatch.pl $top/scripts/spelling.txt \
		$top/scripts/const_structs.checkpatch \
		$top/tools/net/ynl/lib/__init__.py $top/tools/net/ynl/lib/nlspec.py \
		$top/tools/net/ynl/lib/ynl.py $top/Documentation/netlink/genetlink-legacy.yaml
	mkdir -p "$tmp/flat/python"
	cp "$tmp"/tools/testing/selftests/*.h "$tmp"/scripts/* "$tmp"/Documentation/netlink/* "$tmp/flat/"
	cp -r "$tmp/tools/net/ynl/lib" "$tmp/flat/python/ynl"
	rm -rf "${from:?}"
	mv -T "$tmp/flat" "$from"
fi
mkdir -p "$dir"
cp -r "$from"/* "$dir/"
