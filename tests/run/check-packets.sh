#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The packet bench in small: User Mode Linux builds and runs commands, and every
# alternative's rule set gives the model's verdict on a thousand packets. Nothing is
# timed that counts. An empty cache costs the build of that kernel first.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh

begin packets

# ends_with STATUS COMMAND...
ends_with()
{
	local want=$1 rc=0
	shift
	"$@" || rc=$?
	[ "$rc" = "$want" ] || { echo "status $rc, not $want"; return 1; }
}

run_check "a User Mode Linux kernel" tests/vm/uml-kernel.sh
# Linux 6.12 knows the size of the registers of processors without AMX only.
rc=0
tests/vm/uml -- true 2>"$results/packets.uml.log" || rc=$?
if [ "$rc" = 126 ]; then
	cat "$results/packets.uml.log"
	skipped "packets in User Mode Linux: it does not run on this processor"
	finish
	exit
fi
run_check "uml: the command's status" ends_with 3 tests/vm/uml -- sh -c 'exit 3'
run_check "uml: a limit of time" ends_with 124 tests/vm/uml -t 5 -- sleep 600
run_check "uml: a kernel's warning fails" ends_with 125 tests/vm/uml -- \
	sh -c 'echo "WARNING: by hand" >/dev/kmsg'

log=$results/packets.smoke.log
rc=0
tests/bench/packets.sh --smoke >"$log" 2>&1 || rc=$?
while read -r line; do
	case "$line" in
	'ok  '*) passed "${line#ok }" ;;
	'FAILED '*) failed "${line#FAILED }" ;;
	'marked '*) skipped "${line#marked }" ;;
	*) continue ;;
	esac
	echo "$line"
done <"$log"
rows=$(jq length build/bench/packets/smoke.json 2>/dev/null) || rows=0
if [ "$rc" = 0 ] && [ "$rows" -gt 100 ]; then
	passed "rows of every alternative"
else
	failed "the bench in small: status $rc, $rows rows"
	tail -n 40 "$log"
fi
finish
