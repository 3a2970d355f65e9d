#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests inside virtual machines: tests/vm/smoke.sh, every tests/selftests/X.c and every
# tests/e2e/X.sh (not lib*.sh), each in a fresh VM with netpol loaded, two VMs at a time.
# The kernels are 6.1, 6.12, the newest kernel that can be had, and 6.12 with its checkers
# (newest and debug, tests/run/kernel.sh).
#
# An emulated processor is slow. So 6.12 runs the selftests and those end-to-end tests that
# ask for it, unless KERNELS names it, and the newest kernel runs some of the selftests. The
# debug kernel takes a while to build: where it has not been built (make check-debug), its
# tests are skipped. It runs the selftests, and the end-to-end tests where KERNELS names it.
# So are those of the newest kernel where it cannot be fetched.
#
#   T="NAME..."        only these tests
#   KERNELS="6.12"     only these kernels, and all tests there
#   VM_JOBS=2          this many VMs at a time
#
# A test asks for what it needs with lines in its source that hold
#   netpol-test: no-module          don't load netpol first
#   netpol-test: modules=a,b        load these first, if the kernel has them
#   netpol-test: timeout=SECONDS    default 300
#   netpol-test: mem=MIB            default 768
#   netpol-test: cpus=N             default 2
#   netpol-test: kernels=6.12       runs on these series only (comma list)
#   netpol-test: newest             a selftest that the newest kernel runs as well
#   netpol-test: all-kernels        an end-to-end test that 6.12 runs as well
#   netpol-test: schemas            its lines "# json NAME ..." are held to docs/schema
#   netpol-test: append=ARGS        more for the kernel's command line
#   netpol-test: alone              no other VM beside it
#   netpol-test: file=docs/X.md     this file of the source, as /tests/X.md
#   netpol-test: program=a,b        these programs of the host, which every guest has no room for
#   netpol-test: python             Python with YAML and the kernel's client of netlink
#                                   specifications, and netpol's
#
# In the guest: the selftests in /tests/selftests, tests/e2e in /tests/e2e, the
# helpers built from tests/e2e/*.c in /tests/bin and netpolctl (in PATH both),
# examples in /tests/examples.
set -eu
self=$(realpath "$0")
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh
# shellcheck source=tests/run/emulator.sh
. tests/run/emulator.sh
shopt -s nullglob

directive()
{
	sed -n "s/.*netpol-test: *$2=\([^ *]*\).*/\1/p" "$1" | head -n 1
}

has_directive()
{
	grep -Eq "netpol-test: *$2( |\*|$)" "$1"
}

# Files of Python that tests/e2e/spec.py loads, and with them the interpreter.
python_files()
{
	echo /usr/bin/python3
	PYTHONPATH=build/kselftest/python:/usr/lib/python3/dist-packages \
		/usr/bin/python3 -S -B tests/e2e/spec.py --modules | grep '^/usr/'
}

# one SERIES SOURCE
one()
{
	local k=$1 src=$2 name kind rel log rc=0 counts start=$SECONDS v
	name=$(basename "$src")
	name=${name%.*}
	kind=$(basename "$(dirname "$src")")
	rel=$(tests/run/kernel.sh release "$k")
	log=build/vm/$k/$kind.$name
	mkdir -p "build/vm/$k"

	local opts=(-k "$k" -l "$log.console" -t "$(directive "$src" timeout)")
	[ -n "${opts[-1]}" ] || opts[-1]=300
	v=$(directive "$src" mem); [ -z "$v" ] || opts+=(-M "$v")
	v=$(directive "$src" cpus); [ -z "$v" ] || opts+=(-c "$v")
	v=$(directive "$src" append); [ -z "$v" ] || opts+=(-a "$v")
	[ ! -e "build/$rel/netpol.ko" ] || opts+=(-m "build/$rel/netpol.ko")
	[ ! -x build/netpolctl ] || opts+=(-f build/netpolctl:/usr/sbin/netpolctl)
	opts+=(-f tests/vm/one.sh:/tests/one.sh -e "NETPOL_KERNEL=$k")
	if has_directive "$src" python; then
		for v in $(python_files); do
			opts+=(-f "$v:$v")
		done
		opts+=(-d build/kselftest/python:/tests/python
			-f docs/netlink/netpol.yaml:/tests/netpol.yaml)
	fi
	v=$(directive "$src" file); [ -z "$v" ] || opts+=(-f "$v:/tests/${v##*/}")
	for v in $(directive "$src" program | tr , ' '); do
		opts+=(-f "$(type -P "$v"):/usr/bin/$v")
	done
	local wrap=(sh /tests/one.sh)
	! has_directive "$src" no-module || wrap+=(-n)
	v=$(directive "$src" modules); [ -z "$v" ] || wrap+=(-m "$v")
	case "$kind" in
	selftests)
		opts+=(-f "build/selftests/$name:/tests/selftests/$name")
		wrap+=("/tests/selftests/$name") ;;
	perf)
		opts+=(-f "$src:/tests/perf/$name.sh" -f build/bench/bin/changes:/tests/perf/changes
			-f build/bench/bin/memory:/tests/perf/memory
			-f build/bench/bin/adversary:/tests/perf/adversary)
		wrap+=(bash "/tests/perf/$name.sh") ;;
	*)
		opts+=(-d "tests/$kind:/tests/$kind")
		[ ! -d examples ] || opts+=(-d examples:/tests/examples)
		for v in build/e2e/*; do
			opts+=(-f "$v:/tests/bin/${v##*/}")
		done
		wrap+=("$(sed -n '1s/^#! *\([^ ]*\).*/\1/p' "$src")" "/tests/$kind/$name.sh") ;;
	esac

	for v in 1 2; do
		rc=0
		tests/vm/run "${opts[@]}" -- "${wrap[@]}" >"$log.tap" 2>"$log.err" </dev/null ||
			rc=$?
		emulator_failed "$rc" "$log.console" || break
		[ "$v" = 2 ] || echo "note    $name, $k: the emulated machine failed; once more"
	done
	counts=$(awk -f tests/run/tap.awk -v rc="$rc" "$log.tap")
	local p f s
	read -r p f s <<<"$counts"
	# The guest has no means to hold documents to their schemas.
	if has_directive "$src" schemas; then
		if /usr/bin/python3 tests/run/schema.py "$log.tap" >"$log.schema" 2>&1; then
			p=$((p + 1))
		else
			f=$((f + 1))
			counts+=$'\n'$(tail -n 20 "$log.schema")
		fi
	fi
	passed "$name, $k" "$p"
	failed "$name, $k" "$f"
	skipped "$name, $k" "$s"
	if [ "$f" = 0 ]; then
		echo "ok      $name, $k: $p passed, $s skipped ($((SECONDS - start)) s)"
	else
		{
			echo "FAILED  $name, $k: $p passed, $f failed, $s skipped ($((SECONDS - start)) s)"
			sed '1d; s/^/    /' <<<"$counts"
			echo "    the end of $log.tap:"
			tail -n 40 "$log.tap" | tr -d '\r' | sed 's/^/    | /'
			tail -n 60 "$log.err" | sed 's/^/    ! /'
		} >"$log.report"
		cat "$log.report"
	fi
}

if [ "${1:-}" = --one ]; then
	part=vm
	one "$2" "$3" || { failed "$3, $2: the runner broke"; echo "FAILED  $3, $2: the runner broke"; }
	exit 0
fi

begin vm
kernels=${KERNELS:-6.1 6.12}
if [ -z "${KERNELS:-}" ]; then
	if tests/run/kernel.sh fetch newest >"$results/vm.newest.log" 2>&1; then
		kernels+=" newest"
	else
		skipped "selftests, newest"
		echo "skipped selftests, newest: that kernel cannot be fetched:" \
			"$(tail -n 1 "$results/vm.newest.log")"
	fi
	if tests/vm/uml-kernel.sh --cached debug >/dev/null 2>&1; then
		kernels+=" debug"
	else
		skipped "selftests, debug"
		echo "skipped selftests, debug: that kernel is not built here (make check-debug)"
	fi
fi
for k in $kernels; do
	tests/run/kernel.sh fetch "$k"
done

broken=no
if compgen -G 'kmod/*.c' >/dev/null; then
	run_check "module builds" make -s -j"$(nproc)" modules KERNELS="$kernels"
	! grep -q '^failed' "$results/vm.list" || broken=yes
fi
run_check "tool, selftests and helpers build" make -s -k -j"$(nproc)" tools selftest-bins e2e-bins \
	build/bench/bin/changes build/bench/bin/memory build/bench/bin/adversary
if [ "$broken" = yes ]; then
	finish
	exit 1
fi

# No two VMs may want to build the same base initramfs: warm the cache.
for k in $kernels; do
	run_check "a VM boots, $k" tests/vm/run -k "$k" -- true
done

# runs_on SERIES SOURCE
runs_on()
{
	local only
	only=$(directive "$2" kernels)
	case ",${only:-$1}," in
	*",$1,"*) ;;
	*) return 1 ;;
	esac
	case "$1,$2" in
	debug,tests/selftests/*.c) ;;
	debug,tests/e2e/*) [ -n "${KERNELS:-}" ] ;;
	debug,*) return 1 ;;
	newest,tests/selftests/*.c) [ -n "${KERNELS:-}" ] || has_directive "$2" newest ;;
	newest,*) [ -n "${KERNELS:-}" ] ;;
	6.12,tests/e2e/*) [ -n "${KERNELS:-}$only" ] || has_directive "$2" all-kernels ;;
	esac
}

wanted()
{
	local x
	[ -n "${T:-}" ] || return 0
	for x in $T; do
		[ "$x" != "$1" ] || return 0
	done
	return 1
}

sources=(tests/vm/smoke.sh)
sources+=(tests/selftests/*.c tests/selftests/perf/*.sh tests/e2e/*.sh)
jobs=() alone=()
for src in "${sources[@]}"; do
	name=$(basename "$src")
	case "$src" in
	tests/e2e/lib*.sh) continue ;;
	esac
	wanted "${name%.*}" || continue
	case "$src" in
	tests/selftests/*.c)
		if ! make -s "build/selftests/${name%.c}" >/dev/null 2>&1; then
			failed "${name%.c} (does not build)"
			echo "FAILED  ${name%.c} does not build"
			continue
		fi ;;
	esac
	for k in $kernels; do
		runs_on "$k" "$src" || continue
		if has_directive "$src" alone; then
			alone+=("$k" "$src")
		else
			jobs+=("$k" "$src")
		fi
	done
done
[ ${#jobs[@]} = 0 ] || printf '%s\0' "${jobs[@]}" |
	xargs -0 -n 2 -P "${VM_JOBS:-2}" bash "$self" --one
[ ${#alone[@]} = 0 ] || printf '%s\0' "${alone[@]}" |
	xargs -0 -n 2 -P 1 bash "$self" --one
finish
