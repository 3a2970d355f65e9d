#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Exact instruction counts: of the packet path, in QEMU with -icount, on each kernel, and
# of the core's verdicts and commits in a process, by callgrind. And the lines of 64 bytes of
# memory that the packet path touches, by a plugin of QEMU.
#
#   tests/bench/insn.sh [short|full] [accept|count]
#
# Rows go to build/bench/insn.json and, as a table, to the output. Exits 1, after the
# last row, if one misses its target or is 2 % over tests/bench/accepted/insn.json.
# "accept" puts the rows' figures into that file instead of comparing; "count" leaves the
# judgement to the caller.
set -eu
cd "$(dirname "$0")/../.."

form=${1:-full} then=${2:-compare}
case "$form $then" in
"short "compare|"short "accept|"short "count|"full "compare|"full "accept|"full "count) ;;
*) sed -n '3,13s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
out=build/bench
accepted=tests/bench/accepted/insn.json
mkdir -p "$out"

# build_bench SERIES: netpol_bench.ko for it.
build_bench()
{
	local dir=$PWD/$out/kmod/$1
	tests/run/sync-tree.sh "$dir" tests/bench/insn.h tests/bench/kmod/Kbuild \
		tests/bench/kmod/netpol_bench.c
	make -s -C "$(tests/run/kernel.sh headers "$1")" M="$dir/tests/bench/kmod" modules
}

# count SERIES: lines of JSON.
count()
{
	local rel
	rel=$(tests/run/kernel.sh release "$1")
	tests/vm/run -I -k "$1" -M 1536 -t 1500 -l "$out/insn.$1.console" \
		-q "-plugin $PWD/$out/lines.so,out=$PWD/$out/insn.$1.touched" \
		-m "build/$rel/netpol.ko" \
		-m "$out/kmod/$1/tests/bench/kmod/netpol_bench.ko" \
		-f "$out/insn:/tests/insn" -- sh -c "modprobe netpol &&
			modprobe netpol_bench && /tests/insn $form" \
		</dev/null >"$out/insn.$1.lines"
	jq -c --arg kernel "$1" '.params.kernel = $kernel' "$out/insn.$1.lines" \
		>"$out/insn.$1.rows"
	jq -c -n --slurpfile rows "$out/insn.$1.rows" --rawfile touched "$out/insn.$1.touched" \
		-f tests/bench/lines.jq >>"$out/insn.$1.rows"
}

# count_core: lines of JSON; callgrind writes a file for each.
count_core()
{
	local dir=$PWD/$out/callgrind quick=()
	[ "$form" = full ] || quick=(-q)
	rm -rf "$dir"
	mkdir "$dir"
	valgrind --tool=callgrind --instr-atstart=no --collect-atstart=no \
		--callgrind-out-file="$dir/out" "$out/bin/counted" "${quick[@]}" \
		</dev/null >"$dir/log" 2>&1 || { cat "$dir/log" >&2; return 1; }
	sed -n 's/^desc: Trigger: Client Request: //p; s/^totals: //p' "$dir"/out.[0-9]* |
		jq -c -s '. as $all | range(0; length; 2) | ($all[. + 1] / $all[.].per * 10 |
			round / 10) as $value | $all[.] | {name, params: ({kernel: "none"} + .params),
			value: $value, unit: "instructions", min: $value}' >"$out/insn.core.rows"
	[ -s "$out/insn.core.rows" ]
}

kernels=$(tests/run/kernel.sh series)
make -s modules KERNELS="$kernels" >"$out/insn.build.log" 2>&1 &&
	make -s "$out/insn" "$out/lines.so" "$out/bin/counted" >>"$out/insn.build.log" 2>&1 || { cat "$out/insn.build.log"; exit 1; }
count_core &
pids=($!) rows=("$out/insn.core.rows")
for k in $kernels; do
	build_bench "$k" >>"$out/insn.build.log" 2>&1 || { cat "$out/insn.build.log"; exit 1; }
	tests/run/kernel.sh image "$k" >/dev/null
	count "$k" &
	pids+=($!) rows+=("$out/insn.$k.rows")
done
rc=0
for pid in "${pids[@]}"; do
	wait "$pid" || rc=1
done
[ "$rc" = 0 ] ||
	{ echo "insn.sh: no count; see $out/insn.*.console and $out/callgrind/log" >&2; exit 1; }

known=$accepted
if [ "$then" = accept ] || [ ! -e "$accepted" ]; then
	known=$out/insn.none
	echo '{}' >"$known"
fi
jq -s --slurpfile accepted "$known" -f tests/bench/insn.jq "${rows[@]}" >"$out/insn.json"
jq -r '["value", "target", "least", "accepted", "what"],
	(.[] | [.value, .target // "-", .min // "-", .accepted // "-",
		(.name + ": " + (.params | to_entries | map("\(.key)=\(.value)") | join(" ")) +
		if .missed then "  MISSED" else "" end + if .slower then "  SLOWER" else "" end)])
	| @tsv' "$out/insn.json" | awk -F '\t' '{ printf "%8s %7s %6s %8s  %s\n", $1, $2, $3, $4, $5 }'
if [ "$then" = accept ]; then
	mkdir -p "${accepted%/*}"
	[ -e "$accepted" ] || echo '{}' >"$accepted"
	jq -S --slurpfile old "$accepted" '$old[0] +
		(map(select(.min) | {key, value: .min}) | from_entries)' \
		"$out/insn.json" >"$out/insn.accepted"
	cp "$out/insn.accepted" "$accepted"
	echo "accepted: $accepted"
	exit
fi
jq -r '"insn: \(length) rows, \(map(select(.missed)) | length) over their target, " +
	"\(map(select(.slower)) | length) over the accepted figure"' "$out/insn.json"
[ -s "$out/insn.json" ]
[ "$then" = count ] || jq -e 'any(.missed or .slower) | not' "$out/insn.json" >/dev/null
