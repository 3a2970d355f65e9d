#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "The node to its own pods", "A pod to its own node" and "Pods on the
# host network, node addresses", and docs/design.md, "A reply to a connection that the node
# opened passes".
#netpol-test: all-kernels
#netpol-test: modules=br_netfilter
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
pod_make n1 a/routed 10.244.1.10 fd00:244:1::10
pod_make n1 a/bridged 10.244.8.10 fd00:244:8::10 br0
pod_make n1 b/open 10.244.2.10 fd00:244:2::10
host_make n1 outside 198.51.100.10 2001:db8:51::10
serve_on a/routed a/bridged b/open n1 outside -- tcp/80 udp/80 tcp/53 udp/53
control=n1,10.244.2.10,80
expect <<X
yes n1 tcp a/bridged 80 before
X
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/routed a/bridged b/open
	cat <<-X
	---
	apiVersion: v1
	kind: Pod
	metadata: {name: host, namespace: a, labels: {app: host}}
	spec: {hostNetwork: true, nodeName: n1}
	status:
	  phase: Running
	  podIPs:
	  - ip: 10.244.0.1
	  - ip: fd00:244::1
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: default-deny, namespace: a}
	spec:
	  podSelector: {}
	  policyTypes: [Ingress, Egress]
	X
} | apply
is "$(netpolctl --netns n1 get pods -o json | jq -r '.. | .name? // empty' | grep -cx host)" 0 \
	"a hostNetwork pod is not loaded"

node_to_pod()
{
	expect <<-X
	yes n1 tcp a/routed 80 $1: node to pod
	yes n1 udp a/routed 80 $1: node to pod
	yes n1 icmp a/routed 0 $1: node to pod
	yes n1 udp/4000 a/routed 80 $1: node to pod, in fragments
	yes n1@169.254.1.1 tcp ${end_v4[a/routed]} 80 $1: node to pod from the gateway address
	yes n1 tcp a/bridged 80 $1: node to pod on a bridge
	yes n1 udp a/bridged 80 $1: node to pod on a bridge
	yes n1@10.244.0.1 tcp ${end_v4[a/bridged]} 80 $1: node to bridge by another address
	no outside tcp a/routed 80 $1: another machine to pod
	no b/open tcp a/routed 80 $1: another pod to pod
	X
}
pod_to_node() # WANT WANT-53 WHAT
{
	expect <<-X
	$1 a/routed tcp 10.244.0.1 80 $3
	$1 a/routed tcp fd00:244::1 80 $3
	$1 a/routed udp 10.244.0.1 80 $3
	$1 a/routed udp fd00:244::1 80 $3
	$1 a/routed icmp 10.244.0.1 0 $3
	$1 a/routed tcp 169.254.1.1 80 $3, its gateway
	$1 a/bridged tcp 10.244.8.1 80 $3, the bridge
	$1 a/bridged tcp fd00:244:8::1 80 $3, the bridge
	$2 a/routed udp 10.244.0.1 53 $3, port 53
	$2 a/routed tcp fd00:244::1 53 $3, port 53
	yes b/open tcp 10.244.0.1 80 $3, of a pod without policies
	no a/routed tcp outside 80 $3, and to another machine
	X
}
node_to_pod "default deny"
pod_to_node no no "pod to node is denied"
netpol settings host-allow=10.244.0.1:udp/53,fd00:244::1:tcp/53
pod_to_node no yes "host-allow"
netpol settings host-allow= host-egress=allow
pod_to_node yes yes "host-egress=allow"
netpol settings host-egress=

# Selectors don't reach the node or a pod on its network; an ipBlock does.
apply <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: to-pods, namespace: a}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to:
    - podSelector: {}
    - namespaceSelector: {}
X
pod_to_node no no "a rule for all pods of all namespaces"
apply <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: to-node, namespace: a}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to:
    - ipBlock: {cidr: 10.244.0.1/32}
    - ipBlock: {cidr: "fd00:244::1/128"}
    ports:
    - {port: 80, protocol: TCP}
X
expect <<X
yes a/routed tcp 10.244.0.1 80 an ipBlock of the node
yes a/routed tcp fd00:244::1 80 an ipBlock of the node
no a/routed tcp 10.244.0.1 53 an ipBlock of the node, another port
no a/routed udp 10.244.0.1 80 an ipBlock of the node, another protocol
X

# Live connections of the node are nobody's business.
cat >"$tmp/live" <<X
tcp-4 tcp n1 a.routed ${end_v4[a/routed]} 9000
tcp-6 tcp n1 a.routed ${end_v6[a/routed]} 9000
udp-4 udp n1 a.bridged ${end_v4[a/bridged]} 9000
X
cat >"$tmp/more" <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny-again, namespace: a}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
X
live "node to pod" steady "netpolctl --netns n1 apply -f $tmp/more"
finish
