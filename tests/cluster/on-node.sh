#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# on-node.sh NODE COMMAND - runs a shell command on a node of the cluster test, from inside its
# network namespace; its output is ours, and so is its status.
set -eu
case "${1:-}" in
node1) address=10.123.0.11 ;;
*) echo "on-node: there is no node \"${1:-}\"" >&2; exit 2 ;;
esac
# What comes after the mark is the status. The mark is in two parts, so that an echo is none.
out=$(mktemp)
trap 'rm -f "$out"' EXIT
printf '(%s\n) </dev/null; echo "on-node-st""atus $?"\n' "${*:2}" |
	socat -t 600 - "TCP:$address:2222" >"$out"
grep -a -v '^on-node-status ' "$out" || :
status=$(grep -a '^on-node-status ' "$out" | tail -n 1)
exit "${status#on-node-status }"
