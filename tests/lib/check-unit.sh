#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Unit tests: tests/unit/test_X.c becomes build/unit/test_X, with sanitizers,
# and says "NAME: N passed, N failed[, N skipped]" in one of its last lines.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tests/lib/results.sh
. tests/lib/results.sh
begin unit

shopt -s nullglob
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
make -s -k -j"$(nproc)" unit-bins tools || :

for src in tests/unit/test_*.c; do
	name=$(basename "$src" .c)
	bin=build/unit/$name
	if ! make -s "$bin" >"$results/unit.$name.log" 2>&1; then
		failed "$name (does not build)"
		echo "FAILED  $name does not build"
		continue
	fi
	rc=0
	timeout -k 5 "${UNIT_SECONDS:-300}" "$bin" </dev/null \
		>"$results/unit.$name.log" 2>&1 || rc=$?
	line=$(sed -n 's/^.*: \([0-9]* passed, [0-9]* failed.*\)$/\1/p' \
		"$results/unit.$name.log" | tail -n 1)
	n_pass=$(sed -n 's/^\([0-9]*\) passed.*/\1/p' <<<"$line")
	n_fail=$(sed -n 's/.* \([0-9]*\) failed.*/\1/p' <<<"$line")
	n_skip=$(sed -n 's/.* \([0-9]*\) skipped.*/\1/p' <<<"$line")
	if [ -z "$line" ]; then
		n_fail=1 line="no result (exit status $rc)"
	elif [ "$rc" != 0 ] && [ "$n_fail" = 0 ]; then
		n_fail=1 line="$line, then exit status $rc"
	fi
	passed "$name" "${n_pass:-0}"
	failed "$name" "${n_fail:-0}"
	skipped "$name" "${n_skip:-0}"
	if [ "${n_fail:-0}" = 0 ]; then
		echo "ok      $name: $line"
	else
		echo "FAILED  $name: $line"
		tail -n 60 "$results/unit.$name.log" | sed 's/^/    /'
	fi
done
run_check "tool builds" make -s tools
if [ -x build/netpolctl ]; then
	for t in tests/unit/*.sh; do
		run_check "$(basename "$t")" timeout -k 5 300 bash "$t"
	done
fi
finish
