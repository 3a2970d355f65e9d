#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sync-tree.sh DIR FILE... - makes DIR hold these files at the same paths, and
# no other source files. A file that hasn't changed keeps its time stamp, so
# that only what changed is built again.
set -eu

dir=$1
shift
mkdir -p "$dir"
for f; do
	if ! cmp -s "$f" "$dir/$f"; then
		mkdir -p "$dir/$(dirname "$f")"
		cp "$f" "$dir/$f"
	fi
done
(cd "$dir" && find . \( -name '*.c' -o -name '*.h' \) ! -name '*.mod.c' \
	! -path './.tmp_versions/*') | while read -r f; do
	[ -e "${f#./}" ] || rm -f "$dir/$f"
done
