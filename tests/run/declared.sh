#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# declared.sh DIR...: each function that DIR/X.c exports is declared in DIR/X.h, and in no
# other header of the folders. So a reader finds the declaration without a search, and no
# header lists what belongs to other files. The userspace side of the shim, offline/shim.c, is
# declared where the core finds it: in include/netpol/shim.h.
#
# It relies on the kernel's style: a declaration or definition begins in the first column.
set -eu
cd "$(dirname "$0")/../.."

for dir; do
	printf '%s\n' "${dir%/}"/*.[ch]
done | xargs awk '
	FNR == 1 { text = ""; comment = 0 }
	comment { comment = !/\*\//; next }
	/^\/\*/ { comment = !/\*\//; next }
	/^#/ { while (/\\$/ && (getline line) > 0) $0 = line; next }
	!text && (!/^[a-z_]/ || /^[a-z_0-9]+:/) { next }
	{ text = text " " $0 }
	/[{;]/ {
		code = text
		text = ""
		gsub(/__[a-z_]+\([^()]*\)/, "", code)
		if (code ~ /^ (static|typedef)/ || code !~ /^[^={;]*\(/)
			next
		sub(/\(.*/, "", code)
		name = code
		sub(/.*[^a-z_0-9]/, "", name)
		base = FILENAME
		sub(/\.[ch]$/, "", base)
		sub(/^include\/netpol\/shim$/, "tools/lib/offline/shim", base)
		if (FILENAME ~ /\.h$/)
			declared[name] = declared[name] " " base
		else if (/\{/ || $0 !~ /;$/)
			defined[name] = base
	}
	END {
		for (name in defined) {
			n++
			if (declared[name] == " " defined[name])
				continue
			bad++
			where = declared[name] ? declared[name] : " no header"
			gsub(/[^ ]\/[^ ]*/, "&.h", where)
			print defined[name] ".c: " name "() is declared in" where | "sort"
		}
		close("sort")
		print n " exported functions, " bad + 0 " declared elsewhere"
		exit bad != 0 || !n
	}'
