#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds a User Mode Linux kernel from Debian's source package linux-source-6.12 and
# prints its directory, which holds
#
#   linux         the kernel, a program
#   lib/modules   its modules
#   src, build    what building a module for it needs (make -C build M=...)
#
# It is kept in the cache under the package's version and the configuration's
# hash, so only the first run takes its 5 to 20 minutes of two idle processors.
#
#   uml-kernel.sh [KIND]            build if need be, print the directory
#   uml-kernel.sh --cached [KIND]   print the directory, or fail if it isn't built
#
# KIND is bench (the default: uml.config, for the packet benches) or debug (uml.config
# and uml-debug.config: the kernel's checkers, and what the end-to-end tests need).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${NETPOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/netpol}
tarball=/usr/src/linux-source-6.12.tar.xz

die()
{
	echo "uml-kernel.sh: $*" >&2
	exit 1
}

version=$(dpkg-query -W -f '${Version}' linux-source-6.12 2>/dev/null) || version=
if [ -z "$version" ] || [ ! -e "$tarball" ]; then
	die "no $tarball: install the package linux-source-6.12 (make deps)"
fi
mode=build
case "${1:-}" in
--cached|--build) mode=${1#--}-only; shift ;;
esac
kind=${1:-bench}
case "$kind" in
bench) configs=("$here/uml.config") ;;
debug) configs=("$here/uml.config" "$here/uml-debug.config") ;;
*) die "no kind of kernel is called $kind" ;;
esac
key=$(cat "${configs[@]}" | sha256sum | cut -c1-12)
dir=$cache/uml/${version//\~/-}-$key
if [ -x "$dir/linux" ]; then
	echo "$dir"
	exit
fi

# In its final place: the build directory's Makefile names its source directory.
build()
{
	rm -rf "$dir"
	mkdir -p "$dir/src" "$dir/build"
	tar -xf "$tarball" -C "$dir/src" --strip-components=1
	local mk=(make -s -C "$dir/src" "O=$dir/build" ARCH=um "-j$(nproc)")
	cat "${configs[@]}" >"$dir/config"
	"${mk[@]}" KCONFIG_ALLCONFIG="$dir/config" allnoconfig
	local option
	while read -r option; do
		grep -qx "$option" "$dir/build/.config" ||
			die "$option is not in this kernel's configuration"
	done < <(sed -n '/^CONFIG_.*=[^n]/p' "$dir/config")
	"${mk[@]}" linux modules
	"${mk[@]}" INSTALL_MOD_PATH="$dir" INSTALL_MOD_STRIP=1 modules_install
	rm -f "$dir"/lib/modules/*/{build,source}
	# Who builds a module there need not say for which architecture.
	sed -i '1i ARCH = um' "$dir/build/Makefile"
	strip -g -o "$dir/linux.new" "$dir/build/linux"
	# A module's build needs headers, Makefiles and scripts, not a gigabyte of C.
	(
		cd "$dir/src"
		find . -mindepth 1 -maxdepth 1 ! -name arch ! -name include ! -name scripts \
			! -name 'M*' ! -name 'K*' ! -name tools -exec rm -rf {} +
		find arch -mindepth 1 -maxdepth 1 ! -name um ! -name x86 ! -name 'K*' \
			-exec rm -rf {} +
		find tools -mindepth 1 -maxdepth 1 ! -name include ! -name scripts ! -name build \
			-exec rm -rf {} +
		cd "$dir/build"
		find . -name scripts -prune -o \
			\( -name '*.o' -o -name '.*.cmd' -o -name '*.a' \) -type f -exec rm -f {} +
		rm -f linux vmlinux
	)
	mv "$dir/linux.new" "$dir/linux"
}

case "$mode" in
cached-only) die "the kernel is not built yet: run tests/vm/uml-kernel.sh $kind" ;;
build-only) build; exit ;;
esac

mkdir -p "$cache/uml"
(
	flock 9
	if [ ! -x "$dir/linux" ]; then
		echo "building $dir, 5 to 20 minutes" >&2
		bash "$0" --build "$kind" >"$cache/uml/log" 2>&1
	fi
) 9>"$cache/uml/lock" || { tail -n 30 "$cache/uml/log" >&2; die "no kernel; all of it is in $cache/uml/log"; }
echo "$dir"
