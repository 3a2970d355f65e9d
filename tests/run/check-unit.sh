#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Unit tests: tests/unit/test_X.c becomes build/unit/test_X, with sanitizers,
# and says "NAME: N passed, N failed[, N skipped]" in one of its last lines.
set -eu
self=$(realpath "$0")
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh

shopt -s nullglob
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1

if [ "${1:-}" = --one ]; then
	part=unit
	case "$2" in
	*.sh) run_check "$(basename "$2")" timeout -k 5 300 bash "$2" ;;
	*) run_counted "$(basename "$2")" timeout -k 5 "${UNIT_SECONDS:-300}" "$2" ;;
	esac
	exit 0
fi

begin unit
make -s -k -j"$(nproc)" unit-bins || :
run_check "tool builds" make -s tools
todo=()
for src in tests/unit/test_*.c; do
	bin=build/unit/$(basename "$src" .c)
	if make -s "$bin" >"$results/unit.build.log" 2>&1; then
		todo+=("$bin")
	else
		failed "$(basename "$bin") (does not build)"
		echo "FAILED  $(basename "$bin") does not build"
	fi
done
printf '%s\0' "${todo[@]}" tests/unit/*.sh |
	xargs -0 -n 1 -P "$(nproc)" bash "$self" --one
finish
