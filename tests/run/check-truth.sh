#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Is every verdict right? Truth tables (tests/tables, and the corpus beside the project
# where it is there) and random worlds (tests/truth), against a naive evaluator that
# shares no code with the core: the core in userspace, the loaded module by EVAL, and
# real packets, the latter two on each kernel.
#
#   KERNELS="6.12"       only these kernels
#   TRUTH_SEED=N         of the samples and worlds (default: 1)
#   TRUTH_PACKETS=N      verdicts of each step by packets (default: 14)
#   TRUTH_NIGHTLY=1      ten times as many worlds
set -eu
self=$(realpath "$0")
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh
# shellcheck source=tests/run/emulator.sh
. tests/run/emulator.sh
shopt -s nullglob

corpus=../shared/corpora/truth-tables.jsonl.xz
dir=build/truth
seed=${TRUTH_SEED:-1}
# A tenth of a million verdicts of the module in some seconds, ten times as many at night.
histories=600 worlds_verdicts=150000 worlds_time=1200 noise_worlds=12 stress_seconds=40
[ -z "${TRUTH_NIGHTLY:-}" ] || { histories=6000 worlds_verdicts=1500000 worlds_time=3600 noise_worlds=300 stress_seconds=1800; }
tables=(tests/tables/*.jsonl)
! [ -e $dir/corpus.jsonl ] || tables+=("$dir/corpus.jsonl")

# The evaluator has to stand alone: no symbol of ours but its own.
independent()
{
	local object=build/obj/tests/evaluator/evaluator.o
	make -s "$object" || return 1
	nm -u "$object" | awk '$2 !~ /^(strcmp|memcmp|memset|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_)$/ {
		print "the evaluator uses " $2; bad = 1 } END { exit bad }'
}

# A table with three lies.
lies()
{
	! $dir/core tests/truth/lies.jsonl >$dir/lies || return 1
	grep ', 3 mismatches$' $dir/lies
}

# vm SERIES SECONDS PROGRAM ARG...: runs build/truth/PROGRAM in a VM, netpol loaded.
vm()
{
	local k=$1 limit=$2 program=$3 rel opts log rc try
	shift 3
	rel=$(tests/run/kernel.sh release "$k")
	mkdir -p "$dir/$k"
	log=$dir/$k/$program
	opts=(-k "$k" -l "$log.console" -t "$limit" -m "build/$rel/netpol.ko")
	opts+=(-f tests/vm/one.sh:/tests/one.sh -f "$dir/$program:/tests/$program")
	opts+=(-d tests/tables:/root/tests/tables -f tests/truth/guest.sh:/tests/guest.sh)
	opts+=(-f tests/truth/lies.jsonl:/root/tests/truth/lies.jsonl)
	! [ -e $dir/corpus.jsonl ] || opts+=(-f "$dir/corpus.jsonl:/root/$dir/corpus.jsonl")
	for try in 1 2; do
		rc=0
		tests/vm/run "${opts[@]}" -- sh /tests/one.sh -m sctp,br_netfilter sh /tests/guest.sh \
			"/tests/$program" "$@" >"$log.log" 2>&1 || rc=$?
		emulator_failed "$rc" "$log.console" || break
		echo "the emulated machine failed, attempt $try"
	done
	cat "$log.log"
	return "$rc"
}

case "${1:-}" in
--do) part=truth; shift; "$@"; exit ;;
--one)
	part=truth
	k=$2 what=$3
	case "$what" in
	module) run_check "module by EVAL, $k" bash "$self" --do vm "$k" 900 module "${tables[@]}" ;;
	worlds) run_check "random worlds in the module, $k" bash "$self" --do vm "$k" "$worlds_time" \
		worlds -m -s "$seed" -n 10000 -v "$worlds_verdicts" -b 4000 ;;
	noise) run_check "random packets, $k" bash "$self" --do vm "$k" "$worlds_time" noise \
		"$seed" "$noise_worlds" 1500 ;;
	stress) run_check "races, $k" bash "$self" --do vm "$k" $((stress_seconds + 300)) stress \
		"$seed" "$stress_seconds" ;;
	packets) run_check "real packets, $k" bash "$self" --do vm "$k" 1500 packets "$seed" \
		"${TRUTH_PACKETS:-14}" "${tables[@]}" ;;
	esac
	# what it counted
	sed -n 's/\r$//; s/^\(.* sampled .*\)/        '"$k"', \1/p; s/^\(.*: [0-9]* verdicts compared, [0-9]* mismatches.*\)/        '"$k"', \1/p' \
		"$dir/$k/$what.log"
	exit 0 ;;
esac

begin truth
rm -rf $dir/corpus.jsonl
mkdir -p $dir
if [ -e $corpus ]; then
	xz -dc $corpus >$dir/corpus.jsonl
	tables=(tests/tables/*.jsonl "$dir/corpus.jsonl")
else
	echo "note    $corpus is not there; the project's own tables alone"
fi
kernels=$(tests/run/kernel.sh series)
run_check "evaluator shares no code" bash "$self" --do independent
run_check "module builds" make -s -j"$(nproc)" modules KERNELS="$kernels"
run_check "programs build" make -s -j"$(nproc)" truth-bins
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
run_check "core and evaluator" $dir/core "${tables[@]}"
tail -n 1 "$log" | sed 's/^/        /'
run_check "lies are found" bash "$self" --do lies
run_check "random worlds, core and evaluator" $dir/worlds-asan -s "$seed" -n "$histories"
tail -n 1 "$log" | sed 's/^/        /'
run_check "explanations, core and evaluator" $dir/explain -s "$seed" -n "$((histories / 3))"
tail -n 1 "$log" | sed 's/^/        /'
run_check "faults are found and shown by small worlds" $dir/worlds-asan -f
for k in $kernels; do
	tests/run/kernel.sh image "$k" >/dev/null
	run_check "a VM boots, $k" tests/vm/run -k "$k" -- true
done
jobs=()
for what in ${TRUTH_ONLY:-packets worlds module noise stress}; do
	for k in $kernels; do
		jobs+=("$k" "$what")
	done
done
printf '%s\0' "${jobs[@]}" | xargs -0 -n 2 -P "${VM_JOBS:-2}" bash "$self" --one
finish
