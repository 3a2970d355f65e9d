#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The benches of the control path in their short form, in this process: their exact rows
# (messages, bytes, refusals, verdicts) hold, and the report page can be made.
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=tests/run/results.sh
. tests/run/results.sh

begin bench
mkdir -p build/bench/short
run_check "benches build" make -s build/bench/bin/changes build/bench/bin/memory \
	build/bench/bin/adversary build/bench/bin/agent build/bench/bin/agent_adversary \
	build/bench/bin/soak
for bench in changes memory adversary agent agent_adversary soak; do
	run_check "bench $bench, short" "build/bench/bin/$bench" -q \
		-o "build/bench/short/$bench.json"
	run_check "rows of bench $bench" jq -e '
		length > 0 and all(.[]; has("name") and has("params") and has("target")
			and (.value | type) == "number" and (.unit | type) == "string")' \
		"build/bench/short/$bench.json"
done
finish
