#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make bench: every bench, then the page build/bench/report.html over what they wrote.
# Exits 1 at the end if one of them did.
set -u
cd "$(dirname "$0")/../.." || exit

rc=0
failed=()
for part in insn packets changes memory adversary follow agent; do
	grep -Eq "^(bench-[a-z]+ )*bench-${part}[: ]" Makefile || continue
	echo "==== bench-$part"
	make --no-print-directory "bench-$part" || { rc=1; failed+=("bench-$part"); }
done
tests/bench/report.sh || rc=1
[ "${#failed[@]}" = 0 ] || echo "missed a target, or did not run: ${failed[*]}"
exit "$rc"
