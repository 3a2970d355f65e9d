#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "Forty cases that are easily got wrong", 1 to 26: what a policy
# says, each by real packets and by the name under which the page lists it. cases-node.sh has
# the others.
#netpol-test: modules=br_netfilter,sctp
#netpol-test: timeout=900
# shellcheck source=tests/e2e/lib-cases.sh
. "$(dirname "$0")/lib-cases.sh"
cases_world

# --- which pods, which direction ----------------------------------------------------

c="case 1: Ingress with an empty list of rules denies all"
policies <<X
x/p {podSelector: {}, policyTypes: [Ingress], ingress: []}
v/p {podSelector: {}, policyTypes: [Ingress], ingress: null}
z/p {podSelector: {}, policyTypes: [Ingress]}
X
expect <<X
no v/a tcp x/a 80 $c
no x/b tcp x/a 80 $c, also in its namespace
no x/a udp v/a 53 $c, null
no x/a tcp z/a 80 $c, left out
no outside tcp x/a 80 $c
yes x/a tcp outside 80 $c, egress stays open
X

c="case 2: a rule with an empty list of peers allows all"
policies <<X
x/p {podSelector: {}, ingress: [{from: []}]}
v/p {podSelector: {}, ingress: [{}]}
z/p {podSelector: {}, ingress: [{from: [], ports: []}]}
X
expect <<X
yes v/a tcp x/a 80 $c
yes outside udp x/a 53 $c
yes x/a icmp x/b 0 $c, every protocol
yes outside tcp v/a 81 $c, {}
yes outside tcp z/a 80 $c, both lists empty
X
refused "case 2: a dangling dash is refused" 'is null, which would mean to allow everything' <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: x}
spec:
  podSelector: {}
  ingress:
  -
X

c="case 3: no policyTypes and an empty egress isolate ingress only"
policies <<X
x/p {podSelector: {}, egress: []}
X
expect <<X
no v/a tcp x/a 80 $c
yes x/a tcp v/a 80 $c
yes x/a udp outside 53 $c
X

c="case 4: rules of a direction that is not in policyTypes are no isolation"
policies <<X
x/p {podSelector: {}, policyTypes: [Egress], ingress: [{from: [{podSelector: {}}]}], egress: [{}]}
v/p {podSelector: {}, policyTypes: [Ingress], egress: [{to: [{podSelector: {}}]}], ingress: [{}]}
X
expect <<X
yes v/a tcp x/a 80 $c
yes outside tcp x/a 80 $c
yes v/a tcp z/a 80 $c, the other way round
yes v/a tcp outside 80 $c, the other way round
X

# --- selectors ----------------------------------------------------------------------

c="case 5: NotIn matches where the key is missing"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [gold]}]}, podSelector: {matchExpressions: [{key: colour, operator: NotIn, values: [red]}]}}]}]}
X
expect <<X
yes v/a tcp x/a 80 $c, the pod lacks it
yes z/a tcp x/a 80 $c, the namespace lacks it
no v/b tcp x/a 80 $c, and not where it has the value
X

c="case 6: matchLabels with an empty value needs the key"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {empty: ""}}}]}]}
X
expect <<X
no v/a tcp x/a 80 $c
yes v/b tcp x/a 80 $c, which has it
no z/a tcp x/a 80 $c, which has it with a value
X

c="case 7: In with two values takes either"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [v, z]}]}}]}]}
X
expect <<X
yes v/a tcp x/a 80 $c
yes z/a tcp x/a 80 $c
no w/a tcp x/a 80 $c, and no other
X
cluster_policy '{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: {matchExpressions: [{key: team, operator: In, values: [v, w]}]}}]}]}'
expect <<X
yes v/a tcp x/a 80 case 7b: In of a ClusterNetworkPolicy
yes w/a tcp x/a 80 case 7b: In of a ClusterNetworkPolicy
yes z/a tcp x/a 80 case 7b: In of a ClusterNetworkPolicy, and a NetworkPolicy
no outside tcp x/a 80 case 7b: In of a ClusterNetworkPolicy, and no other
X
no_cluster_policy

c="case 8: both selectors in one item are AND, in two items OR"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: v}}, podSelector: {matchLabels: {pod: b}}}]}]}
z/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: v}}}, {podSelector: {matchLabels: {pod: b}}}]}]}
X
expect <<X
yes v/b tcp x/a 80 $c, one item
no v/a tcp x/a 80 $c, one item, the label of the pod is missing
no x/b tcp x/a 80 $c, one item, the label of the namespace is missing
yes v/a tcp z/a 80 $c, two items, by the namespace
yes z/b tcp z/a 80 $c, two items, by the pod of the policy's own namespace
no x/b tcp z/a 80 $c, two items, a pod of another namespace
X

c="case 9: a negative namespaceSelector picks pods only"
policies <<X
x/p {podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [v]}]}}]}]}
X
expect <<X
yes x/a tcp z/a 80 $c
no x/a tcp v/a 80 $c
no x/a tcp outside 80 $c, no address outside
no x/a tcp 10.244.0.1 6443 $c, not the node
no x/a tcp fd00:244::1 6443 $c, not the node
X

# --- blocks -------------------------------------------------------------------------

c="case 10: an except is no deny for another policy's block"
for order in "1 2" "2 1"; do
	# in either order of creation
	for p in $order; do
		[ "$p" = 1 ] && echo "x/first {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.1.0/24]}}]}]}"
		[ "$p" = 2 ] && echo "x/second {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.1.5/32}}]}]}"
	done >"$tmp/two"
	head -n 1 "$tmp/two" | policies
	policies <"$tmp/two"
	expect <<-X
	yes far-1-5 tcp ${end_v4[x/a]} 80 $c, order $order
	no far-1-6 tcp ${end_v4[x/a]} 80 $c, order $order, the rest of the except
	yes far-0-5 tcp ${end_v4[x/a]} 80 $c, order $order, the rest of the block
	X
done

c="case 11: an except belongs to its own block, also within one rule"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.1.0/24]}}, {ipBlock: {cidr: 10.0.0.0/16}}]}]}
v/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.1.0/24]}}]}]}
X
expect <<X
yes far-1-5 tcp ${end_v4[x/a]} 80 $c
no far-1-5 tcp ${end_v4[v/a]} 80 $c, without the other block
X

c="case 12: an ipBlock of a pod's address matches the pod"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: ${end_v4[v/a]}/32}}, {ipBlock: {cidr: "${end_v6[v/a]}/128"}}]}]}
z/p {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: ${end_v4[v/a]}/32}}, {ipBlock: {cidr: "${end_v6[v/a]}/128"}}]}]}
X
expect <<X
yes v/a tcp x/a 80 $c
no v/b tcp x/a 80 $c, and no other pod
yes z/a tcp v/a 81 $c, egress
no z/a tcp v/b 81 $c, egress, and no other pod
X

c="case 13: ::/0 is all of IPv6 and nothing else"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "::/0"}}]}]}
w/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "::/0"}}]}]}
v/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}
X
sees w/a "udp dport 9"
fence="n1 tcp - ${end_v4[z/a]} 80"
expect <<X
yes far-0-5 tcp ${end_v6[x/a]} 80 $c, from 64:ff9b::5
yes far-1-5 tcp ${end_v6[x/a]} 80 $c, from fc00:1::5
no far-0-5 tcp ${end_v4[x/a]} 80 $c, no IPv4
yes far-0-5 tcp ${end_v4[v/a]} 80 $c, 0.0.0.0/0 is all of IPv4
no far-0-5 tcp ${end_v6[v/a]} 80 $c, 0.0.0.0/0 is no IPv6
X
arrives yes w/a "$c, from a link-local address" bystander udp fe80::9 7 "${end_v6[w/a]}" 9
policies <<X
w/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: "2000::/3"}}, {ipBlock: {cidr: "fc00::/7"}}]}]}
X
arrives no w/a "$c, without it no link-local address" bystander udp fe80::9 7 "${end_v6[w/a]}" 9

c="case 14: host bits are cut and leading zeros decimal"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.129/24}}]}]}
v/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 010.0.0.0/8}}]}]}
z/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "::ffff:10.0.0.0/104"}}]}]}
X
expect <<X
yes far-0-5 tcp ${end_v4[x/a]} 80 $c, 10.0.0.129/24
no far-1-5 tcp ${end_v4[x/a]} 80 $c, 10.0.0.129/24
yes far-0-5 tcp ${end_v4[v/a]} 80 $c, 010.0.0.0/8
no eight tcp ${end_v4[v/a]} 80 $c, 010.0.0.0/8 is not 8.0.0.0/8
yes far-1-5 tcp ${end_v4[z/a]} 80 $c, an IPv4-mapped block
no eight tcp ${end_v4[z/a]} 80 $c, an IPv4-mapped block
X

# --- ports --------------------------------------------------------------------------

c="case 15: a port name is each pod's own number"
policies <<X
x/p {podSelector: {}, ingress: [{ports: [{port: http}]}]}
z/p {podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {team: x}}}], ports: [{port: http}]}]}
X
expect <<X
yes v/a tcp x/a 80 $c
yes v/a tcp x/b 8080 $c
no v/a tcp x/a 8080 $c
no v/a tcp x/b 80 $c
yes z/a tcp x/a 80 $c, egress
yes z/a tcp x/b 8080 $c, egress
no z/a tcp x/a 8080 $c, egress
no z/a tcp x/b 80 $c, egress
X

c="case 16: an ingress port name is the server's, not the client's"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: v}}}], ports: [{port: http}]}]}
X
expect <<X
yes v/a tcp x/a 80 $c
no v/a tcp x/a 81 $c
no z/a tcp x/a 80 $c, another client
X

c="case 17: ingress named port from ipBlock"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 198.51.100.10/32}}, {ipBlock: {cidr: "2001:db8:51::10/128"}}], ports: [{port: http}]}]}
X
expect <<X
yes outside tcp x/a 80 $c
yes outside tcp x/b 8080 $c
no outside tcp x/b 80 $c
no far-0-5 tcp x/a 80 $c, another address
X

c="case 18: a port name belongs to its protocol"
policies <<X
x/p {podSelector: {}, ingress: [{ports: [{port: dns}]}]}
v/p {podSelector: {}, ingress: [{ports: [{port: dns, protocol: UDP}]}]}
X
expect <<X
no z/a udp x/a 53 $c, a rule for TCP
no z/a tcp x/a 53 $c, a rule for TCP
no z/a tcp x/a 80 $c, other ports of the protocol
yes z/a udp v/a 53 $c, a rule for UDP
no z/a udp v/a 80 $c, other ports of the protocol
X

c="case 19: an egress port name without peers is any pod's that has it"
policies <<X
z/p {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}
X
expect <<X
yes z/a tcp v/a 81 $c
yes z/a tcp x/b 8080 $c
no z/a tcp v/a 80 $c
no z/a tcp v/b 81 $c, a pod without the name
no z/a tcp outside 80 $c, no address outside
no z/a tcp outside 81 $c, no address outside
no z/a tcp 10.244.0.1 6443 $c, not the node
X

c="case 19b: a port name that two containers of a pod have is both their numbers"
cat >"$tmp/two" <<X
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: z, labels: {pod: b}}
spec:
  nodeName: n1
  initContainers:
  - {name: setup, ports: [{name: web, containerPort: 6543}]}
  - {name: sidecar, restartPolicy: Always, ports: [{name: web, containerPort: 8080}]}
  containers:
  - {name: one, ports: [{name: web, containerPort: 80}]}
  - {name: two, ports: [{name: web, containerPort: 81}]}
status: {phase: Running, podIP: ${end_v4[z/b]}, podIPs: [{ip: ${end_v4[z/b]}}, {ip: "${end_v6[z/b]}"}]}
X
apply "$tmp/two"
policies <<X
z/p {podSelector: {matchLabels: {pod: b}}, ingress: [{ports: [{port: web}]}]}
x/p {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: web}]}]}
X
expect <<X
yes v/a tcp z/b 80 $c
yes v/a tcp z/b 81 $c
yes v/a tcp z/b 8080 $c, and that of an init container that goes on
no v/a tcp z/b 6543 $c, not that of one that ends
yes x/a tcp z/b 81 $c, egress
no x/a tcp z/b 6543 $c, egress
X
apply "$tmp/world"

c="case 20: a rule names the target port, not the Service's"
in_netns n1 nft -f - <<X || bail nft
table inet services {
	chain pre {
		type nat hook prerouting priority -100
		ip daddr 10.96.0.20 tcp dport 5432 dnat ip to ${end_v4[v/a]}:6543
		ip6 daddr fd00:96::20 tcp dport 5432 dnat ip6 to [${end_v6[v/a]}]:6543
	}
}
X
policies <<X
x/p {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 5432}]}]}
z/p {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 6543}]}]}
X
expect <<X
no x/a tcp 10.96.0.20 5432 $c
no x/a tcp fd00:96::20 5432 $c
yes z/a tcp 10.96.0.20 5432 $c
yes z/a tcp fd00:96::20 5432 $c
yes w/a tcp 10.96.0.20 5432 $c, a pod without policies
X
in_netns n1 nft delete table inet services

c="case 21: a port as a string, a protocol in small letters and port 0 are refused"
for port in '{port: "80"}' '{port: 80, protocol: tcp}' '{port: 0}'; do
	refused "$c ($port)" 'spec.ingress\[0\].ports\[0\]' <<-X
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: p, namespace: x}
	spec: {podSelector: {}, ingress: [{ports: [$port]}]}
	X
done

c="case 22: an empty port is all of TCP, no port is everything"
policies <<X
x/p {podSelector: {}, ingress: [{ports: [{}]}]}
v/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}
X
expect <<X
yes z/a tcp x/a 80 $c
yes z/a tcp x/a 8080 $c
no z/a udp x/a 53 $c
no z/a icmp x/a 0 $c
yes z/a udp v/a 53 $c
yes z/a icmp v/a 0 $c
X

c="case 23: an SCTP rule opens no TCP"
policies <<X
x/p {podSelector: {}, ingress: [{ports: [{port: 80, protocol: SCTP}]}]}
X
expect <<X
no z/a tcp x/a 80 $c
no z/a udp x/a 80 $c
X
if grep -q '^SCTP ' /proc/net/protocols; then
	serve_on x/a -- sctp/80 sctp/81
	expect <<-X
	yes z/a sctp x/a 80 $c, which it opens
	no z/a sctp x/a 81 $c, another port
	X
else
	skip "$c, which it opens" "this kernel has no SCTP"
fi

c="case 24: a range has both its ends, and may be one port"
policies <<X
x/p {podSelector: {}, ingress: [{ports: [{port: 100, endPort: 100}]}]}
v/p {podSelector: {}, ingress: [{ports: [{port: 32000, endPort: 32768}]}]}
X
# nobody listens on them: refused is what arrives
expect <<X
refused z/a tcp x/a 100 $c
no z/a tcp x/a 99 $c
no z/a tcp x/a 101 $c
refused z/a tcp v/a 32000 $c
refused z/a tcp v/a 32768 $c
refused z/a tcp v/a 32500 $c
no z/a tcp v/a 31999 $c
no z/a tcp v/a 32769 $c
X

# --- two halves ---------------------------------------------------------------------

c="case 25: one policy for both ends: ingress open, egress closed"
policies <<X
x/p {podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}], egress: []}
X
expect <<X
no x/a tcp x/b 80 $c
no x/b udp x/a 53 $c
yes v/a tcp x/a 80 $c, from another namespace
yes x/a tcp ${end_v4[x/a]} 80 $c, a pod to itself
X

c="case 26: egress of one end does not speak for ingress of the other"
policies <<X
x/p {podSelector: {}, policyTypes: [Egress], egress: [{}]}
v/p {podSelector: {}, policyTypes: [Ingress], ingress: []}
X
expect <<X
no x/a tcp v/a 80 $c
yes x/a tcp z/a 80 $c
X
finish
