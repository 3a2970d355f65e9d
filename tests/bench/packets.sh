#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make bench-packets: what a packet costs with netpol and with the same policies in the
# shape of others, all in one boot of User Mode Linux, and the host's kernel for what
# needs a JIT. Written to build/bench/packets.json and printed.
#
#   packets.sh            all sizes; about 5 minutes on two idle cores
#   packets.sh --smoke    the proof with few packets and one round, for make check
#
#   ROUNDS=15             rounds that count
#   SIZES="P:N ..."       policies on the pod : pods in the cluster
#   FLOWS=4096            packets of a round
#   SEED=1                of the models
#
# Fails if a verdict was wrong or nothing could be measured; times never fail.
set -eu
cd "$(dirname "$0")/../.."
here=tests/bench/packets
out=build/bench/packets
json=build/bench/packets.json rounds=${ROUNDS:-15} flows=${FLOWS:-4096} seed=${SEED:-1} proof=4000 mixed=40 limit=3600
sizes=${SIZES:-1:1000 10:1000 100:1000 1000:1000 1:10000 10:10000 100:10000}
if [ "${1:-}" = --smoke ]; then
	json=$out/smoke.json
	rounds=1 flows=1024 proof=1000 mixed=10 sizes=10:1000 limit=300
fi

kernel=$(tests/vm/uml-kernel.sh)
mkdir -p "$out/kmod" "$out/bin"
make -s tools
cp build/netpolctl "$out/bin/"

# Modules for this kernel: netpol as it is, and the benches' own.
# shellcheck source=tests/bench/packets/build.sh
. tests/bench/packets/build.sh
build_modules "$kernel" "$out"
build_programs "$out/bin"

model()
{
	"$out/bin/bench-model" "$seed" "$2" "$1" "$3" "$4" "$5" "$out/models/$6"
	models+=("models/$6")
}
rm -rf "$out/models" "$out/raw"
mkdir -p "$out/models"
models=()
model "$mixed" 1000 mixed "$proof" 0 mixed
for size in $sizes; do
	model "${size%:*}" "${size#*:}" plain "$proof" "$flows" "p${size%:*}-n${size#*:}"
done

cp "$here/guest.sh" "$out/"
rc=0
# shellcheck disable=SC2016 # expands in the guest
tests/vm/uml -o "$out" -t "$limit" -M 3072 -l "$out/console" -- \
	bash -c 'cd "$OUT" && exec bash guest.sh bin "$@"' - "$rounds" "${models[@]}" || rc=$?
if [ ! -s "$out/raw" ]; then
	[ "$rc" != 0 ] || [ "${1:-}" = --smoke ] || rc=1
	[ "$rc" = 0 ] || { echo "nothing was measured" >&2; exit 1; }
fi
# shellcheck disable=SC2086 # one word a size
host_program "$out" $sizes >"$out/host" || rc=$?
jq -n -f "$here/rows.jq" --rawfile raw "$out/raw" --rawfile host "$out/host" >"$json"
jq -r -f "$here/table.jq" "$json"
exit "$rc"
