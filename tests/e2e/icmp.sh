#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "ICMP errors about a connection" and "ICMP echo, other IP
# protocols", and docs/design.md, "Neighbour discovery with hop limit 255".
#netpol-test: all-kernels
#netpol-test: modules=br_netfilter
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
pod_make n1 a/pod 10.244.1.10 fd00:244:1::10
pod_make n1 c/stranger 10.244.3.66 fd00:244:3::66
pod_make n1 d/friend 10.244.4.10 fd00:244:4::10
pod_make n1 a/left 10.244.8.10 fd00:244:8::10 br0
pod_make n1 a/right 10.244.8.20 fd00:244:8::20 br0
host_make n1 outside 198.51.100.10 2001:db8:51::10
host_make n1 router 198.51.100.200 2001:db8:51::200
serve_on a/pod c/stranger d/friend outside -- tcp/80 udp/53 ip253/0
control=n1,10.244.4.10,80
fence="n1 tcp - 10.244.4.10 80"
expect <<X
yes n1 icmp a/left 0 before
yes n1 icmp a/right 0 before
X
{
	ns_yaml a
	ns_yaml c
	ns_yaml d team=d
	pods_yaml a/pod c/stranger d/friend a/left a/right
} | apply
sees a/pod "icmpv6 type nd-neighbor-solicit ip6 hoplimit < 255"
arrives yes a/pod "no policy: a forged solicitation gets through" \
	c.stranger solicit fd00:244:3::66 fd00:244:1::10 fd00:244:1::10 64
apply <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: a}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{namespaceSelector: {matchLabels: {team: d}}}]
    ports: [{port: 80}, {port: 53, protocol: UDP}]
  egress:
  - to: [{ipBlock: {cidr: 198.51.100.0/24}}, {ipBlock: {cidr: "2001:db8:51::/64"}}]
    ports: [{port: 53, protocol: UDP}, {port: 80}, {port: 99, protocol: UDP}]
X
expect <<X
yes d/friend tcp a/pod 80 a rule with ports
no d/friend icmp a/pod 0 echo, by a rule with ports
no d/friend ip253 a/pod 0 protocol 253, by a rule with ports
no a/pod icmp outside 0 echo out, by a rule with ports
yes n1 icmp a/pod 0 echo of the node
yes a/pod udp outside 53 what egress allows
refused a/pod udp outside 99 the ICMP error about an allowed flow comes back
no a/pod tcp outside 81 a port that egress denies
X

# A flow to quote: a.pod:5000 -> outside:53. Its answer makes it established; on a slow
# machine it has to live longer than the 30 seconds that conntrack gives it.
echo "netfilter/nf_conntrack_udp_timeout 600" | sysctls n1
raw a.pod udp 10.244.1.10 5000 198.51.100.10 53
raw a.pod udp fd00:244:1::10 5000 2001:db8:51::10 53
# shellcheck disable=SC2317 # called by name
answered() # FAMILY
{
	in_netns n1 conntrack -L -f "ipv$1" -p udp --orig-port-src 5000 2>/dev/null |
		grep -v UNREPLIED | grep -q .
}
for f in 4 6; do
	check "the flow to quote is answered, IPv$f" eventually 20 answered $f
done
sees a/pod "icmp type destination-unreachable"
q="udp 10.244.1.10 5000 198.51.100.10 53"
# shellcheck disable=SC2086 # words
{
arrives yes a/pod "a router's frag-needed about an allowed flow" \
	router too-big 198.51.100.200 10.244.1.10 $q
arrives yes a/pod "the server's own" outside too-big 198.51.100.10 10.244.1.10 $q
arrives no a/pod "a stranger pod that quotes the flow" \
	c.stranger too-big 10.244.3.66 10.244.1.10 $q
arrives no a/pod "a router about a flow that is not there" \
	router too-big 198.51.100.200 10.244.1.10 udp 10.244.1.10 5001 198.51.100.10 53
sees a/pod "icmpv6 type packet-too-big"
q="udp fd00:244:1::10 5000 2001:db8:51::10 53"
arrives yes a/pod "a router's packet-too-big about an allowed flow, v6" \
	router too-big 2001:db8:51::200 fd00:244:1::10 $q
arrives no a/pod "a stranger pod that quotes the flow, v6" \
	c.stranger too-big fd00:244:3::66 fd00:244:1::10 $q
}

# Neighbour discovery works under the same policy, on a veth and across a bridge.
in_netns n1 ip neigh flush all
in_netns a.pod ip neigh flush all
expect <<X
yes n1 tcp ${end_v6[a/pod]} 80 neighbour discovery of the node
X
in_netns a.left ip neigh flush all
expect <<X
no a/left icmp ${end_v6[a/right]} 0 default deny on the bridge
X
check "yet the neighbour is known" eventually 5 sh -c \
	"nsenter --net=/run/netns/a.left ip neigh show ${end_v6[a/right]} | grep -q lladdr"
sees a/pod "icmpv6 type nd-neighbor-solicit ip6 hoplimit < 255"
arrives no a/pod "a forged solicitation with hop limit 64" \
	c.stranger solicit fd00:244:3::66 fd00:244:1::10 fd00:244:1::10 64
arrives no a/pod "and with 255, which the node makes 254" \
	c.stranger solicit fd00:244:3::66 fd00:244:1::10 fd00:244:1::10 255

# Rules without ports cover ICMP and every other protocol.
apply <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: portless, namespace: a}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
  - from: [{namespaceSelector: {matchLabels: {team: d}}}]
X
expect <<X
yes d/friend icmp a/pod 0 echo, by a rule without ports
yes d/friend ip253 a/pod 0 protocol 253, by a rule without ports
no c/stranger icmp a/pod 0 echo of another pod
no c/stranger ip253 a/pod 0 protocol 253 of another pod
X
finish
