#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/audit.md: what is observed instead of enforced passes, whatever the packet looks like,
# routed and bridged, and is counted; what others deny stays denied; and after the audit all is as
# before it, for new and for live connections.
#netpol-test: modules=br_netfilter
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
pod_make n1 c/locked 10.244.3.10 fd00:244:3::10
pod_make n1 a/left 10.244.8.10 fd00:244:8::10 br0
pod_make n1 b/right 10.244.8.20 fd00:244:8::20 br0
host_make n1 outside 198.51.100.10 2001:db8:51::10
pod_info a/client "app=client"
pod_info a/left "app=client"
pod_info b/server "app=server" "web:TCP:8080"
pod_info b/right "app=server"
pod_info c/locked "app=locked"
serve_on b/server b/right c/locked a/client a/left outside -- tcp/80 tcp/81 tcp/8080 udp/53 udp/54
control=n1,10.244.1.10,80
fence="a.client tcp - 10.244.1.10 80"
# On a bridge, netpolctl knows a pod by what the bridge has seen of it.
expect <<X
yes n1 tcp a/left 80 the node reaches the bridge
yes n1 tcp b/right 80 the node reaches the bridge
X
{
	ns_yaml a team=red
	ns_yaml b team=blue
	ns_yaml c
	pods_yaml a/client a/left b/server b/right c/locked
} | apply
apply <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: in, namespace: b}
spec:
  podSelector: {}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {team: red}}}]
    ports: [{port: 80}, {port: web}, {port: 53, protocol: UDP}]
  - from: [{ipBlock: {cidr: 198.51.100.0/24, except: [198.51.100.128/25]}}]
    ports: [{port: 81}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: b}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - ports: [{port: 53, protocol: UDP}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: enforced, namespace: c}
spec:
  podSelector: {}
  ingress:
  - ports: [{port: 80}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: tried, namespace: c}
spec:
  podSelector: {}
  ingress:
  - ports: [{port: 81}]
X

# attempts DENIED: what each attempt comes to where the policies of b deny it
attempts()
{
	expect <<-X
		yes a/client tcp b/server 80 a rule lets it in
		$1 a/client tcp b/server 81 no rule does
		yes a/client udp b/server 53 UDP by a rule
		$1 a/client udp b/server 54 UDP by none
		yes a/client udp/4000 b/server 53 fragments by a rule
		$1 a/client udp/4000 b/server 54 fragments by none
		$1 a/client icmp b/server 0 echo
		yes a/client tcp b/server 8080 a named port
		$1 outside tcp b/server 80 from outside
		$1 b/server tcp a/client 80 egress
		yes b/server udp a/client 53 egress by a rule
		yes a/left tcp b/right 80 bridged, a rule lets it in
		$1 a/left tcp b/right 81 bridged, no rule does
		$1 a/client tcp b/right 81 routed to the bridge
	X
	sees b/server "meta l4proto udp"
	arrives "$1" b/server "a header cut short, v4" a.client short 10.244.1.10 10.244.2.10
	arrives "$1" b/server "a header cut short, v6" a.client short fd00:244:1::10 fd00:244:2::10
}

# counted KEY OBJECT: a counter of a pod, "b/server"
counted()
{
	netpol counters -o json
	jq "[.pods[] | select(.namespace + \"/\" + .name == \"$2\") | .$1] | add" "$tmp/netpol"
}

attempts no
is "$(counted ingressAudited b/server)" 0 "nothing is observed, so nothing is counted as such"
denied=$(counted ingressDenied b/server)
is "$([ "$denied" -gt 0 ] && echo yes)" yes "what is enforced is counted as denied"

netpol audit b --for ever
attempts yes
is "$(counted ingressDenied b/server)" "$denied" "nothing more is denied"
is "$([ "$(counted ingressAudited b/server)" -gt 5 ] && echo yes)" yes \
	"what would be denied is counted, in ingress"
is "$([ "$(counted egressAudited b/server)" -gt 0 ] && echo yes)" yes "and in egress"

# A policy that is enforced keeps what the observed one would let in.
netpol audit c/tried --for ever
expect <<X
yes a/client tcp c/locked 80 the enforced policy lets it in
no a/client tcp c/locked 81 the observed one cannot
no a/client tcp c/locked 8080 nobody does
X
is "$(counted ingressAudited c/locked)" 0 "where others isolate, nobody asks the observed policy"

# Live connections that no rule lets in end with the audit, and go on with the next one.
for f in 4 6; do
	routed=end_v$f"[b/server]" bridged=end_v$f"[b/right]"
	for p in tcp udp; do
		echo "routed-$p-$f $p a.client b.server ${!routed} 9000"
		echo "bridged-$p-$f $p a.left b.right ${!bridged} 9000"
	done
done >"$tmp/live"
live "an audit ends and begins" \
	cut "netpolctl --netns n1 audit --end b" \
	open "netpolctl --netns n1 audit b --for 1h"
netpol audit --end b
attempts no
finish
