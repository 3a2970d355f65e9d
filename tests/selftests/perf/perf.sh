#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What changes cost, what memory objects take and what a tenant can do to the others, of
# the loaded module on this machine: KTAP lines, and the figures as a table in comments.
#
#   perf.sh [-s] [SHAPE...]    -s: short; shapes as of "changes"
#
# Needs root, the module, network namespaces with veth pairs, and the programs "changes",
# "memory" and "adversary" (make build/bench/bin/changes, and so on) beside it or in $PATH.
# What the kernel lacks is skipped. It changes nothing outside network namespaces
# and a control group of its own.
#
# netpol-test: kernels=6.12
# netpol-test: timeout=900
# netpol-test: mem=1536
set -u
here=$(cd "$(dirname "$0")" && pwd)
PATH=$here:$PATH

short=no
if [ "${1:-}" = -s ] || [ -n "${NETPOL_VM:-}" ]; then
	short=yes
	[ "${1:-}" != -s ] || shift
fi

number=0
# result STATUS NAME: 4 of a program is "the kernel lacks it"
result()
{
	number=$((number + 1))
	case "$1" in
	0) echo "ok $number $2" ;;
	4) echo "ok $number $2 # SKIP not possible here" ;;
	*) echo "not ok $number $2" ;;
	esac
}

# run NAME PROGRAM ARG...: its table as comments
run()
{
	local name=$1 status
	shift
	if ! command -v "$1" >/dev/null; then
		echo "# no program $1"
		result 4 "$name"
		return
	fi
	"$@" 2>&1 | sed 's/^/# /'
	status=${PIPESTATUS[0]}
	result "$status" "$name"
}

echo "TAP version 13"
if [ "$(id -u)" != 0 ] || [ ! -e /sys/module/netpol ]; then
	echo "1..0 # SKIP needs root and the module netpol"
	exit 4
fi
echo "1..3"
if [ "$short" = yes ]; then
	run "changes" changes -k -r 4 "${@:-tiny}"
	run "memory" memory -k -q
	run "adversaries" adversary -k -q
else
	run "changes" changes -k "$@"
	run "memory" memory -k
	run "adversaries" adversary -k
fi
