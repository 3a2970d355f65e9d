# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What tests/bench/packets.sh builds, and the part that runs on the host's own kernel.

# build_modules KERNEL OUT: netpol.ko and netpol_bench.ko for UML, into OUT/bin.
build_modules()
{
	local src=$2/netpol
	# shellcheck disable=SC2046 # one word a file
	tests/run/sync-tree.sh "$src" $(ls Kbuild dkms.conf kmod/*.[ch] kmod/*.sh kmod/core/*.[ch] \
		include/*/*.h uapi/linux/*.h)
	make -s "-j$(nproc)" -C "$1/build" ARCH=um M="$PWD/$src" modules
	tests/run/sync-tree.sh "$2/kmod" tests/bench/packets/kmod/Kbuild \
		tests/bench/packets/kmod/netpol_bench.c
	make -s "-j$(nproc)" -C "$1/build" ARCH=um M="$PWD/$2/kmod/tests/bench/packets/kmod" modules
	cp "$src/netpol.ko" "$2/kmod/tests/bench/packets/kmod/netpol_bench.ko" "$2/bin/"
}

# build_programs BIN
build_programs()
{
	local here=tests/bench/packets flags=(-O2 -g -Wall -Wextra -Werror -D_GNU_SOURCE)
	"${CC:-gcc}" "${flags[@]}" -o "$1/bench-model" $here/generate.c $here/model.c $here/render*.c
	"${CC:-gcc}" "${flags[@]}" -o "$1/bench-cilium" $here/cilium.c -lbpf
	"${CLANG:-clang-14}" -O2 -g -Wall -target bpf -I"/usr/include/$(uname -m)-linux-gnu" \
		-c -o "$1/cilium.bpf.o" $here/cilium.bpf.c
}

# host_program OUT SIZE...: lines "MODEL WORKLOAD EMPTY EMPTY-ONCE NEW ESTABLISHED" of the
# program in Cilium's shape on the host's kernel, by BPF_PROG_TEST_RUN.
host_program()
{
	local out=$1 size name workload first count verdict rc
	shift
	for size; do
		name=p${size%:*}-n${size#*:}
		while read -r workload first count; do
			case "$workload" in
			new) verdict=1 ;;
			denied) verdict=0 ;;
			*) continue ;;
			esac
			rc=0
			printf '%s %s ' "$name" "$workload"
			"$out/bin/bench-cilium" testrun "$out/bin/cilium.bpf.o" \
				"$out/models/$name/cilium.maps" "$out/models/$name/flows" \
				"$first" "$((count < 2000 ? count : 2000))" $verdict || rc=$?
			[ "$rc" != 3 ] || return 0	# this host gives us no BPF
			[ "$rc" = 0 ] || return "$rc"
		done <"$out/models/$name/plan"
	done
}
