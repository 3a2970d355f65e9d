#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A flood of denied packets, while netpolctl monitor and netpolctl flows listen: it costs an event a
# second, each packet of it is counted, a single packet of another flow is told, and allowed packets
# all arrive. What is lost, because there are too many flows, is told without another event.
#netpol-test: timeout=600 schemas
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
packets=1500
allowed=300
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 a/noisy 10.244.1.11 fd00:244:1::11
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
serve_on b/server -- udp/53 tcp/80
control=n1,10.244.2.10,80
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/client a/noisy b/server
	cat <<-X
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: some, namespace: b}
	spec:
	  podSelector: {}
	  ingress:
	  - ports: [{port: 53, protocol: UDP}, {port: 80, protocol: TCP}]
	X
} | apply

# sends POD N PORT [EACH]: N datagrams to b/server, to the same port or each to the next one
sends()
{
	# shellcheck disable=SC2016 # for the shell inside
	in_netns "${end_netns[$1]}" bash -c \
		'for ((i = 0; i < $0; i++)); do echo x >"/dev/udp/$1/$(($2 + i * $3))"; done' \
		"$2" "${end_v4[b/server]}" "$3" "${4:-0}"
}

# arrived: datagrams that b/server got so far, also those for which it had no time
arrived()
{
	in_netns "${end_netns[b/server]}" cat /proc/net/snmp |
		awk '$1 == "Udp:" && $2 ~ /^[0-9]/ { print $2 + $6 }'
}

# starts FILE WORD...: a command that listens, in the background; $! is its process
starts()
{
	local file=$1
	shift
	netpolctl --netns n1 "$@" >"$tmp/$file" 2>"$tmp/$file.err" &
	pids+=("$!")
	eventually 60 listening n1 $! || bail "$*: $(cat "$tmp/$file.err")"
}

starts seen monitor -o jsonl
monitor=${pids[-1]}
starts records flows --interval 500ms
flows=${pids[-1]}
before=$(arrived)
sends a/noisy $packets 54 &
flood=$!
sends a/client 1 55
sends a/client $allowed 53
expect <<-X
	yes a/client tcp b/server 80 an allowed port, in the flood
X
sends a/client 1 56
wait $flood

# sum FILTER: of the counts that were seen
sum() { jq -s "[.[] | select(.kind == \"Event\" and ($1)) | .count] | add // 0" "$tmp/seen"; }
told() { [ "$(sum '.destination.port == 54')" = "$packets" ]; }
all_arrived() { [ "$(($(arrived) - before))" = "$allowed" ]; }
check "each packet of the flood is in an event, once" eventually 30 told
check "each allowed packet arrived" eventually 30 all_arrived
is "$(jq -c 'select(.destination.port == 55 or .destination.port == 56) |
	[.source.pod, .destination.port, .count]' "$tmp/seen" | paste -sd' ')" \
	'["client",55,1] ["client",56,1]' "single packets of other flows are told"
events=$(jq -s '[.[] | select(.destination.port == 54)] | length' "$tmp/seen")
note "$events events about $packets packets"
check "the flood took few events" [ "$events" -lt 60 ]
is "$(jq -s '[.[] | select(.kind == "Lost")] | length' "$tmp/seen")" 0 "nothing was lost"
check "events of several packets say when they came" jq -es \
	'[.[] | select(.count > 1)] | length > 0 and all(.first <= .time)' "$tmp/seen"
head -n 20 "$tmp/seen" | sed 's/^/# json monitor /'

kill "$flows"
wait "$flows"
is "$(jq -s '[.[] | select(.destination.port == 54) | .packets] | add' "$tmp/records")" $packets \
	"the records have them all"
is "$(cat "$tmp/records.err")" "" "and nothing was lost for them"

# More flows than there is room for, at a low rate, and nothing behind them.
netpolctl --netns n1 settings event-rate=4 >/dev/null
lost() { jq -es '[.[] | select(.kind == "Lost") | .events] | add > 0' "$tmp/seen" >/dev/null; }
exact() { [ "$(jq -s '[.[] | if .kind == "Lost" then .events elif .destination.port >= 1000
	then .count else 0 end] | add' "$tmp/seen")" = 400 ]; }
sends a/noisy 400 1000 1
check "what is lost is told without another event" eventually 30 lost
check "and each packet is told of or lost" eventually 120 exact
grep '"Lost"' "$tmp/seen" | head -n 1 | sed 's/^/# json monitor /'
kill "$monitor"
wait "$monitor"

# What people read.
netpolctl --netns n1 settings event-rate=100 >/dev/null
starts text monitor
monitor=${pids[-1]}
sends a/noisy 20 54
counted() { grep -qE 'a/noisy -> b/server:54 udp .*\(x [0-9]+ in [0-9]+\.[0-9] s\)$' "$tmp/text"; }
check "a line has the number of packets" eventually 30 counted
kill "$monitor"
wait "$monitor"
finish
