#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fuzzers: tests/fuzz/fuzz_X.c, FUZZ_SECONDS each, over the seeds in
# tests/fuzz/corpus/X. What they find on the way stays in build/fuzz/corpus/X.
set -eu
self=$(realpath "$0")
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh

if [ "${1:-}" = --one ]; then
	part=fuzz
	src=$2
	name=$(basename "$src" .c)
	x=${name#fuzz_}
	mkdir -p "build/fuzz/corpus/$x" "build/fuzz/crash/$x"
	seeds=()
	[ ! -d "tests/fuzz/corpus/$x" ] || seeds=("tests/fuzz/corpus/$x")
	dict=()
	case "$x" in
	json | yaml) dict=(-dict=tests/fuzz/objects.dict) ;;
	esac
	export ASAN_OPTIONS=detect_leaks=1
	export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-14
	run_check "$name" "build/fuzz/$name" -max_total_time="${FUZZ_SECONDS:-20}" \
		-rss_limit_mb=2048 -timeout=20 -max_len="${FUZZ_MAX_LEN:-16384}" \
		-print_final_stats=1 \
		-artifact_prefix="build/fuzz/crash/$x/" ${dict[@]+"${dict[@]}"} \
		"build/fuzz/corpus/$x" ${seeds[@]+"${seeds[@]}"}
	exit 0
fi

begin fuzz
shopt -s nullglob
todo=()
make -s -k -j"$(nproc)" fuzz-bins || :
for src in tests/fuzz/fuzz_*.c; do
	name=$(basename "$src" .c)
	if make -s "build/fuzz/$name" >"$results/fuzz.$name.log" 2>&1; then
		todo+=("$src")
	else
		failed "$name (does not build)"
		echo "FAILED  $name does not build"
	fi
done
[ ${#todo[@]} = 0 ] ||
	printf '%s\0' "${todo[@]}" | xargs -0 -n 1 -P "$(nproc)" bash "$self" --one
finish
