#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "A pod to a tunnel that ends on its node": it would launder forged
# sources, because what comes out of a tunnel comes from where the pods of other nodes are.
#netpol-test: modules=vxlan,geneve,ipip,ip_gre,sit,ip6_tunnel,ip6_gre,wireguard,fou
#netpol-test: timeout=900
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/evil 10.244.1.66 fd00:244:1::66
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
host_make n1 peer 198.51.100.10 2001:db8:51::10		# a node of the cluster
serve_on a/evil b/server n1 -- tcp/80 udp/53
control=n1,10.244.2.10,80
fence="n1 tcp - 10.244.2.10 80"
{
	ns_yaml a
	ns_yaml b
	ns_yaml c
	pods_yaml a/evil b/server
	cat <<-X
	---
	apiVersion: v1
	kind: Pod
	metadata: {name: friend, namespace: c}
	spec: {nodeName: elsewhere, containers: [{name: main}]}
	status:
	  phase: Running
	  podIPs: [{ip: 10.244.9.10}, {ip: "fd00:244:9::10"}]
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: from-c, namespace: b}
	spec:
	  podSelector: {}
	  ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: c}}}]}]
	X
} >"$tmp/cluster"
apply "$tmp/cluster"
counter() { netpolctl --netns n1 status -o json 2>/dev/null | jq ".counters.$1"; }
sees b/server "udp dport 9"
sees peer "udp dport { 4789, 6081 }"

mac=02:00:00:00:00:01
declare -A here=([4]=10.244.0.1 [6]=fd00:244::1) outer=([4]=10.244.1.66 [6]=fd00:244:1::66)
declare -A cluster_peer=([4]=198.51.100.10 [6]=2001:db8:51::10)
declare -A inner_from=([4]=10.244.9.10 [6]=fd00:244:9::10) inner_to=([4]=10.244.2.10 [6]=fd00:244:2::10)
# The tunnel's end on the node and the one in another network namespace; both are called t0.
# ends KIND OUTER-FAMILY NETNS LOCAL: false if this kernel has no such tunnel
ends()
{
	local kind=$1 f=$2 netns=$3 local=$4 there=() far=()
	case "$kind" in
	vxlan)
		there=(type vxlan id 42 dstport 4789 nolearning local "${here[$f]}")
		far=(type vxlan id 42 dstport 4789 nolearning local "$local" remote "${here[$f]}") ;;
	geneve)
		there=(type geneve id 42 dstport 6081 remote "$local")
		far=(type geneve id 42 dstport 6081 remote "${here[$f]}") ;;
	fou)
		in_netns n1 ip fou add port 5555 ipproto 4 || return
		there=(type ipip local "${here[$f]}" remote "$local")
		far=(type ipip local "$local" remote "${here[$f]}" encap fou encap-sport 5555
			encap-dport 5555) ;;
	*)
		there=(type "$kind" local "${here[$f]}" remote any)
		far=(type "$kind" local "$local" remote "${here[$f]}") ;;
	esac
	case "$kind" in
	ip6tnl) there+=(mode any) far+=(mode any encaplimit none) ;;
	ip6gre*) far+=(encaplimit none) ;;
	esac
	ip -n n1 link add t0 "${there[@]}" && ip -n "$netns" link add t0 "${far[@]}" || return
	case "$kind" in
	vxlan|geneve|gretap|ip6gretap)
		ip -n n1 link set t0 address $mac
		for x in "${inner_to[@]}"; do
			ip -n "$netns" neigh replace "$x" lladdr $mac dev t0
		done ;;
	esac
	ip -n n1 link set t0 up && ip -n "$netns" link set t0 up || return
	for x in "${inner_from[@]}"; do
		ip -n n1 route replace "$x" dev t0
	done
	for x in "${inner_to[@]}"; do
		ip -n "$netns" route replace "$x" dev t0
	done
} 2>>"$tmp/ends"
ends_del() # NETNS
{
	ip -n n1 link del t0
	ip -n "$1" link del t0
	in_netns n1 ip fou del port 5555
} 2>/dev/null

# since $seen and $counted were noted; called by name
# shellcheck disable=SC2317
arrived() { [ "$(seen b/server)" -gt "$seen" ]; }
# shellcheck disable=SC2317
is_counted() { [ "$(counter tunnels)" -gt "$counted" ]; }

# launder WANT WHAT KIND OUTER-FAMILY NETNS LOCAL INNER-FAMILIES
launder()
{
	local want=$1 what=$2 kind=$3 f=$4 netns=$5 from=$6 i w
	shift 6
	if ! ends "$kind" "$f" "$netns" "$from"; then
		skip "$what, $kind over IPv$f" "no such tunnel in this kernel"
		note "$(tail -n 2 "$tmp/ends")"
		ends_del "$netns"
		return
	fi
	for i; do
		w="$what, $kind over IPv$f, IPv$i inside"
		seen=$(seen b/server) counted=$(counter tunnels)
		raw "$netns" udp "${inner_from[$i]}" 7 "${inner_to[$i]}" 9 || bail "raw"
		if [ "$want" = yes ]; then
			check "$w: arrives" eventually 20 arrived
		else
			check "$w: is counted" eventually 20 is_counted
			is "$(seen b/server)" "$seen" "$w: does not arrive"
		fi
	done
	ends_del "$netns"
}
every() # WANT WHAT NETNS LOCAL4 LOCAL6
{
	launder "$1" "$2" vxlan 4 "$3" "$4" 4 6
	launder "$1" "$2" vxlan 6 "$3" "$5" 4 6
	launder "$1" "$2" geneve 4 "$3" "$4" 4 6
	launder "$1" "$2" geneve 6 "$3" "$5" 4 6
	launder "$1" "$2" fou 4 "$3" "$4" 4
	launder "$1" "$2" ipip 4 "$3" "$4" 4
	launder "$1" "$2" gre 4 "$3" "$4" 4 6
	launder "$1" "$2" gretap 4 "$3" "$4" 4 6
	launder "$1" "$2" sit 4 "$3" "$4" 6
	launder "$1" "$2" ip6tnl 6 "$3" "$5" 4 6
	launder "$1" "$2" ip6gre 6 "$3" "$5" 4 6
}
# What the other nodes of the cluster send is believed, what a pod sends is not.
every yes "a node" peer "${cluster_peer[4]}" "${cluster_peer[6]}"
arrives no b/server "without a tunnel" a.evil udp 10.244.9.10 7 10.244.2.10 9
every no "a pod" a.evil "${outer[4]}" "${outer[6]}"

# A pod of another node, whose own node did not stop it.
ip -n peer addr add 10.244.9.10/32 dev lo
ip -n peer addr add fd00:244:9::10/128 dev lo nodad
launder no "a remote pod" vxlan 4 peer 10.244.9.10 4 6
launder no "a remote pod" vxlan 6 peer fd00:244:9::10 4 6
ip -n peer addr del 10.244.9.10/32 dev lo
ip -n peer addr del fd00:244:9::10/128 dev lo

# WireGuard knows its peers by their keys; its port is one of these all the same.
if ip -n n1 link add wg0 type wireguard 2>/dev/null && ip -n n1 link set wg0 up; then
	port=$(in_netns n1 ss -Huln | awk '{ n = split($4, a, ":"); print a[n] }' | grep -vx 53 | head -n 1)
	for f in 4 6; do
		sees n1 "udp dport $port" input 200
		counted=$(counter tunnels)
		arrives no n1 "a pod to WireGuard, IPv$f" a.evil udp "${outer[$f]}" 7 "${here[$f]}" "$port"
		check "a pod to WireGuard, IPv$f: is counted" is_counted
		arrives yes n1 "a node to WireGuard, IPv$f" peer udp "${cluster_peer[$f]}" 7 "${here[$f]}" "$port"
	done
	ip -n n1 link del wg0
else
	skip "a pod to WireGuard" "no WireGuard in this kernel"
fi

# The rest of what a pod may do is as it was.
ip -n n1 link add vx type vxlan id 1 dstport 4789 local 10.244.0.1 || bail vxlan
ip -n n1 link set vx up
expect <<X
yes a/evil udp 10.244.0.1 53 a pod to the node, another port of UDP
yes a/evil udp fd00:244::1 53 a pod to the node, another port of UDP
yes a/evil tcp 10.244.0.1 80 a pod to the node, TCP
yes n1 udp a/evil 53 the node to a pod
no a/evil udp b/server 53 a pod to another one
X
ip -n n1 link del vx
arrives yes peer "a pod to a tunnel that ends elsewhere" a.evil udp 10.244.1.66 7 198.51.100.10 4789
arrives yes peer "likewise, v6" a.evil udp fd00:244:1::66 7 2001:db8:51::10 6081

# The administrator decides.
netpol settings host-allow=10.244.0.1:udp/4789
launder yes "host-allow" vxlan 4 a.evil "${outer[4]}" 4
launder no "host-allow of another port" geneve 4 a.evil "${outer[4]}" 4
netpol settings host-allow= host-egress=allow
launder no "host-egress=allow" vxlan 4 a.evil "${outer[4]}" 4
netpol settings host-egress= tunnels=allow
launder yes "tunnels=allow" vxlan 6 a.evil "${outer[6]}" 6
launder yes "tunnels=allow" ipip 4 a.evil "${outer[4]}" 4
netpol settings tunnels=

# A node that has no pods of its own launders for others.
netpol flush --yes
apply "$tmp/cluster"
netpol delete pod/a/evil pod/b/server
ends vxlan 4 peer 10.244.9.10
ip -n peer addr add 10.244.9.10/32 dev lo
counted=$(counter tunnels)
raw peer udp 10.244.9.10 7 10.244.2.10 9
check "a node without pods: is counted" eventually 20 is_counted
ends_del peer
finish
