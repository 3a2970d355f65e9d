#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who traces dropped packets finds that netpol has dropped them, not some hook; denied they
# are as well while nobody does, and the sender on the node itself is told.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
tracing=/sys/kernel/tracing
event=$tracing/events/skb/kfree_skb
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
host_make n1 outside 198.51.100.10 2001:db8:51::10
serve_on b/server -- udp/53 udp/54 tcp/80 tcp/81
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
finish
