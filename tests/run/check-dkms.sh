#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# DKMS: add, build and install for each kernel, in a tree of its own, and the
# module that comes out is loaded in a virtual machine. The same with make install.
set -eu
self=$(realpath "$0")
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh

version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
base=$PWD/build/dkms

# dkms makes a signing key in /var/lib/dkms whatever --dkmstree says: hide the
# real one behind an empty directory, where the machine lets us.
private()
{
	if unshare -m true 2>/dev/null; then
		# shellcheck disable=SC2016 # expanded by the inner shell
		unshare -m sh -c 'mkdir -p /var/lib/dkms "$1" &&
			mount --bind "$1" /var/lib/dkms && shift && exec "$@"' \
			sh "$base/key" "$@"
	else
		"$@"
	fi
}

d()
{
	private dkms "$@" --dkmstree "$base/tree" --sourcetree "$base/src" \
		--installtree "$base/modules"
}

build()
{
	local rel=$1 headers=$2
	mkdir -p "$base/modules/$rel"
	d build "netpol/$version" -k "$rel" --kernelsourcedir "$headers" || {
		cat "$base/tree/netpol/$version/build/make.log" 2>/dev/null
		return 1
	}
	d install "netpol/$version" -k "$rel" --kernelsourcedir "$headers" --no-depmod
	[ -e "$(ko "$rel")" ] || { echo "no module was installed"; return 1; }
	[ "$(modinfo -F version "$(ko "$rel")")" = "$version" ] ||
		{ echo "modinfo doesn't show version $version"; return 1; }
}

ko()
{
	find "$base/modules/$1/updates/dkms" -name 'netpol.ko*' 2>/dev/null | head -n 1
}

remove()
{
	d remove "netpol/$version" --all --no-depmod
	[ -z "$(find "$base/modules" -name 'netpol.ko*')" ] ||
		{ echo "a module is left behind"; return 1; }
}

# What make install puts below DESTDIR: the module without debug information, and what loads it.
install_all()
{
	local to=$base/dest file
	make -s -j"$(nproc)" install KERNELDIR="$2" DESTDIR="$to" >"$base/install.log"
	file=$to/lib/modules/$1/updates/netpol.ko
	! readelf -S "$file" | grep '\.debug_' || { echo "$file has debug information"; return 1; }
	readelf -sW "$file" | grep -q 'FUNC .* netpol_' || { echo "$file has no symbols"; return 1; }
	[ "$(grep -v '^#' "$to/usr/lib/modules-load.d/netpol.conf")" = netpol ]
	[ "$(find "$to" -name '*.service' | wc -l)" = "$(find deploy/systemd -name '*.service' | wc -l)" ]
	"$to/usr/sbin/netpolctl" --version | grep -q "$version"
	grep -q "systemctl enable" "$base/install.log"
	# What an operator has written stays.
	echo NODE_NAME=mine >"$to/etc/netpol/sync.env"
	make -s install KERNELDIR="$2" DESTDIR="$to" >/dev/null
	grep -qx NODE_NAME=mine "$to/etc/netpol/sync.env"
}

# load SERIES FILE
load()
{
	local file=$2
	case "$file" in
	*.xz) xz -dkf "$file"; file=${file%.xz} ;;
	esac
	tests/vm/run -k "$1" -m "$file" -f tests/vm/smoke.sh:/tests/smoke.sh \
		-- sh /tests/smoke.sh
}

# What nodes without DKMS get: the container's program, with this machine as the node.
container()
{
	local dir=$base/container file=deploy/image/module/load.sh
	mkdir -p "$dir"
	RELEASE=$2 NODE=/ SOURCE=$base/src/netpol-$version BUILD=$dir sh $file build
	tests/vm/run -k "$1" -f $file:/load.sh -f dkms.conf:/usr/src/netpol/dkms.conf \
		-f "$dir/netpol/netpol.ko:/build/netpol/netpol.ko" \
		-f tests/vm/container.sh:/container.sh -- sh /container.sh
}

case "${1:-}" in
--do) part=dkms; shift; "$@"; exit ;;
esac

begin dkms
if ! compgen -G 'kmod/*.c' >/dev/null; then
	skipped "no module yet"
	finish
	exit
fi
rm -rf "$base"
mkdir -p "$base/src" "$base/tree" "$base/modules"
DESTDIR=$base/dest make -s dkms-install
mv "$base/dest/usr/src/netpol-$version" "$base/src/"
run_check "dkms add" bash "$self" --do d add "netpol/$version"
for k in $(tests/run/kernel.sh series); do
	rel=$(tests/run/kernel.sh release "$k")
	run_check "dkms build and install, $rel" bash "$self" --do \
		build "$rel" "$(tests/run/kernel.sh headers "$k")"
	if [ -n "$(ko "$rel")" ]; then
		run_check "the dkms module loads and unloads, $rel" \
			bash "$self" --do load "$k" "$(ko "$rel")"
	fi
done
run_check "the container that loads the module, $rel" bash "$self" --do container "$k" "$rel"
run_check "make install, $rel" bash "$self" --do install_all "$rel" "$(tests/run/kernel.sh headers "$k")"
run_check "the installed module loads and unloads, $rel" bash "$self" --do \
	load "$k" "$base/dest/lib/modules/$rel/updates/netpol.ko"
run_check "dkms remove" bash "$self" --do remove
finish
