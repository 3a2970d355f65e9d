#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh PART... - runs parts of the tests, all of them even if one fails,
# and prints the total in the last line. A part that dies counts as failed.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh

mkdir -p "$results"
# What the calling make was told (-s, -j) is not for the makes below.
unset MAKEFLAGS MFLAGS MAKELEVEL
export HOME="${HOME:-/root}"
# Two of these in one tree would build the same files.
exec 8>build/.check-lock
if ! flock -n 8; then
	echo "waiting for another make check in this tree"
	flock 8
fi
rm -f "$results/total" "$results/failed"
for p; do
	rm -f "$results/$p".*
done
rc=0
lists=()
for p; do
	start=$SECONDS
	status=0
	bash "tests/run/check-$p.sh" </dev/null 8>&- || status=$?
	list=$results/$p.list
	[ -e "$list" ] || : >"$list"
	if [ "$status" != 0 ]; then
		rc=1
		grep -q '^failed' "$list" ||
			echo "failed 1 check-$p ended with $status" >>"$list"
	fi
	lists+=("$list")
	echo "check-$p took $((SECONDS - start)) s"
	echo
done
if grep -h '^failed' "${lists[@]}" >"$results/failed"; then
	rc=1
	echo "What failed:"
	sed 's/^failed [0-9]* /    /' "$results/failed"
fi
if ! grep -q '^passed' "${lists[@]}"; then
	rc=1
	echo "no test ran"
fi
sums "${lists[@]}" >"$results/total"
[ -n "${CHECK_NO_TOTAL:-}" ] || cat "$results/total"
exit "$rc"
