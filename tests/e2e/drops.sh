#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is known of packets afterwards. Who traces dropped packets finds that netpol has dropped
# them, not some hook; denied they are as well while nobody does, and the sender on the node itself
# is told. Rules that decided one and rules that never did; conditions of `netpolctl monitor`.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
tracing=/sys/kernel/tracing
event=$tracing/events/skb/kfree_skb
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
host_make n1 outside 198.51.100.10 2001:db8:51::10
serve_on b/server -- udp/53 udp/54 udp/55 tcp/80 tcp/81
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/client b/server
} | apply
apply <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: some, namespace: b}
spec:
  podSelector: {}
  ingress:
  - ports: [{port: 53, protocol: UDP}, {port: 80, protocol: TCP}]
X

# denied: as expect makes it, and how many of netpol's drops the trace has
denied()
{
	expect <<-X
		yes a/client udp b/server 53 an allowed port, $1
		no a/client udp b/server 54 from a pod of the node, $1
		no outside tcp b/server 81 from elsewhere, $1
		yes outside tcp b/server 80 an allowed port from elsewhere, $1
	X
}

denied "not traced"
if [ ! -w $event/enable ]; then
	skip "traced" "no trace of dropped packets"
	finish
fi
echo >$tracing/trace
echo 1 >$event/enable
denied "traced"
echo 0 >$event/enable
grep -E 'kfree_skb:.*reason: NETFILTER_DROP' $tracing/trace >"$tmp/drops"
check "they are traced as netfilter's" [ -s "$tmp/drops" ]
if grep -q 'location=0' "$tmp/drops"; then
	skip "each of them leads to netpol" "this kernel's trace does not say where"
else
	check "each of them leads to netpol" sh -c "! grep -v '\[netpol\]' $tmp/drops"
fi
denied "no longer traced"

# netpol's own tracepoints: each denied packet with its port, and each commit
echo >$tracing/trace
echo 1 >$tracing/events/netpol/enable
denied "traced by netpol"
ns_yaml a team=red | apply
echo 0 >$tracing/events/netpol/enable
packets=$(grep -c 'netpol_packet:.*verdict=2 direction=0 reason=4 .*:\(54\|81\)$' $tracing/trace)
is "$((packets >= 4))" 1 "both denied ports, both families, are in the trace"
is "$(grep 'netpol_packet:' $tracing/trace | grep -vc ':\(54\|81\)$')" 0 "and nothing that was allowed"
is "$(grep -c 'netpol_commit:.*generation=[1-9][0-9]* error=0 nanoseconds=[1-9]' $tracing/trace)" 1 \
	"the commit is, with its generation and time"

# what was hit, and what was not: the rule above was, by four rounds at least
rules()
{
	netpolctl --netns $node get rules "$@" 2>"$tmp/note"
}
is "$(rules --no-headers | awk '{ print $1, $2, $3, $4, ($5 >= 4), ($6 ~ /^[0-9]+[sm]$/) }')" \
	"b some manual ingress[0] 1 1" "the rule that was hit, and when"
is "$(rules --unused 1h --no-headers)" "" "which is not unused"
is "$(cat "$tmp/note")" "" "nor too young to tell"
apply <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: never, namespace: b}
spec:
  podSelector: {}
  ingress:
  - ports: [{port: 9, protocol: UDP}]
X
is "$(rules never -n b -o json | jq -c '.items[] | [.policy, .index, .packets, .secondsSinceLastHit]')" \
	'["never",0,0,null]' "a rule that nothing has hit"
is "$(rules --unused 1h --no-headers)" "" "is not called unused before it was watched for so long"
check "but a note says so" grep -q 'watched for less than 1h, are left out: 1$' "$tmp/note"
# the first read begins to watch it; a second of that has to pass
while [ "$(rules never -o json | jq '.items[0].secondsWatched')" = 0 ]; do
	sleep 0.2
done
is "$(rules --unused 1s --no-headers never | awk '{ print $2, $4, $5, $6 }')" \
	"never ingress[0] 0 -" "it is unused then"

# conditions: of the packets to three ports only one is shown
netpolctl --netns $node monitor --from a/client --to b/server --port udp/55 \
	--policy b/some --count 1 -o jsonl >"$tmp/seen" &
monitor=$!
# true when the monitor has seen the last of these; it may not listen yet
knock()
{
	local to=${end_v4[b/server]}
	batch >/dev/null <<-X
		0 ${end_netns[a/client]} udp - $to 54
		1 ${end_netns[outside]} udp - $to 55
		2 ${end_netns[a/client]} udp - $to 55
	X
	[ -s "$tmp/seen" ]
}
check "a packet that meets all conditions is shown" eventually 60 knock
[ -s "$tmp/seen" ] || kill $monitor
wait $monitor
is "$(jq -r '[.source.pod, .destination.pod, .destination.port] + (.policies | sort) | join(" ")' \
	"$tmp/seen")" "client server 55 b/never b/some" "and no other"
check "a policy that is not there is told" sh -c \
	"netpolctl --netns $node get rules nowhere 2>&1 | grep -q 'policy \"nowhere\" is not loaded'"
check "--unused wants a time" sh -c \
	"netpolctl --netns $node get rules --unused soon 2>&1 | grep -q 'takes a time such as 12h'"
finish
