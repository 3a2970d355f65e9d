#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/design.md, "a connection that is no longer allowed ends at its next packet" and
# "a connection that was answered passes": TCP and UDP, IPv4 and IPv6, ingress and egress,
# routed and bridged, by a new policy, a changed one, and a relabelled pod or namespace. The
# server talks first. "cut" counts from the return of the command: at most one interval may
# lie behind it.
#netpol-test: modules=br_netfilter
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
pod_make n1 a/left 10.244.8.10 fd00:244:8::10 br0
pod_make n1 b/right 10.244.8.20 fd00:244:8::20 br0
pod_info a/client "app=client access=yes"
pod_info a/left "app=client access=yes"
pod_info b/server "app=server"
pod_info b/right "app=server"
serve_on b/server b/right a/left a/client -- tcp/80
control=n1,10.244.1.10,80
# On a bridge, netpolctl knows a pod by what the bridge has seen of it.
expect <<X
yes n1 tcp a/left 80 the node reaches the bridge
yes n1 tcp b/right 80 the node reaches the bridge
X
cluster()
{
	ns_yaml a team=red
	ns_yaml b team=blue
	pods_yaml a/client a/left b/server b/right
}
cluster >"$tmp/cluster"
apply "$tmp/cluster"
np="netpolctl --netns n1"

policy() # NAME NAMESPACE; the rest of the spec comes from standard input
{
	printf 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: %s\n' "$1"
	printf '  namespace: %s\nspec:\n' "$2"
	sed 's/^/  /'
}
policy deny-in b >"$tmp/deny-in" <<X
podSelector: {}
policyTypes: [Ingress]
X
policy deny-out a >"$tmp/deny-out" <<X
podSelector: {}
policyTypes: [Egress]
X
policy only b >"$tmp/v4-only" <<X
podSelector: {}
ingress:
- from:
  - ipBlock: {cidr: 10.244.0.0/16}
X
policy only b >"$tmp/udp-only" <<X
podSelector: {}
ingress:
- ports:
  - {protocol: UDP, port: 9000}
X
policy only b >"$tmp/labels" <<X
podSelector: {}
ingress:
- from:
  - namespaceSelector: {matchLabels: {team: red}}
    podSelector: {matchLabels: {access: "yes"}}
X
ns_yaml a team=green >"$tmp/ns-green"
ns_yaml a team=red >"$tmp/ns-red"
pod_info a/client "app=client"
pod_info a/left "app=client"
pods_yaml a/client a/left >"$tmp/no-access"
pod_info a/client "app=client access=yes"
pod_info a/left "app=client access=yes"
pods_yaml a/client a/left >"$tmp/access"

for f in 4 6; do
	routed=end_v$f"[b/server]" bridged=end_v$f"[b/right]"
	for p in tcp udp; do
		echo "routed-$p-$f $p a.client b.server ${!routed} 9000"
		echo "bridged-$p-$f $p a.left b.right ${!bridged} 9000"
	done
done >"$tmp/live"

live "ingress denied, allowed" \
	cut "$np apply -f $tmp/deny-in" open "$np delete -f $tmp/deny-in"
live "egress denied, allowed" \
	cut "$np apply -f $tmp/deny-out" open "$np delete -f $tmp/deny-out"
# A policy that changes what it allows: what it names in both versions never misses.
v4="routed-tcp-4=steady,routed-udp-4=steady,bridged-tcp-4=steady,bridged-udp-4=steady,*=cut"
live "only IPv4 allowed" "$v4" "$np apply -f $tmp/v4-only"
netpol delete -f "$tmp/v4-only"
udp="routed-udp-4=steady,routed-udp-6=steady,bridged-udp-4=steady,bridged-udp-6=steady,*=cut"
live "only UDP allowed" "$udp" "$np apply -f $tmp/udp-only"
netpol delete -f "$tmp/udp-only"
live "labels" steady "$np apply -f $tmp/labels" \
	cut "$np apply -f $tmp/ns-green" open "$np apply -f $tmp/ns-red" \
	cut "$np apply -f $tmp/no-access" open "$np apply -f $tmp/access"
netpol delete -f "$tmp/labels"
# What is in force does not flicker while unrelated things change.
live "other objects change" \
	steady "for i in 1 2 3 4 5 6 7 8; do $np apply -f $tmp/labels; $np delete -f $tmp/labels; done"

# established=keep: an answered connection stays, a new one is denied; cut ends it.
netpol settings established=keep
live "established=keep" steady "$np apply -f $tmp/deny-in" \
	cut "$np settings established=cut" open "$np settings established=keep"
expect <<X
no a/client tcp b/server 80 with keep, a new connection is denied
X
finish
