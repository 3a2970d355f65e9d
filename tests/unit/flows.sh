#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl flows as a command: words and options that are refused, each with what to do; its lines
# by their schema. Without the module; tests/e2e/flows.sh has it.
set -u
cd "$(dirname "$0")/../.." || exit 1
command='flows'
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

expect 2 'flows takes deny, audit or all' change
expect 2 'flows takes deny, audit or all' deny audit
for where in '' http://a:80 udp://a udp://fd00::5:53 tcp://a:0 tcp://a:80/path; do
	expect 2 '^netpolctl: error: --write cannot write to "' --write "$where"
	expect 2 '^hint: it takes a file, - for standard output, udp://HOST:PORT or tcp://HOST:PORT' \
		--write "$where"
done
expect 2 '^netpolctl: error: --interval takes a time of 100ms or more' --interval 99ms
expect 2 '^netpolctl: error: --interval takes a time of 100ms or more' --interval 0
expect 2 '^netpolctl: error: --for takes a time' --for 0
expect 2 '^netpolctl: error: --for takes a time' --for soon
expect 2 '^netpolctl: error: --count takes a number from 1 on' --count 0
expect 2 '^netpolctl: error: --enterprise takes a private enterprise number' --enterprise 4294967296
expect 2 '^netpolctl: error: --enterprise takes a private enterprise number' --enterprise none
expect 2 '^netpolctl: error: "a.b" is no namespace' -n a.b
expect 2 'has no output form "json"' -o json
expect 2 '^hint: it has: jsonl, ipfix$' -o json
# On a terminal it would be a mess.
script -qec "$tool flows -o ipfix" "$tmp/screen" >/dev/null
[ $? = 2 ] && grep -q 'IPFIX is not for a terminal; --write says where it goes' "$tmp/screen" ||
	{ echo "IPFIX on a terminal"; cat "$tmp/screen"; failed=1; }
expect 4 'kernel module "netpol" is not loaded' --for 1s

lines=0
while read -r line; do
	printf '%s' "$line" >"$tmp/out"
	schema "$line"
	lines=$((lines + 1))
done < <(build/unit/test_record lines)
[ $lines = 4 ] || { echo "$lines lines by their schema"; failed=1; }
for wrong in .kind=\"Event\" .packets=0 .apiVersion=\"v2\" .more=1 .start=\"now\" del\(.source\); do
	build/unit/test_record lines | head -n 1 | jq "$wrong" >"$tmp/out"
	by_schema "$tmp/out" 2>/dev/null && { echo "the schema allows $wrong"; failed=1; }
done
exit $failed
