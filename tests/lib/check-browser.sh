#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages that the tool writes, in a real browser: each tests/browser/X.py, which says
# "NAME: N passed, N failed" in its last line. Screenshots stay in build/browser.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tests/lib/results.sh
. tests/lib/results.sh
begin browser

run_check "tool builds" make -s tools
rm -rf build/browser
for src in tests/browser/*.py; do
	name=$(basename "$src" .py)
	log=$results/browser.$name.log
	rc=0
	# The browser gets a home of its own, which goes with it.
	home=$(mktemp -d)
	HOME=$home timeout -k 5 "${BROWSER_SECONDS:-300}" /usr/bin/python3 "$src" \
		build/netpolctl build/browser </dev/null >"$log" 2>&1 || rc=$?
	rm -rf "$home"
	line=$(tail -n 1 "$log" | sed -n "s/^$name: \([0-9]* passed, [0-9]* failed\)$/\1/p")
	n_pass=$(sed -n 's/^\([0-9]*\) passed.*/\1/p' <<<"$line")
	n_fail=$(sed -n 's/.* \([0-9]*\) failed.*/\1/p' <<<"$line")
	if [ -z "$line" ]; then
		n_fail=1 line="no result (exit status $rc)"
	elif [ "$rc" != 0 ] && [ "$n_fail" = 0 ]; then
		n_fail=1 line="$line, then exit status $rc"
	fi
	passed "$name" "${n_pass:-0}"
	failed "$name" "${n_fail:-0}"
	if [ "${n_fail:-0}" = 0 ]; then
		echo "ok      $name: $line"
	else
		echo "FAILED  $name: $line"
		tail -n 60 "$log" | sed 's/^/    /'
	fi
done
finish
