#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The benches of the control path: what changes cost, memory, adversaries, and what the
# node agent takes from an event to its enforcement.
#
#   tests/bench/world.sh changes|memory|adversary|follow [short]
#
# All but the last run in the module's core in this process first. Then each runs through
# the module, at native speed in User Mode Linux, but for memory: that is in a virtual
# machine, for the slabs and per-CPU memory of a real kernel. Rows go to
# build/bench/PART.json. Exits 1 if an exact one missed its target. short: a tenth of the
# objects, and of the module only memory and the agent.
set -eu
cd "$(dirname "$0")/../.."

part=${1:-}
short=()
[ "${2:-}" != short ] || short=(-q)
case "$part" in
changes|memory|adversary|follow) ;;
*) sed -n '3,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
out=build/bench
bin=$PWD/$out/bin
mkdir -p "$out"
make -s "$out/bin/$part"

rc=0
if [ "$part" != follow ]; then
	echo "== $part, in this process"
	"$bin/$part" "${short[@]}" -o "$out/$part.core.json" || rc=1
fi

# Modules and the bench for User Mode Linux, whose root is this machine's.
uml_build()
{
	local kernel
	# shellcheck source=tests/bench/packets/build.sh
	. tests/bench/packets/build.sh
	kernel=$(tests/vm/uml-kernel.sh)
	mkdir -p "$out/uml/bin"
	build_modules "$kernel" "$out/uml" >"$out/uml.log" 2>&1 || { cat "$out/uml.log"; return 1; }
	cp "$bin/$part" "$out/uml/bin/"
}

# uml FILE ARGUMENT...: its rows in build/bench/FILE.
uml()
{
	local file=$1 failed=0
	shift
	# shellcheck disable=SC2016 # inside, it is set
	tests/vm/uml -o "$out/uml" -t 3000 -M 6144 -- sh -c '
		cd "$OUT/bin" && insmod ./netpol.ko && insmod ./netpol_bench.ko &&
		exec "$0" -k -o ../rows.json "$@"' \
		"./$part" "$@" || failed=1
	mv "$out/uml/rows.json" "$out/$file" || failed=1
	return "$failed"
}

vm()
{
	local rel
	rel=$(tests/run/kernel.sh release 6.12)
	make -s modules KERNELS=6.12 >/dev/null
	tests/vm/run -k 6.12 -M 3072 -t 3000 -m "build/$rel/netpol.ko" \
		-f "$bin/$part:/usr/bin/bench" -o "$out/vm" -- sh -c '
		modprobe netpol && exec /usr/bin/bench "$@" -o /out/rows.json' bench -k "${@}"
	mv "$out/vm/rows.json" "$out/$part.module.json"
}

rm -f "$out/$part".module*.json
case "$part ${short[*]}" in
'changes ')
	echo "== $part, through the module in User Mode Linux"
	uml_build || exit 1
	uml "$part.module.json" -r 40 1k-pods 30k-pods-30k-policies 150k-pods || rc=1
	uml "$part.module-cold.json" -c none 250k-endpoints 240x20-blocks 240x20-excepts \
		30k-pods-20k-identities 25k-namespaces || rc=1
	;;
'adversary ')
	echo "== $part, through the module in User Mode Linux"
	uml_build || exit 1
	uml "$part.module.json" || rc=1
	;;
follow*)
	echo "== the agent, through the module in User Mode Linux"
	uml_build || exit 1
	uml "$part.module.json" "${short[@]}" || rc=1
	;;
memory*)
	echo "== $part, of the module in a virtual machine"
	vm "${short[@]}" || rc=1
	;;
esac
# shellcheck disable=SC2046 # one word a file
jq -s 'add' $(ls "$out/$part".core.json "$out/$part".module*.json 2>/dev/null) >"$out/$part.json"
exit "$rc"
