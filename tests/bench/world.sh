#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The benches of the control path: what changes cost, memory, adversaries.
#
#   tests/bench/world.sh changes|memory|adversary [short]
#
# Each runs in the module's core in this process first. changes and memory then run
# through the module: at native speed in User Mode Linux where this tree has its runner
# (changes), else in a virtual machine on an emulated processor, whose times are ten to
# twenty times as long; memory always in the virtual machine, for the slabs of a real
# kernel. Rows go to build/bench/PART.json. Exits 1 if an exact one missed its target.
set -eu
cd "$(dirname "$0")/../.."

part=${1:-}
short=()
[ "${2:-}" != short ] || short=(-q)
case "$part" in
changes|memory|adversary) ;;
*) sed -n '3,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
out=build/bench
bin=$PWD/$out/bin
mkdir -p "$out"
make -s "$out/bin/$part"

rc=0
echo "== $part, in this process"
"$bin/$part" "${short[@]}" -o "$out/$part.core.json" || rc=1

# At native speed. Its root is this machine's, read-only; /tmp is its own.
uml()
{
	local kernel src=$out/uml/src
	kernel=$(tests/vm/uml-kernel.sh)
	# shellcheck disable=SC2046 # one word a file
	tests/lib/sync-tree.sh "$src" $(ls Kbuild dkms.conf kmod/*.[ch] kmod/*.sh \
		kmod/core/*.[ch] include/*/*.h uapi/linux/*.h)
	make -s -C "$kernel/build" ARCH=um M="$PWD/$src" modules >"$out/uml.log" 2>&1 ||
		{ cat "$out/uml.log"; return 1; }
	cp "$bin/$part" "$src/"
	# shellcheck disable=SC2016 # inside, it is set
	tests/vm/uml -o "$out/uml" -t 1800 -M 4096 -- sh -c '
		insmod "$1/netpol.ko" && shift && exec "$0" "$@" -o "$OUT/rows.json"' \
		"$PWD/$src/$part" "$PWD/$src" -k "${@}"
	mv "$out/uml/rows.json" "$out/$part.module.json"
}

vm()
{
	local rel
	rel=$(tests/lib/kernel.sh release 6.12)
	make -s modules KERNELS=6.12 >/dev/null
	tests/vm/run -k 6.12 -M 3072 -t 3000 -m "build/$rel/netpol.ko" \
		-f "$bin/$part:/usr/bin/bench" -o "$out/vm" -- sh -c '
		modprobe netpol && exec /usr/bin/bench "$@" -o /out/rows.json' bench -k "${@}"
	mv "$out/vm/rows.json" "$out/$part.module.json"
}

rm -f "$out/$part.module.json"
if [ "$part" = changes ] && [ -x tests/vm/uml ]; then
	echo "== $part, through the module in User Mode Linux"
	uml -r 40 1k-pods 30k-pods-30k-policies 150k-pods || rc=1
elif [ "$part" = changes ]; then
	echo "== $part, through the module in a virtual machine, on an emulated processor"
	vm -r 10 1k-pods 30k-pods || rc=1
elif [ "$part" = memory ]; then
	echo "== $part, of the module in a virtual machine"
	vm "${short[@]}" || rc=1
fi
jq -s 'add' "$out/$part".{core,module}.json >"$out/$part.json" 2>/dev/null ||
	cp "$out/$part.core.json" "$out/$part.json"
exit "$rc"
