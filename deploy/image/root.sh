#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the image of the tool holds: netpolctl, the libraries that it is linked to, with what
# Debian says of them, and the folders that are mounted. No shell and no package manager, so
# there is nothing else in it to run.
#
#   deploy/image/root.sh NETPOLCTL DIRECTORY
set -eu
tool=$1 root=$2

rm -rf "$root"
mkdir -p "$root"/usr/{sbin,lib,lib64,share/doc} "$root"/var/lib/dpkg/status.d \
	"$root"/{etc,run/netpol,proc,sys,dev,tmp} "$root"/var/lib/{netpol,cni}
for name in lib lib64 sbin; do
	ln -s "usr/$name" "$root/$name"
done
# The identifier of the build depends on the folder that it was built in.
strip -R .note.gnu.build-id -o "$root/usr/sbin/netpolctl" "$tool"
chmod 755 "$root/usr/sbin/netpolctl"
echo 'root:x:0:0:root:/:/usr/sbin/nologin' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

# Name of the package that a file belongs to. Debian moves files from /lib to /usr/lib.
owner()
{
	local path
	for path in "$1" "/usr$1" "${1#/usr}"; do
		dpkg-query -S "$path" 2>/dev/null | grep -v '^diversion' | sed 's/: .*//' | head -n 1
	done | head -n 1
}

libraries=$(ldd "$tool")
if grep 'not found' <<<"$libraries" >&2; then
	exit 1
fi
sed -n -e 's/.*=> \(\/[^ ]*\) (.*/\1/p' -e 's/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' \
	<<<"$libraries" | sort -u >"$root/.libraries"
while read -r file; do
	case "$file" in
	/lib/*|/lib64/*) to=$root/usr$file ;;
	*) to=$root$file ;;
	esac
	mkdir -p "${to%/*}"
	cp -L "$file" "$to"
	package=$(owner "$file")
	[ -n "$package" ] || { echo "$file belongs to no package of Debian" >&2; exit 1; }
	name=${package%%:*}
	[ ! -e "$root/var/lib/dpkg/status.d/$name" ] || continue
	# The names and versions, for those who look images through for known faults.
	dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$name"
	mkdir -p "$root/usr/share/doc/$name"
	cp -L "/usr/share/doc/$name/copyright" "$root/usr/share/doc/$name/"
done <"$root/.libraries"
rm "$root/.libraries"
