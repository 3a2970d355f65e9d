#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "Forty cases that are easily got wrong", 27 to 40: pods that come
# and go, the node, Services, what is no connection. cases.sh has the others.
#netpol-test: modules=br_netfilter,ip_vs,ip_vs_rr
#netpol-test: timeout=900
# shellcheck source=tests/e2e/lib-cases.sh
. "$(dirname "$0")/lib-cases.sh"
cases_world
deny_all() { policies <<<"x/p {podSelector: {}, policyTypes: [Ingress, Egress]}"; }
services() { in_netns n1 nft -f - || bail nft; }	# table inet services

# --- pods that come and go ------------------------------------------------------------

# pod NAMESPACE/NAME ADDRESS PHASE LABEL
pod()
{
	cat <<-X
	---
	apiVersion: v1
	kind: Pod
	metadata: {name: ${1#*/}, namespace: ${1%/*}, uid: uid-${1/\//-}, labels: {$4}}
	spec: {nodeName: n1, containers: [{name: main}]}
	status: {phase: $3, podIP: "$2", podIPs: [{ip: "$2"}]}
	X
}
c="case 27: an address of a finished pod is the running one's"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {job: done}}}]}]}
z/p {podSelector: {matchLabels: {job: done}}, policyTypes: [Egress]}
X
job=${end_v4[z/a]}
for phase in Succeeded Failed; do
	# the Job first and while it runs, then in the other order
	pods_yaml z/a >"$tmp/z-a"
	netpol delete -f "$tmp/z-a"
	pod z/job "$job" Running "job: done" | apply
	expect <<-X
	no z/a tcp 10.244.1.10 80 $c, $phase: while the Job runs there
	X
	{
		pod z/job "$job" "$phase" "job: done"
		pods_yaml z/a
	} | apply
	expect <<-X
	no z/a tcp 10.244.1.10 80 $c, $phase: not the Job's rights
	yes z/a tcp 10.244.2.10 80 $c, $phase: nor its isolation
	X
	{
		pods_yaml z/a
		pod z/job "$job" "$phase" "job: done"
	} | apply
	expect <<-X
	no z/a tcp 10.244.1.10 80 $c, $phase, in the other order: not the Job's rights
	yes z/a tcp 10.244.2.10 80 $c, $phase, in the other order: nor its isolation
	X
done

c="case 28: a pod that is being deleted is what it was"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: z}}}]}]}
X
pods_yaml x/a z/a | sed 's/^  namespace: .*/&\n  deletionTimestamp: "2026-01-01T00:00:00Z"\n  deletionGracePeriodSeconds: 30/' |
	apply
expect <<X
yes z/a tcp x/a 80 $c, as a peer
no v/a tcp x/a 80 $c, as a subject
X
apply "$tmp/world"

c="case 29: a policy for all pods does not isolate a pod of the host's network"
cat >"$tmp/host" <<X
---
apiVersion: v1
kind: Pod
metadata: {name: apiserver, namespace: x, labels: {app: host}}
spec: {hostNetwork: true, nodeName: n1, containers: [{name: main}]}
status: {phase: Running, podIP: 10.244.0.1, podIPs: [{ip: 10.244.0.1}, {ip: "fd00:244::1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: x, labels: {app: host}}
spec: {hostNetwork: true, nodeName: n2, containers: [{name: main}]}
status: {phase: Running, podIP: 198.51.100.10, podIPs: [{ip: 198.51.100.10}, {ip: "2001:db8:51::10"}]}
X
apply "$tmp/host"
deny_all
expect <<X
yes outside tcp 10.244.0.1 6443 $c
yes v/a tcp 10.244.0.1 6443 $c
yes v/a tcp fd00:244::1 6443 $c
yes n1 tcp outside 80 $c, nor in egress
X

c="case 30: only ipBlock reaches a pod of the host's network"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: host}}}, {podSelector: {}}]}]}
v/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 198.51.100.10/32}}, {ipBlock: {cidr: "2001:db8:51::10/128"}}]}]}
z/p {podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: host}}}]}]}
X
expect <<X
no outside tcp x/a 80 $c, by its labels
yes outside tcp v/a 80 $c, by its address
no z/a tcp outside 80 $c, egress by its labels
no z/a tcp 10.244.0.1 6443 $c, egress by the labels of one here
X

# --- the node -------------------------------------------------------------------------

c="case 31: the node's probes pass a default deny"
policies <<X
x/p {podSelector: {}, policyTypes: [Ingress, Egress]}
w/p {podSelector: {}, policyTypes: [Ingress, Egress]}
X
expect <<X
yes n1 tcp x/a 80 $c
yes n1@169.254.1.1 tcp ${end_v4[x/a]} 80 $c, from the gateway address
yes n1@10.244.8.1 tcp ${end_v4[x/a]} 80 $c, from the bridge's address
yes n1@10.244.8.1 tcp ${end_v4[w/a]} 80 $c, on the bridge
yes n1@fd00:244:8::1 tcp ${end_v6[w/a]} 80 $c, on the bridge
yes n1@fd00:244::1 tcp ${end_v6[w/a]} 80 $c, on the bridge by another address
no bystander tcp ${end_v4[w/a]} 80 $c, another machine on the bridge
X
for to in "TCP4:${end_v4[x/a]}" "TCP6:[${end_v6[x/a]}]"; do
	is "$(in_netns n1 setpriv --reuid 65534 --regid 65534 --clear-groups \
		socat -T 5 - "$to:80,connect-timeout=5" <<<x 2>&1)" x "$c, of a user that is not root (${to%%:*})"
done

c="case 32: a NodePort's client is not the node, although masqueraded"
services <<X
table inet services {
	chain pre {
		type nat hook prerouting priority -100
		ip daddr 10.244.0.1 tcp dport 30080 meta mark set 1 dnat ip to ${end_v4[x/a]}:8080
		ip6 daddr fd00:244::1 tcp dport 30080 meta mark set 1 dnat ip6 to [${end_v6[x/a]}]:8080
		ip daddr 10.96.0.10 meta l4proto { tcp, udp } dnat ip to ${end_v4[x/a]}
		ip6 daddr fd00:96::10 meta l4proto { tcp, udp } dnat ip6 to ${end_v6[x/a]}
		ip daddr 10.96.0.1 tcp dport 443 dnat ip to 10.244.0.1:6443
		ip6 daddr fd00:96::1 tcp dport 443 dnat ip6 to [fd00:244::1]:6443
	}
	chain post {
		type nat hook postrouting priority 100
		meta mark 1 masquerade
		ip saddr ${end_v4[x/a]} ip daddr ${end_v4[x/a]} masquerade
		ip6 saddr ${end_v6[x/a]} ip6 daddr ${end_v6[x/a]} masquerade
	}
}
X
expect <<X
no outside tcp 10.244.0.1 30080 $c
no outside tcp fd00:244::1 30080 $c
X

c="case 33: an egress-isolated pod reaches its node by a rule or a setting"
expect <<X
no x/a tcp 10.244.0.1 6443 $c: neither
no x/a udp fd00:244::1 53 $c: neither
X
netpol settings host-egress=allow
expect <<X
yes x/a tcp 10.244.0.1 6443 $c: host-egress=allow
yes x/a udp fd00:244::1 53 $c: host-egress=allow
X
netpol settings host-egress=
policies <<X
x/p {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.244.0.1/32}}], ports: [{port: 6443}]}]}
X
expect <<X
yes x/a tcp 10.244.0.1 6443 $c: a rule
no x/a udp 10.244.0.1 53 $c: a rule for another port
no x/a tcp fd00:244::1 6443 $c: a rule for the other family
X

# --- Services -------------------------------------------------------------------------

c="case 34: a pod reaches itself through its own Service"
deny_all
expect <<X
yes x/a tcp 10.96.0.10 80 $c
yes x/a tcp fd00:96::10 80 $c
yes x/a udp 10.96.0.10 53 $c
no x/b tcp 10.96.0.10 80 $c, another pod does not
X
cluster_policy '{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}'
expect <<X
no x/a tcp 10.96.0.10 80 case 34b: a Deny of a ClusterNetworkPolicy on it
no x/a udp 10.96.0.10 53 case 34b: a Deny of a ClusterNetworkPolicy on it
yes x/a tcp ${end_v4[x/a]} 80 case 34b: a Deny of a ClusterNetworkPolicy on it, by its own address
X
no_cluster_policy

c="case 35: the answer of the node behind a Service is no new connection"
policies <<X
x/p {podSelector: {}, policyTypes: [Ingress]}
X
expect <<X
yes x/a tcp 10.96.0.1 443 $c
yes x/a tcp fd00:96::1 443 $c
X
in_netns n1 nft delete table inet services

c="case 36: IPVS, client and server on one node"
ip_batch n1 <<X
link add kube-ipvs0 type dummy
addr add 10.96.0.20/32 dev kube-ipvs0
addr add fd00:96::20/128 dev kube-ipvs0 nodad
X
if in_netns n1 ipvsadm -A -t 10.96.0.20:80 -s rr 2>"$tmp/ipvs"; then
	echo "ipv4/vs/conntrack 1" | sysctls n1
	in_netns n1 ipvsadm -a -t 10.96.0.20:80 -r "${end_v4[x/a]}:8080" -m
	in_netns n1 ipvsadm -A -t '[fd00:96::20]:80' -s rr
	in_netns n1 ipvsadm -a -t '[fd00:96::20]:80' -r "[${end_v6[x/a]}]:8080" -m
	deny_all
	expect <<-X
	no v/a tcp 10.96.0.20 80 $c, denied
	no v/a tcp fd00:96::20 80 $c, denied
	X
	policies <<-X
	x/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: v}}}], ports: [{port: 8080}]}]}
	X
	expect <<-X
	yes v/a tcp 10.96.0.20 80 $c, allowed
	yes v/a tcp fd00:96::20 80 $c, allowed
	no z/a tcp 10.96.0.20 80 $c, another client
	X
else
	skip "$c" "$(tail -n 1 "$tmp/ipvs")"
fi

# --- what is no connection ------------------------------------------------------------

c="case 37: frag-needed and neighbour discovery under a default deny"
policies <<X
x/p {podSelector: {}, policyTypes: [Ingress, Egress], egress: [{to: [{ipBlock: {cidr: 198.51.100.0/24}}, {ipBlock: {cidr: "2001:db8:51::/64"}}], ports: [{port: 53, protocol: UDP}]}]}
w/p {podSelector: {}, policyTypes: [Ingress, Egress]}
X
fence="n1 tcp - ${end_v4[z/b]} 80"
raw x.a udp "${end_v4[x/a]}" 5000 198.51.100.10 53
raw x.a udp "${end_v6[x/a]}" 5000 2001:db8:51::10 53
sees x/a "icmp type destination-unreachable"
arrives yes x/a "$c, a router's about an allowed flow" far-0-5 too-big 10.0.0.5 "${end_v4[x/a]}" \
	udp "${end_v4[x/a]}" 5000 198.51.100.10 53
arrives no x/a "$c, about no flow" far-0-5 too-big 10.0.0.5 "${end_v4[x/a]}" \
	udp "${end_v4[x/a]}" 5001 198.51.100.10 53
sees x/a "icmpv6 type packet-too-big"
arrives yes x/a "$c, a router's about an allowed flow, v6" far-0-5 too-big 64:ff9b::5 \
	"${end_v6[x/a]}" udp "${end_v6[x/a]}" 5000 2001:db8:51::10 53
in_netns n1 ip neigh flush all
in_netns w.a ip neigh flush all
expect <<X
yes n1 tcp ${end_v6[x/a]} 80 $c, the node finds the pod
yes n1 tcp ${end_v6[w/a]} 80 $c, also on a bridge
no w/a icmp ${end_v6[w/b]} 0 $c, across the bridge
X
# shellcheck disable=SC2317 # by eventually
known() { in_netns "$1" ip neigh show "$2" | grep -q lladdr; }
check "$c, where the neighbour is found although denied" eventually 5 known w.a "${end_v6[w/b]}"

c="case 38: fragments of an allowed datagram all pass, of a denied one none"
policies <<X
x/p {podSelector: {}, ingress: [{ports: [{port: 53, protocol: UDP}]}]}
X
expect <<X
yes v/a udp/4000 x/a 53 $c
yes outside udp/60000 x/a 53 $c
X
sees x/a "meta l4proto udp"
expect <<X
no v/a udp/4000 x/a 80 $c
no outside udp/60000 x/a 80 $c
X
is "$(seen x/a)" 0 "$c, not even a later fragment"

c="case 39: a namespace that is relabelled, or comes after its policy and pods"
policies <<X
x/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {stage: live}}}]}]}
X
expect <<X
no v/a tcp x/a 80 $c, before
X
ns_yaml v team=v tier=silver stage=live | apply
expect <<X
yes v/a tcp x/a 80 $c, with the label
X
ns_yaml v team=v tier=silver | apply
expect <<X
no v/a tcp x/a 80 $c, without it again
X
# A pod in a namespace that nobody has loaded: of no namespace, so no selector may match.
pod_make n1 late/pod 10.244.4.10 fd00:244:4::10
pod_info late/pod "pod=late"
pods_yaml late/pod | apply
policies <<X
x/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: late}}}]}]}
v/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [q]}]}}]}]}
z/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: q, operator: DoesNotExist}]}}, {ipBlock: {cidr: ${end_v6[late/pod]}/128}}]}]}
w/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}
late/p {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: "fd00:244::/32"}}]}]}
X
expect <<X
no late/pod tcp x/a 80 trap: a pod before its namespace, matchLabels
no late/pod tcp v/a 80 trap: a pod before its namespace, NotIn
no late/pod tcp ${end_v4[z/a]} 80 trap: a pod before its namespace, DoesNotExist
yes late/pod tcp ${end_v6[z/a]} 80 trap: a pod before its namespace, ipBlock
no late/pod tcp w/a 80 trap: a pod before its namespace, {}
no late/pod tcp outside 80 trap: a pod before its namespace, its own policy
yes x/a tcp w/a 80 trap: a pod before its namespace, and one with its own under {}
X
ns_yaml late team=late | apply
expect <<X
yes late/pod tcp x/a 80 $c, which comes late
yes late/pod tcp v/a 80 $c, which comes late
yes late/pod tcp z/a 80 $c, which comes late
yes late/pod tcp w/a 80 $c, which comes late
no late/pod tcp outside 80 $c, which comes late, its own policy
X

c="case 40: an Egress policy is no word on ingress"
policies <<X
x/p {podSelector: {}, policyTypes: [Egress]}
X
expect <<X
yes v/a tcp x/a 80 $c
no x/a tcp v/a 80 $c
X
cluster_policy '{tier: Baseline, priority: 0, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}'
expect <<X
no v/a tcp x/a 80 case 40: a Baseline Deny below it
no x/a tcp v/a 80 case 40: a Baseline Deny below it
yes outside tcp x/a 80 case 40: a Baseline Deny below it, a client outside
X
no_cluster_policy
refused "case 40b: a Deny with a peer that nobody knows, which is refused whole" "galaxies" <<X
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: c}
spec: {tier: Admin, priority: 0, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{galaxies: {}}]}]}
X
finish
