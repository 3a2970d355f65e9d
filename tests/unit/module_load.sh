#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The container that builds the module finds the headers of nodes with other layouts than this
# machine's, and writes nothing to the node. No compiler and no module: the Makefiles are made up.
# What is below /usr here changes in a mount namespace only.
set -eu
cd "$(dirname "$0")/../.."
if [ "${1:-}" != inside ]; then
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	unshare -m bash "$0" inside "$dir"
	exit
fi
tmp=$2
load=$PWD/deploy/image/module/load.sh
mount -t tmpfs none "$tmp"
mkdir "$tmp/upper" "$tmp/work" "$tmp/source"
mount -t overlay -o "lowerdir=/usr,upperdir=$tmp/upper,workdir=$tmp/work" none /usr
echo 'obj-m := netpol.o' >"$tmp/source/Kbuild"

run()
{
	env RELEASE="$release" NODE="$node" SOURCE="$tmp/source" BUILD="$tmp/build" sh "$load" "$@"
}

# fails TEXT WORD...: load.sh fails and says TEXT
fails()
{
	local text=$1
	shift
	if run "$@" >"$tmp/log" 2>&1 || ! grep -qF -e "$text" "$tmp/log"; then
		echo "$release: load.sh $* did not fail, or did not say \"$text\":"
		cat "$tmp/log"
		exit 1
	fi
}

# node NAME: an empty one
node()
{
	release=0.0-$1
	node=$tmp/$1
	mkdir -p "$node/usr/src" "$node/usr/lib/modules/$release"
	ln -s usr/lib "$node/lib"
}

# The module comes out, and the node is as it was.
builds()
{
	find "$node" | sort >"$tmp/before"
	mount --bind "$node" "$node"
	mount -o remount,bind,ro "$node"
	rm -rf "$tmp/build"
	run build >"$tmp/log" 2>&1 || { cat "$tmp/log"; exit 1; }
	[ "$(cat "$tmp/build/netpol/netpol.ko")" = "$release" ] || { echo "$release: no module"; exit 1; }
	find "$node" | sort | cmp - "$tmp/before"
}

# makefile FILE: builds the "module" netpol.ko, which says for what it was built
makefile()
{
	mkdir -p "$(dirname "$1")"
	# shellcheck disable=SC2016 # for make
	printf 'modules:\n\t@test -e $(M)/Kbuild\n\t@echo %s >$(M)/netpol.ko\n' "$release" >"$1"
}

# The parts of Debian's headers name each other by absolute paths.
node debian
ln -s "/usr/src/linux-headers-$release" "$node/lib/modules/$release/build"
mkdir "$node/usr/src/linux-headers-$release" "$node/usr/lib/linux-kbuild-0.0"
echo 'include /usr/src/linux-headers-0.0-common/Makefile' \
	>"$node/usr/src/linux-headers-$release/Makefile"
echo 'include /usr/lib/linux-kbuild-0.0/Makefile' >"$tmp/include"
makefile "$node/usr/lib/linux-kbuild-0.0/Makefile"
mkdir "$node/usr/src/linux-headers-0.0-common"
mv "$tmp/include" "$node/usr/src/linux-headers-0.0-common/Makefile"
builds

# Ubuntu's are relative.
node ubuntu
ln -s "/usr/src/linux-headers-$release" "$node/lib/modules/$release/build"
mkdir "$node/usr/src/linux-headers-$release"
ln -s ../linux-headers-0.0/Makefile "$node/usr/src/linux-headers-$release/Makefile"
makefile "$node/usr/src/linux-headers-0.0/Makefile"
builds

# Red Hat's are in a folder for all kernels.
node redhat
ln -s "/usr/src/kernels/$release" "$node/lib/modules/$release/build"
makefile "$node/usr/src/kernels/$release/Makefile"
builds

# A node where /lib is no part of /usr, with the headers among the modules.
node apart
rm "$node/lib"
makefile "$node/lib/modules/$release/build/Makefile"
builds

node bare
fails "the node has no headers of Linux $release" build
node broken
mkdir "$node/lib/modules/$release/build"
printf 'modules:\n\t@echo what went wrong >&2; false\n' >"$node/lib/modules/$release/build/Makefile"
fails "what went wrong" build
fails "the module does not build for Linux $release" build
# What cannot be copied is not built from a part.
rm -r "$tmp/source"
[ -e /sys/module/netpol ] || fails "cannot stat" all
if grep -q building "$tmp/log"; then
	echo "built without a source"
	exit 1
fi
