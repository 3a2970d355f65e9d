#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Debian packages: made twice with the same bytes, clean by lintian, installed into a root
# that has nothing but what they depend on (DKMS builds the module there, with the headers of
# this machine), and upgraded, removed and purged in a virtual machine with policies in force
# (tests/deb/life.sh).
#
# The root is made once, with mmdebstrap, and kept in the cache.
set -eu
self=$(realpath "$0")
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh

cache=${NETPOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/netpol}
base=$PWD/build/check-deb
root=$base/root
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
# as long, because it is written over the one in the module
later=${version%?}9
series=6.1
# What the packages and the headers depend on; dpkg complains of what is missing here.
include=dkms,libelf1,kmod,init-system-helpers,libcjson1,libcurl4,libmicrohttpd12,libnl-3-200
include=$include,libnl-genl-3-200,libnl-route-3-200,libyaml-0-2

# Once more with another folder, umask, time zone and language.
reproducible()
{
	rm -rf "$base/first" "$base/again"
	make -s deb >"$base/first.log" 2>&1 || { tail -n 40 "$base/first.log"; return 1; }
	mv build/deb "$base/first"
	mkdir -p "$base/again/elsewhere"
	tar -c --exclude-vcs --exclude=./build . | tar -x -C "$base/again/elsewhere"
	(
		umask 077
		cd "$base/again/elsewhere"
		TZ=Asia/Tokyo LC_ALL=C.UTF-8 make -s deb >"$base/again.log" 2>&1 ||
			{ tail -n 40 "$base/again.log"; exit 1; }
		mv build/deb/*.deb ..
	)
	local deb
	for deb in "$base"/first/*.deb; do
		cmp "$deb" "$base/again/${deb##*/}"
	done
	rm -r "$base/again"
}

clean()
{
	local said
	said=$(lintian --profile debian --allow-root "$base"/first/*.changes)
	[ -z "$said" ] || { echo "$said"; return 1; }
}

# files PACKAGE...: the files of packages of either kind, without folders, where a merged /usr has
# them and zsh looks for them, without documents and debug information, and manual pages without how they are compressed.
files()
{
	local package
	for package in "$@"; do
		case "$package" in
		*.deb) dpkg-deb --fsys-tarfile "$package" | tar -t | sed 's/^\.//; /\/$/d' ;;
		*.rpm) rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$package" |
			sed -n 's/^[^d][^ ]* //p' ;;
		esac
	done | sed -E 's,^/lib/,/usr/lib/,; s,/zsh/vendor-completions/,/zsh/site-functions/,; s,(/man/.*)\.gz$,\1,' | grep -v -e '^/usr/share/doc/' \
		-e '^/usr/share/lintian/' -e '\.build-id/' | LC_ALL=C sort -u
}

# The RPM packages hold what the Debian packages hold. There is no distribution here that installs
# them; their parts that run on such a one are read by a shell, no more.
rpm_packages()
{
	make -s rpm RPMFLAGS=--nodeps >"$base/rpm.log" 2>&1 || { tail -n 40 "$base/rpm.log"; return 1; }
	files "$base"/first/*.deb >"$base/files.deb"
	files build/rpm/RPMS/*/*.rpm >"$base/files.rpm"
	[ -s "$base/files.deb" ] && diff "$base/files.deb" "$base/files.rpm"
	for f in build/rpm/RPMS/*/*.rpm; do
		rpm -qp --scripts "$f" | sed -E 's/^(post|pre)[a-z]* scriptlet .*//' | sh -n
	done
	[ "$(rpm -qp --qf '%{version}' build/rpm/RPMS/noarch/*.rpm)" = "$version" ]
}

# DKMS is told which kernels the source is for: those that are tested, and no others.
kernels()
{
	local rel k BUILD_EXCLUSIVE_KERNEL
	BUILD_EXCLUSIVE_KERNEL=$(sed -n 's/^BUILD_EXCLUSIVE_KERNEL="\(.*\)"/\1/p' dkms.conf)
	for k in $(tests/run/kernel.sh series); do
		rel=$(tests/run/kernel.sh release "$k")
		[[ $rel =~ $BUILD_EXCLUSIVE_KERNEL ]] || { echo "$rel is excluded"; return 1; }
	done
	for rel in 4.19.0-27-amd64 5.4.0-1-amd64 5.9.0-5-amd64 8.0.1-amd64 61.0-amd64; do
		! [[ $rel =~ $BUILD_EXCLUSIVE_KERNEL ]] || { echo "$rel is not excluded"; return 1; }
	done
}

make_root()
{
	local tar
	tar=$cache/deb-root-$(echo "$include" | sha256sum | cut -c1-16).tar
	mkdir -p "$cache"
	(
		flock 9
		[ ! -e "$tar" ] || exit 0
		find "$cache" -maxdepth 1 -name 'deb-root-*' -mtime +2 -delete
		mmdebstrap --quiet --variant=minbase --mode=root --include="$include" \
			--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
			--dpkgopt='path-exclude=/usr/share/locale/*' \
			--dpkgopt='path-exclude=/usr/share/man/*' \
			--aptopt='APT::Install-Recommends "false"' bookworm "$tar.tmp.tar"
		mv "$tar.tmp.tar" "$tar"
	) 9>"$cache/lock.deb-root"
	rm -rf "$root"
	mkdir -p "$root"
	tar -xf "$tar" -C "$root"
}

# inside COMMAND...: in the root, with the headers of this machine and with processes of its own
inside()
{
	local headers
	headers=$(tests/run/kernel.sh headers "$series")
	# shellcheck disable=SC2016 # for the shell inside
	unshare -m -p -f -n sh -euc '
		root=$1 headers=$2
		shift 2
		for d in "$headers" "${headers%-*-*}-common" /usr/lib/linux-kbuild-'"$series"'; do
			[ -d "$d" ] || continue
			mkdir -p "$root$d"
			mount --bind "$d" "$root$d"
		done
		mount -t proc proc "$root/proc"
		mount --bind /dev/null "$root/dev/null"
		exec chroot "$root" "$@"' sh "$root" "$headers" \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

installed()
{
	local rel image
	rel=$(tests/run/kernel.sh release "$series")
	image=$(tests/run/kernel.sh image "$series")
	make_root
	mkdir -p "$root/lib/modules/$rel/kernel"
	cp -r "$image/lib/modules/$rel/kernel/net" "$image/lib/modules/$rel/kernel/lib" \
		"$root/lib/modules/$rel/kernel/"
	cp "$image/lib/modules/$rel"/modules.{builtin,builtin.modinfo,order} "$root/lib/modules/$rel/"
	ln -s "$(tests/run/kernel.sh headers "$series")" "$root/lib/modules/$rel/build"
	cp "$base"/first/netpolctl_*.deb "$base"/first/netpol-dkms_*.deb "$root/"
	inside sh -c 'dpkg -i /netpol-dkms_*.deb /netpolctl_*.deb'
	inside dkms status netpol | grep "$rel.*: installed"
	inside depmod "$rel"
	inside modinfo -k "$rel" -F version netpol | grep -x "$version"
	# nothing is enabled
	[ -z "$(find "$root/etc/systemd/system" -name '*netpol*')" ]
	inside netpolctl version | grep "$version"
}

# A kernel that netpol is not for does not stop apt when it installs one.
skipped_kernel()
{
	local rel=4.19.0-99-amd64
	mkdir -p "$root/lib/modules/$rel/build/include"
	inside /etc/kernel/postinst.d/dkms "$rel"
	if inside dkms status netpol | grep "$rel"; then
		echo "DKMS has built for $rel"
		return 1
	fi
	rm -r "${root:?}/lib/modules/$rel"
}

# again NAME FOLDER: a later version of a package. Its module is the same one with another version.
again()
{
	local dir=$base/again.$1 arch
	rm -rf "$dir"
	dpkg-deb -R "$base"/first/"$1"_*.deb "$dir"
	sed -i "s/\b${version//./\\.}\b/$later/g" "$dir"/DEBIAN/{control,postinst,prerm}
	if [ -d "$dir/usr/src/netpol-$version" ]; then
		mv "$dir/usr/src/netpol-$version" "$dir/usr/src/netpol-$later"
		sed -i "s/\b${version//./\\.}\b/$later/" "$dir/usr/src/netpol-$later/dkms.conf"
	fi
	(cd "$dir" && find usr lib etc -type f 2>/dev/null | LC_ALL=C sort |
		xargs md5sum >DEBIAN/md5sums)
	arch=$(sed -n 's/^Architecture: //p' "$dir/DEBIAN/control")
	dpkg-deb -b "$dir" "$2/$1_${later}_$arch.deb" >/dev/null
	rm -r "$dir"
}

life()
{
	local rel
	rel=$(tests/run/kernel.sh release "$series")
	make -s -j"$(nproc)" tools e2e-bins
	again netpolctl "$root"
	again netpol-dkms "$root"
	rm -rf "${root:?}/usr/lib/gcc" "$root/usr/share/perl" "$root/usr/share/doc" "$root/usr/src/linux-"* \
		"$root/usr/lib/linux-kbuild-$series"
	rm -f "$base/root.img"
	mkfs.ext4 -q -d "$root" -O ^has_journal "$base/root.img" 400M
	tests/vm/run -k "$series" -t 900 -l "$base/console" \
		-q "-drive file=$base/root.img,if=virtio,format=raw,cache=unsafe" \
		-f build/netpolctl:/usr/sbin/netpolctl -f docs/install.md:/tests/install.md \
		-d tests/e2e:/tests/e2e -d build/e2e:/tests/bin -d tests/deb:/tests/deb \
		-e "VERSION=$version" -e "LATER=$later" \
		-- bash /tests/deb/life.sh >"$base/life.tap" 2>"$base/life.err" || {
		tail -n 60 "$base/life.tap" "$base/life.err"
		return 1
	}
	[ "$(grep -c '^ok' "$base/life.tap")" -ge 60 ]
}

case "${1:-}" in
--do) part=deb; shift; mkdir -p "$base"; "$@"; exit ;;
esac

begin deb
mkdir -p "$base"
run_check "packages, twice the same" bash "$self" --do reproducible
run_check "lintian" bash "$self" --do clean
run_check "RPM packages hold the same" bash "$self" --do rpm_packages
run_check "kernels that DKMS builds for" bash "$self" --do kernels
run_check "installed into a root of Debian's" bash "$self" --do installed
run_check "a kernel that netpol is not for is skipped" bash "$self" --do skipped_kernel
run_check "the life of the packages, with policies in force" bash "$self" --do life
rm -rf "$root" "$base/root.img"
finish
