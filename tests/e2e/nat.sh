#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/design.md, "DNAT, so that ports are those of the pod, and before SNAT, so that
# sources are those of the client" and "LOCAL_IN runs after IPVS has taken its packets", and
# that a pod reaches itself through its own Service.
#netpol-test: all-kernels
#netpol-test: modules=ip_vs,ip_vs_rr
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
pod_make n1 c/client 10.244.3.10 fd00:244:3::10
host_make n1 outside-10 198.51.100.10 2001:db8:51::10
host_make n1 outside-20 198.51.100.20 2001:db8:51::20
serve_on b/server -- tcp/8080 tcp/80 udp/5353 udp/53
serve_on a/client -- tcp/80
serve_on n1 -- tcp/22
control=n1,10.244.1.10,80
# A node has a default route, else it would not even send to a ClusterIP.
ip_batch n1 <<X
route add default dev ${end_dev[outside-10]}
route add ::/0 dev ${end_dev[outside-10]}
X

# As kube-proxy does: ClusterIP 10.96.0.10, fd00:96::10, NodePort 30080.
in_netns n1 nft -f - <<X || bail "nft"
table inet services {
	chain to_pods {
		ip daddr 10.96.0.10 tcp dport 80 dnat ip to 10.244.2.10:8080
		ip daddr 10.96.0.10 udp dport 53 dnat ip to 10.244.2.10:5353
		ip6 daddr fd00:96::10 tcp dport 80 dnat ip6 to [fd00:244:2::10]:8080
		ip6 daddr fd00:96::10 udp dport 53 dnat ip6 to [fd00:244:2::10]:5353
		ip daddr 10.244.0.1 tcp dport 30080 meta mark set 1 dnat ip to 10.244.2.10:8080
		ip6 daddr fd00:244::1 tcp dport 30080 meta mark set 1 dnat ip6 to [fd00:244:2::10]:8080
	}
	chain pre { type nat hook prerouting priority -100; jump to_pods; }
	chain out { type nat hook output priority -100; jump to_pods; }
	chain post {
		type nat hook postrouting priority 100
		meta mark 1 masquerade
		ip saddr 10.244.2.10 ip daddr 10.244.2.10 masquerade
		ip6 saddr fd00:244:2::10 ip6 daddr fd00:244:2::10 masquerade
	}
	chain masquerade_all {
		type nat hook postrouting priority 99
	}
}
X
{
	ns_yaml a team=a
	ns_yaml b team=b
	ns_yaml c team=c
	pods_yaml a/client b/server c/client
} | apply
expect <<X
yes a/client tcp 10.96.0.10 80 no policy: ClusterIP
yes c/client tcp fd00:96::10 80 no policy: ClusterIP
yes outside-10 tcp 10.244.0.1 30080 no policy: NodePort
X

# ingress NAMESPACE PORT PROTOCOL, egress likewise: a policy of that name
rule() # DIRECTION NAMESPACE PEER PROTOCOL PORT
{
	local way=from
	[ "$1" = ingress ] || way=to
	cat <<-X
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: $1, namespace: $2}
	spec:
	  podSelector: {}
	  policyTypes: [${1^}]
	  $1:
	  - $way: [$3]
	    ports: [{port: $5, protocol: $4}]
	X
}
team() { echo "{namespaceSelector: {matchLabels: {team: $1}}}"; }
clients() # WHAT
{
	expect <<-X
	yes a/client tcp 10.96.0.10 80 $1: ClusterIP, allowed client
	yes a/client tcp fd00:96::10 80 $1: ClusterIP, allowed client
	no c/client tcp 10.96.0.10 80 $1: ClusterIP, another client
	no c/client tcp fd00:96::10 80 $1: ClusterIP, another client
	no a/client udp 10.96.0.10 53 $1: ClusterIP, another port
	no a/client udp fd00:96::10 53 $1: ClusterIP, another port
	no outside-10 tcp 10.244.0.1 30080 $1: NodePort, whose client is no pod
	no outside-10 tcp fd00:244::1 30080 $1: NodePort, whose client is no pod
	yes n1 tcp 10.96.0.10 80 $1: the node itself to a ClusterIP
	yes n1 tcp fd00:96::10 80 $1: the node itself to a ClusterIP
	yes b/server tcp 10.96.0.10 80 $1: hairpin, the pod to itself through its Service
	yes b/server tcp fd00:96::10 80 $1: hairpin, the pod to itself through its Service
	X
}
rule ingress b "$(team a)" TCP 8080 | apply
clients "ingress on the target port"
in_netns n1 nft add rule inet services masquerade_all ct status dnat masquerade
clients "with every ClusterIP masqueraded"
in_netns n1 nft flush chain inet services masquerade_all

rule ingress b "$(team a)" TCP 80 | apply
expect <<X
no a/client tcp 10.96.0.10 80 a rule for the Service's port opens nothing
no a/client tcp fd00:96::10 80 a rule for the Service's port opens nothing
yes a/client tcp b/server 80 but the same port of the pod
X
rule ingress b "{ipBlock: {cidr: 198.51.100.10/32}}, {ipBlock: {cidr: \"2001:db8:51::10/128\"}}" \
	TCP 8080 | apply
expect <<X
yes outside-10 tcp 10.244.0.1 30080 NodePort, its client by ipBlock although masqueraded
yes outside-10 tcp fd00:244::1 30080 NodePort, its client by ipBlock although masqueraded
no outside-20 tcp 10.244.0.1 30080 NodePort, another client
no outside-20 tcp fd00:244::1 30080 NodePort, another client
no a/client tcp 10.96.0.10 80 ClusterIP, no longer named
X
netpolctl --netns n1 delete policy b/ingress >/dev/null 2>&1 ||
	netpol delete -f <(rule ingress b "$(team a)" TCP 80)

# Egress sees the pod behind the Service as well.
rule egress a "$(team b)" TCP 8080 | apply
expect <<X
yes a/client tcp 10.96.0.10 80 egress on the target port
yes a/client tcp fd00:96::10 80 egress on the target port
no a/client udp 10.96.0.10 53 egress, another port
no a/client tcp b/server 80 egress, another port without a Service
X
rule egress a "$(team b)" TCP 80 | apply
expect <<X
no a/client tcp 10.96.0.10 80 egress rule for the Service's port
yes a/client tcp b/server 80 egress rule for the pod's port
X
rule egress a "$(team b)" TCP 80 >"$tmp/x"
netpol delete -f "$tmp/x"

# Default deny of both directions doesn't keep a pod from itself.
cat >"$tmp/deny" <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: b}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
X
apply "$tmp/deny"
expect <<X
yes b/server tcp 10.96.0.10 80 default deny: hairpin
yes b/server tcp fd00:96::10 80 default deny: hairpin
yes b/server udp 10.96.0.10 53 default deny: hairpin
no a/client tcp 10.96.0.10 80 default deny: another pod
X
netpol delete -f "$tmp/deny"

# Live connections through a Service are cut and come back.
rule ingress b "$(team a)" TCP 8080 >"$tmp/allow"
rule ingress b "$(team c)" TCP 8080 >"$tmp/other"
in_netns n1 nft -f - <<X
add rule inet services to_pods ip daddr 10.96.0.11 meta l4proto { tcp, udp } dnat ip to 10.244.2.10
X
cat >"$tmp/live" <<X
service-tcp tcp a.client b.server 10.96.0.11 9000
service-udp udp a.client b.server 10.96.0.11 9000
X
sed 's/^    ports.*//' "$tmp/allow" >"$tmp/allow-all"
sed 's/^    ports.*//' "$tmp/other" >"$tmp/other-all"
live "through a Service" steady "netpolctl --netns n1 apply -f $tmp/allow-all" \
	cut "netpolctl --netns n1 apply -f $tmp/other-all" \
	open "netpolctl --netns n1 apply -f $tmp/allow-all"

# IPVS, as kube-proxy's other mode sets it up.
in_netns n1 ip link add kube-ipvs0 type dummy
in_netns n1 ip addr add 10.96.0.20/32 dev kube-ipvs0
in_netns n1 ip addr add fd00:96::20/128 dev kube-ipvs0 nodad
if in_netns n1 ipvsadm -A -t 10.96.0.20:80 -s rr 2>"$tmp/ipvs"; then
	in_netns n1 ipvsadm -a -t 10.96.0.20:80 -r 10.244.2.10:8080 -m
	in_netns n1 ipvsadm -A -u 10.96.0.20:53 -s rr
	in_netns n1 ipvsadm -a -u 10.96.0.20:53 -r 10.244.2.10:5353 -m
	in_netns n1 ipvsadm -A -t '[fd00:96::20]:80' -s rr
	in_netns n1 ipvsadm -a -t '[fd00:96::20]:80' -r '[fd00:244:2::10]:8080' -m
	echo "ipv4/vs/conntrack 1" | sysctls n1
	apply "$tmp/allow"
	expect <<-X
	yes a/client tcp 10.96.0.20 80 IPVS, allowed client
	yes a/client tcp fd00:96::20 80 IPVS, allowed client
	no c/client tcp 10.96.0.20 80 IPVS, another client
	no c/client tcp fd00:96::20 80 IPVS, another client
	no a/client udp 10.96.0.20 53 IPVS, another port
	yes a/client tcp 10.96.0.20 22 IPVS address, a port of the node itself, no egress policy
	X
	rule egress a "$(team b)" TCP 8080 | apply
	expect <<-X
	yes a/client tcp 10.96.0.20 80 IPVS, egress and ingress on the target port
	yes a/client tcp fd00:96::20 80 IPVS, egress and ingress on the target port
	no a/client tcp 10.96.0.20 22 IPVS address, a port of the node, egress isolated
	X
	rule egress a "$(team c)" TCP 8080 | apply
	expect <<-X
	no a/client tcp 10.96.0.20 80 IPVS, egress to another namespace only
	no a/client tcp fd00:96::20 80 IPVS, egress to another namespace only
	X
else
	skip "IPVS" "$(tail -n 1 "$tmp/ipvs")"
fi
finish
