#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The node agent answers probes and keeps its watchdog in the middle of long work: while it takes
# in a list of many pods in one callback, while it commits them, while it compares them with the
# kernel, and while all of them are deleted.
#netpol-test: timeout=600
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node_make n1 10.244.0.1 fd00:244::1
dir=$tmp/agent
mkdir -p "$dir"
mkfifo "$dir/in"
nsenter --net=/run/netns/n1 feed --node here0 --snapshot "$dir/snapshot" --socket "$dir/sock" \
	--listen 127.0.0.1:9474 --probes 127.0.0.1:9475 --audit 3600000 <"$dir/in" >"$dir/log" 2>&1 &
agent=$!
pids+=("$agent")
exec 5>"$dir/in"
eventually 30 test -S "$dir/sock" || bail "the agent does not start: $(tail -n 5 "$dir/log")"

get() { nsenter --net=/run/netns/n1 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1
	printf 'GET $2 HTTP/1.0\r\n\r\n' >&3; cat <&3"; }
metric() { get 9474 /metrics | tr -d '\r' | sed -n "s/^$1 //p"; }
healthy() { get 9475 /healthz | grep -q '^HTTP/1.. 200'; }

# Asks for /healthz until a file is there, and counts answers.
probe() # FILE
{
	local answers=0 wrong=0
	until [ -e "$1.end" ]; do
		if healthy; then
			answers=$((answers + 1))
		else
			wrong=$((wrong + 1))
		fi
	done
	echo "$answers $wrong" >"$1.new"
	mv "$1.new" "$1"
}
during() # WHAT ANSWERS COMMAND...: so many probes at least are answered until the command ends
{
	local what=$1 least=$2 answers wrong
	shift 2
	rm -f "$dir/probes" "$dir/probes.end"
	probe "$dir/probes" &
	check "$what" "$@"
	touch "$dir/probes.end"
	eventually 60 test -s "$dir/probes" || bail "a probe is never answered"
	read -r answers wrong <"$dir/probes"
	note "$what: $answers probes answered, longest $(metric netpol_loop_longest_seconds) s"
	if [ "$answers" -ge "$least" ] && [ "$wrong" -eq 0 ]; then
		ok "$what: probes are answered meanwhile"
	else
		not_ok "$what: $answers probes answered, $wrong wrongly"
	fi
}

logged() { eventually 120 grep -q "$1" "$dir/log"; }
audited() { kill -HUP "$agent" && eventually 120 metric_is netpol_audits_total 1; }
metric_is() { [ "$(metric "$1")" = "$2" ]; }
empty()
{
	for what in begin synced; do
		for kind in namespaces pods networkpolicies; do
			echo "{\"do\":\"$what\",\"kind\":\"$kind\"}" >&5
		done
	done
	eventually 120 metric_is 'netpol_objects{kind="pods"}' 0
}

check "probes are answered" healthy
echo '{"do":"generate","namespaces":50,"pods":15000,"local":10,"policies":1000}' >&5
# It works for seconds here. Without looking up, it would answer one or two.
during "a list and its commit" 5 logged "everything is committed"
during "a comparison" 1 audited
during "deleting all" 1 empty
# The bound is 50 ms of a real processor. An emulated one is up to twenty times slower.
longest=$(metric netpol_loop_longest_seconds)
note "longest stretch: $longest s"
check "the agent never works for long without looking up" \
	awk -v s="$longest" 'BEGIN { exit !(s > 0 && s < 1) }'
finish
