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
if [ -e build/bench/insn.json ] && ! grep -q '^failed' "$results/insn.list"; then
	jq -r '.[] | select(.accepted) | (if .slower then "failed" else "passed" end) + " 1 " +
		.name + ", " + (.params | to_entries | map("\(.key)=\(.value)") | join(" "))' \
		build/bench/insn.json >>"$results/insn.list"
	grep -q '^passed 1 packet,' "$results/insn.list" || failed "no row has an accepted figure"
	grep '^failed' "$results/insn.list" || :
fi
finish
