#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Instructions a packet and in the core, the short form: over the accepted figures, or a
# verdict that is not the expected one, is a failure. Each row counts.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh
begin insn

run_check "packets are counted" tests/bench/insn.sh short count
rows=build/bench/insn.json
# The keys of the address maps are drawn at each boot. With a bad one the addresses that a row is
# about may all have to be looked for twice (docs/performance.md). So what is over the accepted
# figure is counted once more, and fails if it is over it with other keys as well.
if [ -e $rows ] && jq -e 'any(.slower)' $rows >/dev/null; then
	cp $rows build/bench/insn.first.json
	run_check "packets are counted again, with other keys" tests/bench/insn.sh short count
	jq --slurpfile first build/bench/insn.first.json \
		'($first[0] | map(select(.slower) | {key, value: true}) | from_entries) as $slow |
		map(.slower = (.slower and $slow[.key]))' $rows >build/bench/insn.both.json
	mv build/bench/insn.both.json $rows
fi
if [ -e $rows ] && ! grep -q '^failed' "$results/insn.list"; then
	jq -r '.[] | select(.accepted) | (if .slower then "failed" else "passed" end) + " 1 " +
		.name + ", " + (.params | to_entries | map("\(.key)=\(.value)") | join(" "))' \
		$rows >>"$results/insn.list"
	grep -q '^passed 1 packet,' "$results/insn.list" || failed "no row has an accepted figure"
	grep '^failed' "$results/insn.list" || :
fi
finish
