# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# Sourced by tests/vm/run: puts files and the libraries they need into the
# directory $root that becomes an initramfs.

# The guest has /bin -> usr/bin and so on, whatever the host has.
guest_path()
{
	case "$1" in
	/bin/*|/sbin/*|/lib/*|/lib64/*) echo "/usr$1" ;;
	*) echo "$1" ;;
	esac
}

# put_file HOSTFILE GUESTPATH: with its shared libraries, if it has any that
# are neither here nor in the directory $below.
put_file()
{
	local to
	to=$root$(guest_path "$2")
	mkdir -p "${to%/*}"
	rm -f "$to"
	cp -pL "$1" "$to"
	put_libs "$1"
}

put_libs()
{
	local lib at magic=
	LC_ALL=C IFS= read -r -N 4 magic <"$1" 2>/dev/null || :
	[ "$magic" = $'\x7fELF' ] || return 0
	# shellcheck disable=SC2013 # one library a word
	for lib in $(ldd "$1" 2>/dev/null | sed -n \
			-e 's/.*=> \(\/[^ ]*\) (.*/\1/p' \
			-e 's/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p'); do
		at=$(guest_path "$lib")
		[ -e "$root$at" ] || [ -e "${below:-/nonexistent}$at" ] ||
			put_one "$lib" "$root$at"
	done
}

put_one()
{
	mkdir -p "${2%/*}"
	cp -pL "$1" "$2"
}

# put_dir HOSTDIR GUESTPATH
put_dir()
{
	local f to
	to=$root$(guest_path "$2")
	mkdir -p "$to"
	cp -rpL "$1/." "$to/"
	while IFS= read -r -d '' f; do
		put_libs "$f"
	done < <(find "$to" -type f \( -perm /111 -o -name '*.so*' \) -print0)
}

# pack OUT: $root as a cpio archive.
pack()
{
	(cd "$root" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio -o -0 -H newc -R 0:0 --quiet) >"$1"
}

# base_files LIST: what the files list asks for, plus busybox for the rest.
base_files()
{
	local want must file name
	mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root"/{dev,proc,sys,run,tmp,root,etc,tests/bin,out}
	for name in bin sbin lib lib64; do
		ln -s "usr/$name" "$root/$name"
	done
	put_file "$(command -v busybox)" /usr/bin/busybox
	"$root/usr/bin/busybox" --list | while read -r name; do
		[ "$name" = busybox ] || [ "$name" = sh ] || ln -s busybox "$root/usr/bin/$name"
	done
	while read -r want; do
		case "$want" in ''|'#'*) continue ;; esac
		must=yes
		case "$want" in '?'*) must=no; want=${want#\?} ;; esac
		case "$want" in
		/*) file=$want ;;
		*) file=$(type -P "$want") || file= ;;
		esac
		if [ -d "$file" ]; then
			put_dir "$file" "$file"
		elif [ -n "$file" ] && [ -e "$file" ]; then
			case "$want" in
			/*) put_file "$file" "$want" ;;
			*)	rm -f "$root/usr/bin/$want"
				put_file "$file" "/usr/sbin/$want" ;;
			esac
		elif [ "$must" = yes ]; then
			echo "tests/vm/run: no $want on this machine: run make deps" >&2
			return 1
		fi
	done <"$1"
	for name in modprobe insmod rmmod lsmod modinfo depmod; do
		rm -f "$root/usr/bin/$name"
		ln -sf kmod "$root/usr/sbin/$name"
	done
	for name in ip ip6; do
		for want in '' -save -restore; do
			ln -sf xtables-nft-multi "$root/usr/sbin/${name}tables$want"
			ln -sf xtables-nft-multi "$root/usr/sbin/${name}tables-nft$want"
			ln -sf xtables-legacy-multi "$root/usr/sbin/${name}tables-legacy$want"
		done
	done
	ln -sf ../sbin/bash "$root/usr/bin/bash"
	# Not busybox for sh: it would prefer its own ip and ping to the real ones.
	ln -sf ../sbin/dash "$root/usr/bin/sh"
	ln -sf /proc/self/mounts "$root/etc/mtab"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
	echo 'hosts: files' >"$root/etc/nsswitch.conf"
}

# base_modules LIST IMAGEDIR RELEASE: modules, unpacked, and their index.
base_modules()
{
	local from=$2/lib/modules/$3 to=$root/lib/modules/$3 want
	mkdir -p "$to"
	while read -r want; do
		case "$want" in ''|'#'*) continue ;; esac
		# modules.dep: "kernel/a.ko.xz: kernel/b.ko.xz kernel/c.ko.xz"
		grep -E "^kernel/$want(/|\.ko)" "$from/modules.dep" || :
	done <"$1" | tr -d : | tr ' ' '\n' | sort -u >"$root/.modules"
	(cd "$from" && cpio -pdmL --quiet "$to" <"$root/.modules")
	rm "$root/.modules"
	find "$to" -name '*.ko.xz' -exec xz -d {} +
	find "$to" -name '*.ko.zst' -exec zstd -q -d --rm {} +
	cp "$from"/modules.builtin* "$from/modules.order" "$to/"
	depmod -b "$root" "$3"
}
