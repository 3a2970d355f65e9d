#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "A pod that rightly sends other addresses": what the setting
# source-allow lets a pod send from, what it never does, and how such packets are judged.
#netpol-test: all-kernels
#netpol-test: modules=br_netfilter
#netpol-test: timeout=600
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
pod_make n1 a/vpn 10.244.1.66 fd00:244:1::66
pod_make n1 a/other 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
pod_make n1 a/bridged 10.244.8.66 fd00:244:8::66 br0
pod_make n1 b/right 10.244.8.20 fd00:244:8::20 br0
pod_make n1 c/fence 10.244.3.10 fd00:244:3::10
serve_on b/server b/right c/fence a/bridged a/other a/vpn -- tcp/80 tcp/81
serve_on n1 -- tcp/22
control=n1,10.244.3.10,80
fence="a.vpn tcp - 10.244.3.10 80"
expect <<X
yes n1 tcp a/bridged 80 before
yes n1 tcp b/right 80 before
X
# The clients of a VPN, behind the pod that is their gateway.
clients() # POD NUMBER ROUTE4 ROUTE6
{
	ip_batch "${end_netns[$1]}" <<-X
		addr add 203.0.113.$2/32 dev lo
		addr add fd00:99::$2/128 dev lo nodad
	X
	ip_batch n1 <<-X
		route add 203.0.113.$2/32 $3
		route add fd00:99::$2/128 $4
	X
}
# IPv6 answers neighbour solicitations only for addresses of the interface itself.
clients a/vpn 66 "dev ${end_dev[a/vpn]}" "via fd00:244:1::66 dev ${end_dev[a/vpn]} onlink"
clients a/other 10 "dev ${end_dev[a/other]}" "via fd00:244:1::10 dev ${end_dev[a/other]} onlink"
clients a/bridged 68 "via 10.244.8.66" "via fd00:244:8::66"
{
	ns_yaml a team=a
	ns_yaml b team=b
	ns_yaml c
	pods_yaml a/vpn a/other b/server a/bridged b/right c/fence
} | apply
spec() # NAMESPACE/NAME SPEC
{
	printf -- '---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n'
	printf 'metadata: {name: %s, namespace: %s}\nspec: %s\n' "${1#*/}" "${1%/*}" "$2"
}
s4=10.244.2.10 s6=fd00:244:2::10
expect <<X
no a/vpn@203.0.113.66 tcp $s4 80 without the setting
no a/vpn@fd00:99::66 tcp $s6 80 without the setting
X
named() { printf 'source-allow=a/%s=203.0.113.0/24,a/%s=fd00:99::/64' "$1" "$1"; }
netpol settings "$(named vpn)"
expect <<X
yes a/vpn@203.0.113.66 tcp $s4 80 the pod that is named
yes a/vpn@fd00:99::66 tcp $s6 80 the pod that is named
yes a/vpn@203.0.113.66 tcp 10.244.0.1 22 the pod that is named, to the node
yes b/server tcp 203.0.113.66 80 to such an address
yes a/vpn tcp $s4 80 by its own address
no a/other@203.0.113.10 tcp $s4 80 another pod
no a/other@fd00:99::10 tcp $s6 80 another pod
no a/bridged@203.0.113.68 tcp 10.244.8.20 80 another pod, bridged
X
netpol settings "$(named bridged)"
expect <<X
yes a/bridged@203.0.113.68 tcp 10.244.8.20 80 bridged, named
yes a/bridged@fd00:99::68 tcp fd00:244:8::20 80 bridged, named
yes a/bridged@203.0.113.68 tcp $s4 80 routed off the bridge
no a/vpn@203.0.113.66 tcp $s4 80 no longer named
X
netpol settings source-allow=203.0.113.0/24,fd00:99::/64
expect <<X
yes a/vpn@203.0.113.66 tcp $s4 80 a prefix for all pods
yes a/other@fd00:99::10 tcp $s6 80 a prefix for all pods
yes a/bridged@203.0.113.68 tcp 10.244.8.20 80 a prefix for all pods
X

# How it is judged: the receiver sees a block, the sender is the pod.
spec b/in '{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}, {ipBlock: {cidr: "fd00:99::/64"}}], ports: [{port: 80}]}]}' >"$tmp/block"
apply "$tmp/block"
expect <<X
yes a/vpn@203.0.113.66 tcp $s4 80 ingress from the block
yes a/vpn@fd00:99::66 tcp $s6 80 ingress from the block
no a/vpn@203.0.113.66 tcp $s4 81 ingress from the block, another port
no a/vpn tcp $s4 80 ingress from the block, by the own address
X
spec b/in '{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}], ports: [{port: 80}]}]}' | apply
expect <<X
no a/vpn@203.0.113.66 tcp $s4 80 ingress from the pod
no a/vpn@fd00:99::66 tcp $s6 80 ingress from the pod
no a/bridged@203.0.113.68 tcp 10.244.8.20 80 ingress from the pod, bridged
yes a/vpn tcp $s4 80 ingress from the pod, by the own address
X
netpol delete -f "$tmp/block"
# An answer to what the node has not seen, as with direct server return through a tunnel.
sees b/server "tcp dport 7009"
arrives yes b/server "an answer without a connection" a.vpn tcp 203.0.113.66 80 $s4 7009 SA 1 1
arrives yes b/server "an answer without a connection, v6" a.vpn tcp fd00:99::66 80 $s6 7009 SA 1 1
spec a/out '{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {team: b}}}], ports: [{port: 80}]}]}' >"$tmp/out"
apply "$tmp/out"
expect <<X
yes a/vpn@203.0.113.66 tcp $s4 80 egress of the pod
yes a/vpn@fd00:99::66 tcp $s6 80 egress of the pod
no a/vpn@203.0.113.66 tcp $s4 81 egress of the pod, another port
no a/vpn@fd00:99::66 tcp $s6 81 egress of the pod, another port
no a/bridged@203.0.113.68 tcp 10.244.8.20 81 egress of the pod, bridged
no a/vpn@203.0.113.66 tcp 10.244.0.1 22 egress of the pod, to the node
yes b/server tcp 203.0.113.66 81 egress does not stop answers
X
fence="a.vpn tcp - 10.244.2.10 80"
arrives no b/server "an answer without a connection, egress denies" \
	a.vpn tcp 203.0.113.66 80 $s4 7009 SA 1 1
arrives no b/server "an answer without a connection, egress denies, v6" \
	a.vpn tcp fd00:99::66 80 $s6 7009 SA 1 1
fence="a.vpn tcp - 10.244.3.10 80"
netpol delete -f "$tmp/out"
spec a/in '{podSelector: {}}' >"$tmp/in"
apply "$tmp/in"
expect <<X
no b/server tcp 203.0.113.66 80 ingress of the pod, to such an address
yes a/vpn@203.0.113.66 tcp $s4 80 ingress of the pod does not stop answers
X
netpol delete -f "$tmp/in"

# Never in the name of who is known.
sees b/server "udp dport 9"
netpol settings source-allow=0.0.0.0/0,::/0
arrives yes b/server "any address" a.vpn udp 192.0.2.1 7 $s4 9
arrives yes b/server "any address, v6" a.vpn udp 2001:db8::1 7 $s6 9
arrives no b/server "but of another pod" a.vpn udp 10.244.1.10 7 $s4 9
arrives no b/server "but of another pod, v6" a.vpn udp fd00:244:1::10 7 $s6 9
arrives no b/server "but of the node" a.vpn udp 10.244.0.1 7 $s4 9
arrives no b/server "but of the node, v6" a.vpn udp fd00:244::1 7 $s6 9
arrives no b/server "but a multicast one" a.vpn udp 239.1.1.1 7 $s4 9
netpol settings guard-prefix=203.0.113.0/24,fd00:99::/64 unknown=allow
arrives no b/server "but one inside a guard" a.vpn udp 203.0.113.66 7 $s4 9
arrives no b/server "but one inside a guard, v6" a.vpn udp fd00:99::66 7 $s6 9
netpol settings guard-prefix= unknown=

# As text, and in a snapshot file.
netpol settings "$(named vpn)"
is "$(netpolctl --netns n1 settings -o json | jq -c .settings.sourceAllow)" \
	'["a/vpn=203.0.113.0/24","a/vpn=fd00:99::/64"]' "netpolctl settings shows it"
netpol save "$tmp/saved"
netpol flush --yes
netpol restore "$tmp/saved"
is "$(netpolctl --netns n1 settings --no-headers | awk '$1 == "source-allow" { print $2 }')" \
	"a/vpn=203.0.113.0/24,a/vpn=fd00:99::/64" "it is back with the snapshot"
expect <<X
yes a/vpn@203.0.113.66 tcp $s4 80 and in force
no a/other@203.0.113.10 tcp $s4 80 and in force, another pod
X
finish
