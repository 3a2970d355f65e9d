#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl flows: what it writes of packets that are denied and audited is what was sent, as JSON
# lines and as IPFIX that a collector reads; files, pipes and endpoints; what is lost is said.
#netpol-test: timeout=600
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/web 10.244.1.10 fd00:244:1::10
pod_make n1 a/friend 10.244.1.11 fd00:244:1::11
pod_make n1 a/stranger 10.244.1.12 fd00:244:1::12
pod_make n1 b/other 10.244.1.13 fd00:244:1::13
pod_info a/web app=web
pod_info a/friend app=friend
serve_on a/web a/friend b/other -- tcp/80 udp/53
control=n1,10.244.1.13,80
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/web a/friend a/stranger b/other
	cat <<-X
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: web, namespace: a}
	spec:
	  podSelector: {matchLabels: {app: web}}
	  ingress: [{from: [{podSelector: {matchLabels: {app: friend}}}]}]
	X
} | apply

# flows WORD...: in the background, until it listens; $flows is its process
flows()
{
	netpolctl --netns n1 flows "$@" 2>"$tmp/err" &
	flows=$!
	pids+=("$flows")
	eventually 60 listening n1 $flows || bail "flows $*: $(cat "$tmp/err")"
}

# sends N ADDRESS PORT: N datagrams of UDP from a/stranger, each one packet
sends()
{
	# shellcheck disable=SC2016 # for the shell inside
	in_netns "${end_netns[a/stranger]}" bash -c \
		'for ((i = 0; i < $0; i++)); do echo x >"/dev/udp/$1/$2"; done' "$@"
}

# ended: flows ends by itself, and says no errors; $status is its exit status
ended()
{
	wait "$flows"
	status=$?
	[ $status = 0 ] || note "$(cat "$tmp/err")"
	[ $status = 0 ]
}

# documented FILE: its lines have the members that docs/schema/flows.json asks for, and no others
documented()
{
	jq -se '
		def only($may): keys - $may == [];
		def place: only(["address", "interface", "namespace", "pod", "port"]) and has("address");
		length > 0 and all(.[]; .apiVersion == "netpolctl/v1" and
			if .kind == "Flow" then only(["apiVersion", "destination", "direction", "end", "kind",
				"packets", "policies", "policyCount", "protocol", "reason", "source", "start",
				"verdict"]) and (.source | place) and (.destination | place) and .start <= .end and
				.packets > 0
			else .kind == "FlowsLost" and (keys | length == 6) end)' "$1"
}

# JSON lines: each kind of packet is a record, and what is allowed is in none.
flows --count 7 --write "$tmp/lines"
sends 3 10.244.1.10 53
sends 2 10.244.1.10 54
expect <<-X
yes a/friend tcp a/web 80 while flows listens
X
sends 2 fd00:244:1::10 53
check "it ends after as many packets as it was told" ended
check "the lines are as documented" documented "$tmp/lines"
is "$(jq -c '[.packets, .source.address, .destination.address, .destination.port, .protocol]' "$tmp/lines" |
	sort -r | paste -sd' ')" '[3,"10.244.1.12","10.244.1.10",53,"udp"] [2,"fd00:244:1::12","fd00:244:1::10",53,"udp"] [2,"10.244.1.12","10.244.1.10",54,"udp"]' \
	"a record for each kind of packet"
is "$(jq -c '[.source.namespace, .source.pod, .destination.pod, .verdict, .direction, .policies]' "$tmp/lines" |
	uniq)" '["a","stranger","web","DENY","ingress",["a/web"]]' "with pods, verdict and policy"
is "$(jq -r '[.source.interface, .destination.interface] | join(" ")' "$tmp/lines" | uniq)" \
	"${end_dev[a/stranger]} ${end_dev[a/web]}" "and the interfaces of the pods"
is "$(stat -c %a "$tmp/lines")" 600 "the file is for its owner"
is "$(cat "$tmp/err")" "" "nothing was lost"

# Filters; a second run adds to the file.
flows deny --to a/web --port udp/54 --count 2 --write "$tmp/lines"
sends 2 10.244.1.10 53
sends 2 10.244.1.10 54
check "packets that meet conditions" ended
is "$(tail -n 1 "$tmp/lines" | jq -c '[.packets, .destination.port]')" '[2,54]' "and no others"
is "$(wc -l <"$tmp/lines")" 4 "behind what was in the file"

# Each interval has its records, at once for who reads a pipe.
mkfifo "$tmp/pipe"
netpolctl --netns n1 flows --interval 200ms >"$tmp/pipe" 2>"$tmp/err" &
flows=$!
pids+=("$flows")
exec 8<"$tmp/pipe"
eventually 60 listening n1 $flows || bail "flows to a pipe"
sends 1 10.244.1.10 53
read -r first <&8
sends 1 10.244.1.10 53
read -r second <&8
is "$(jq -sc '[.[].packets]' <<<"$first$second")" '[1,1]' "intervals: a record each"
exec 8<&-
check "nobody reads any more: it ends" ended
is "$(cat "$tmp/err")" "" "quietly"

# What is observed.
netpolctl --netns n1 audit a --for 1h >/dev/null 2>&1
flows audit --count 2 --write "$tmp/audit"
sends 2 10.244.1.10 53
check "audit: it ends" ended
# the answers are of the same flow
is "$(jq -c '[.packets >= 2, .verdict, .destination.pod, .policies]' "$tmp/audit")" \
	'[true,"AUDIT","web",["a/web"]]' "audit: a record"
netpolctl --netns n1 audit --end a >/dev/null

# SIGTERM writes what there is.
flows --interval 60m --write "$tmp/term"
netpolctl --netns n1 monitor -o jsonl >"$tmp/seen" &
monitor=$!
pids+=("$monitor")
eventually 60 listening n1 $monitor || bail "monitor"
sends 2 10.244.1.10 53
both() { [ "$(jq -s 'map(.count) | add' "$tmp/seen")" = 2 ]; }
check "both packets are told" eventually 30 both
kill $monitor
wait $monitor
kill "$flows"
check "SIGTERM ends it" ended
is "$(jq -c .packets "$tmp/term")" 2 "and what was counted is written"

# IPFIX, to a collector by UDP.
mkdir "$tmp/nf"
nsenter --net=/run/netns/n1 nfcapd -w "$tmp/nf" -b 127.0.0.1 -p 4739 -t 3600 >"$tmp/nfcapd" 2>&1 &
nfcapd=$!
pids+=("$nfcapd")
port() { in_netns n1 ss -Hlun sport = :4739; }
bound() { [ -n "$(port)" ]; }
drained() { [ "$(port | awk '{ print $2 }')" = 0 ]; }
eventually 30 bound || bail "nfcapd: $(cat "$tmp/nfcapd")"
flows -o ipfix --count 6 --write udp://127.0.0.1:4739
sends 4 10.244.1.10 53
sends 2 fd00:244:1::10 54
check "IPFIX by UDP: it ends" ended
is "$(cat "$tmp/err")" "" "IPFIX by UDP: nothing was lost"
# told to end, it forgets datagrams that it has not read
eventually 30 drained
kill $nfcapd
wait $nfcapd
note "$(cat "$tmp/nfcapd")"
nfdump -R "$tmp/nf" -o json >"$tmp/collected" || bail "nfdump"
is "$(jq -c '[.[] | [.src4_addr // .src6_addr, .dst4_addr // .dst6_addr, .dst_port, .proto, .in_packets,
	.direction]] | sort' "$tmp/collected")" \
	'[["10.244.1.12","10.244.1.10",53,17,4,0],["fd00:244:1::12","fd00:244:1::10",54,17,2,0]]' \
	"nfcapd collects the records"
is "$(jq -c '[.[] | [.input_snmp, .output_snmp]] | unique' "$tmp/collected")" \
	"[[$(ip -n n1 -j link show "${end_dev[a/stranger]}" | jq '.[0].ifindex'),$(
	ip -n n1 -j link show "${end_dev[a/web]}" | jq '.[0].ifindex')]]" "with the interfaces"
check "nfcapd: no sequence error and no bad packet" \
	grep -q 'Flows: 2, Packets: 6,.* Sequence Errors: 0, Bad Packets: 0' "$tmp/nfcapd"

# IPFIX in a file: a message header, and the names.
flows -o ipfix --count 1 --write "$tmp/ipfix"
sends 1 10.244.1.10 53
check "IPFIX in a file: it ends" ended
is "$(dd if="$tmp/ipfix" bs=2 count=1 2>/dev/null | tr '\000\012' 'ab')" ab "it is version 10"
for name in sourcePodName networkPolicyNames stranger a/web DENY "${end_dev[a/web]}"; do
	check "it names $name" grep -qaF "$name" "$tmp/ipfix"
done

# TCP: the collector comes later.
flows --count 2 --interval 200ms --write tcp://127.0.0.1:4740
sends 1 10.244.1.10 53
check "TCP: it says that nobody listens" eventually 30 grep -q \
	'tcp://127.0.0.1:4740: Connection refused; records are kept while it is tried again' "$tmp/err"
nsenter --net=/run/netns/n1 socat -u TCP-LISTEN:4740,reuseaddr "CREATE:$tmp/tcp" &
pids+=("$!")
check "TCP: what was kept is sent" eventually 60 test -s "$tmp/tcp"
check "TCP: it says that it is back" grep -q 'tcp://127.0.0.1:4740: it is back' "$tmp/err"
sends 1 10.244.1.10 54
check "TCP: it ends" ended
both_came() { [ "$(wc -l <"$tmp/tcp")" = 2 ]; }
eventually 30 both_came
is "$(jq -c '.destination.port' "$tmp/tcp" | paste -sd' ')" "53 54" "TCP: both records came"

# More events than the kernel sends: the rest is counted, and said.
netpolctl --netns n1 settings event-rate=1 >/dev/null
flows --interval 200ms --write "$tmp/lost"
overrun()
{
	# shellcheck disable=SC2016 # for the shell inside
	in_netns "${end_netns[a/stranger]}" bash -c \
		'for ((i = 0; i < 200; i++)); do echo x >"/dev/udp/10.244.1.10/$((1000 + i))"; done'
	grep -q FlowsLost "$tmp/lost"
}
check "events beyond the rate: a record says how many were lost" eventually 60 overrun
check "it is as documented" documented "$tmp/lost"
kill "$flows"
check "lost events are no failure" ended
check "the end says how many were lost" grep -qE \
	'^netpolctl: warning: lost: [1-9][0-9]* events before they were read, and 0 records of 0 packets' \
	"$tmp/err"
finish
