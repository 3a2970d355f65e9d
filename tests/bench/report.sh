#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes build/bench/report.html, one page without anything outside it, from the rows in
# build/bench/*.json and the page in report.html beside this script.
set -eu
cd "$(dirname "$0")/../.."

parts=()
for part in insn packets changes memory adversary follow; do
	[ ! -s "build/bench/$part.json" ] || parts+=("build/bench/$part.json")
done
if [ ${#parts[@]} = 0 ]; then
	echo "report.sh: no build/bench/PART.json; run make bench first" >&2
	exit 1
fi
data=build/bench/report.data
jq -c -n '
	reduce inputs as $rows ({}; . + {(input_filename | split("/")[-1] | rtrimstr(".json")): $rows})
	| {made: $made, machine: $machine, parts: .}' \
	--arg made "$(date -u '+%Y-%m-%d %H:%M UTC')" \
	--arg machine "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) processors" \
	"${parts[@]}" | sed 's#</#<\\/#g' >"$data"
awk -v data="$data" '
	/\/\* DATA \*\// { while ((getline line <data) > 0) print line; next }
	{ print }' tests/bench/report.html >build/bench/report.html
rm "$data"
echo "build/bench/report.html"
