#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/design.md, "The decisions, in order", for packets that something else has handled
# before: what comes out of a tunnel, what the node redirects to itself or takes by a transparent
# proxy, what SYNPROXY sends in the name of a client, and what ipvlan sends through the hooks of
# the node.
#netpol-test: timeout=300
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# policy NAME NAMESPACE [ingress|egress PEER PORT...]...: a policy of all its pods; a PEER
# is a CIDR or LABEL=VALUE of a namespace; without ports all of them
policy()
{
	local name=$1 ns=$2 way=$3 peer port from
	cat <<-X
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: $name, namespace: $ns}
	spec:
	  podSelector: {}
	  policyTypes: [${way^}]
	  $way:
	X
	shift 3
	for peer; do
		port=${peer#*,}
		[ "$port" != "$peer" ] || port=
		peer=${peer%%,*}
		from="ipBlock: {cidr: \"$peer\"}"
		[ "$peer" = "${peer#*=}" ] ||
			from="namespaceSelector: {matchLabels: {${peer%=*}: \"${peer#*=}\"}}"
		if [ "$way" = ingress ]; then
			echo "  - from: [{$from}]"
		else
			echo "  - to: [{$from}]"
		fi
		[ -z "$port" ] || echo "    ports: [{port: ${port//,/\}, \{port: }}]"
	done
}
counter() { netpolctl --netns "$node" status -o json 2>/dev/null | jq ".counters.$1"; }

# --- VXLAN: each node judges its own half of what is inside ---------------------

vxlan()
{
	node_make n1 10.244.0.1 fd00:244::1
	node_make n2 10.244.0.2 fd00:244::2
	ip -n n1 link add u0 type veth peer name u0 netns n2
	ip_batch n1 <<-X
		link set u0 addrgenmode none
		addr add 192.0.2.1/24 dev u0
		link set u0 up
	X
	ip_batch n2 <<-X
		link set u0 addrgenmode none
		addr add 192.0.2.2/24 dev u0
		link set u0 up
	X
	if ! ip -n n1 link add vx0 type vxlan id 42 local 192.0.2.1 remote 192.0.2.2 \
		dstport 4789 2>"$tmp/vxlan"; then
		skip "VXLAN" "$(tail -n 1 "$tmp/vxlan")"
		return
	fi
	ip -n n2 link add vx0 type vxlan id 42 local 192.0.2.2 remote 192.0.2.1 dstport 4789 ||
		bail "vxlan in n2"
	ip_batch n1 <<-X
		link set vx0 addrgenmode none
		addr add 10.250.0.1/24 dev vx0
		addr add fd00:250::1/64 dev vx0 nodad
		addr add fe80::11/64 dev vx0 nodad
		link set vx0 up
		route add 10.244.22.0/24 via 10.250.0.2 dev vx0
		route add fd00:244:22::/64 via fd00:250::2 dev vx0
	X
	ip_batch n2 <<-X
		link set vx0 addrgenmode none
		addr add 10.250.0.2/24 dev vx0
		addr add fd00:250::2/64 dev vx0 nodad
		addr add fe80::12/64 dev vx0 nodad
		link set vx0 up
		route add 10.244.21.0/24 via 10.250.0.1 dev vx0
		route add fd00:244:21::/64 via fd00:250::1 dev vx0
	X
	pod_make n1 a/client 10.244.21.10 fd00:244:21::10
	pod_make n1 c/client 10.244.21.20 fd00:244:21::20
	pod_make n2 b/server 10.244.22.10 fd00:244:22::10
	pod_make n2 d/open 10.244.22.20 fd00:244:22::20
	serve_on a/client b/server d/open -- tcp/80 tcp/81 tcp/82 udp/83 udp/84
	control=n1,10.244.21.10,80
	expect <<-X
	yes a/client tcp b/server 82 VXLAN, before
	yes a/client udp b/server 84 VXLAN, before
	yes n1@10.250.0.1 tcp 10.244.22.10 80 VXLAN, before
	yes n1@fd00:250::1 tcp fd00:244:22::10 80 VXLAN, before
	X
	{
		ns_yaml a team=a
		ns_yaml b team=b
		ns_yaml c team=c
		ns_yaml d team=d
		pods_yaml a/client c/client b/server d/open
		# 80 and 83 both ways, 81 not at the server, 82 not at the client
		policy out a egress team=b,80,81 team=d,80
		policy in b ingress team=a,80,82
	} >"$tmp/vxlan"
	for node in n1 n2; do
		apply "$tmp/vxlan"
	done
	is "$(netpolctl --netns n1 counters -o json | jq -r '[.pods[].name] | sort | join(" ")')" \
		"client client" "VXLAN: the first node has its own pods only"
	is "$(netpolctl --netns n2 counters -o json | jq -r '[.pods[].name] | sort | join(" ")')" \
		"open server" "VXLAN: and so has the second"
	sees n2 "iifname vx0 tcp dport { 81, 82 } tcp flags & (syn | ack) == syn"
	expect <<-X
	yes a/client tcp b/server 80 VXLAN, both halves allow
	no a/client udp b/server 83 VXLAN, another protocol
	no c/client tcp b/server 80 VXLAN, another namespace
	yes a/client tcp d/open 80 VXLAN, egress allows and the server is open
	no a/client tcp d/open 81 VXLAN, only egress denies
	yes c/client tcp d/open 81 VXLAN, pods without policies
	yes b/server tcp a/client 80 VXLAN, back the other way
	yes n2 tcp b/server 81 VXLAN, the server's own node
	no n1@10.250.0.1 tcp 10.244.22.10 80 VXLAN, another node is not the own one
	no n1@fd00:250::1 tcp fd00:244:22::10 80 VXLAN, another node is not the own one
	X
	sees n2 "iifname vx0 tcp dport { 81, 82 } tcp flags & (syn | ack) == syn"
	expect <<-X
	no a/client tcp b/server 82 VXLAN, the client's half denies
	X
	is "$(seen n2)" 0 "VXLAN: which its own node dropped"
	expect <<-X
	no a/client tcp b/server 81 VXLAN, the server's half denies
	X
	check "VXLAN: which the server's node dropped" test "$(seen n2)" -gt 0
	node=n2
	is "$(counter 'spoofed')" 0 "VXLAN: nothing counted as forged on the second node"
}
vxlan

# --- the node takes it: redirect, a transparent proxy ---------------------------

proxied()
{
	local client=10.244.31.10 outside=198.51.100.10 outside6=2001:db8:51::10
	node=n3
	node_make n3 10.244.0.3 fd00:244::3
	pod_make n3 e/client $client fd00:244:31::10
	pod_make n3 f/server 10.244.32.10 fd00:244:32::10
	pod_make n3 g/open 10.244.33.10 fd00:244:33::10
	host_make n3 outside $outside $outside6
	serve_on outside -- tcp/81
	serve_on f/server -- tcp/80 tcp/81
	serve_on g/open -- tcp/80
	serve_on n3 -- tcp/8080 tcp/22
	control=n3,10.244.33.10,80
	{
		ns_yaml e team=e
		ns_yaml f team=f
		ns_yaml g team=g
		pods_yaml e/client f/server g/open
	} | apply
	expect <<-X
	refused e/client tcp $outside 80 nothing listens outside on port 80
	refused e/client tcp $outside6 80 nothing listens outside on port 80
	X

	# The redirect goes to the address of the interface: 169.254.1.1 and fe80::1.
	if in_netns n3 nft -f - 2>"$tmp/nft" <<-X; then
		table inet to_node {
			chain pre {
				type nat hook prerouting priority -100
				ip daddr $outside tcp dport 80 redirect to :8080
				ip6 daddr $outside6 tcp dport 80 redirect to :8080
			}
		}
	X
		expect <<-X
		yes e/client tcp $outside 80 redirect, no policy
		yes e/client tcp $outside6 80 redirect, no policy
		X
		policy out e egress $outside/32,80,81 $outside6/128,80,81 | apply
		expect <<-X
		no e/client tcp $outside 80 redirect, egress to where it was sent
		no e/client tcp $outside6 80 redirect, egress to where it was sent
		yes e/client tcp $outside 81 redirect, egress to the same address without one
		yes e/client tcp $outside6 81 redirect, egress to the same address without one
		yes g/open tcp $outside 80 redirect, another pod
		X
		netpol settings host-egress=allow
		expect <<-X
		yes e/client tcp $outside 80 redirect, host-egress=allow
		yes e/client tcp $outside6 80 redirect, host-egress=allow
		X
		netpol settings host-egress= "host-allow=169.254.1.1:tcp/8080"
		expect <<-X
		yes e/client tcp $outside 80 redirect, host-allow of the node's address and port
		no e/client tcp $outside6 80 redirect, host-allow of the other family
		X
		netpol settings "host-allow=$outside:tcp/80"
		expect <<-X
		no e/client tcp $outside 80 redirect, host-allow of where it was sent
		X
		netpol settings host-allow=
		policy out e egress 169.254.1.1/32,8080 fe80::1/128,8080 | apply
		expect <<-X
		yes e/client tcp $outside 80 redirect, egress to where it arrives
		yes e/client tcp $outside6 80 redirect, egress to where it arrives
		no e/client tcp $outside 81 redirect, egress to outside no longer
		X
		policy out e egress 169.254.1.1/32,80 fe80::1/128,80 | apply
		expect <<-X
		no e/client tcp $outside 80 redirect, egress to the node by the port it was sent to
		no e/client tcp $outside6 80 redirect, egress to the node by the port it was sent to
		X
		in_netns n3 nft delete table inet to_node
		policy out e egress >"$tmp/out"
		netpol delete -f "$tmp/out"
	else
		skip "redirect" "$(head -n 1 "$tmp/nft")"
	fi
	transparent
}

# A connection that is taken over keeps the address that it was sent to.
transparent()
{
	local x
	if ! in_netns n3 nft -f - 2>"$tmp/nft" <<-X
		table inet taker {
			counter taken { }
			chain pre {
				type filter hook prerouting priority -150
				meta l4proto tcp socket transparent 1 meta mark set 1 accept
				ip daddr $outside tcp dport 80 counter name taken tproxy ip to :8090 meta mark set 1 accept
				ip6 daddr $outside6 tcp dport 80 counter name taken tproxy ip6 to :8090 meta mark set 1 accept
			}
		}
	X
	then
		skip "tproxy" "$(head -n 1 "$tmp/nft")"
		return
	fi
	for x in -4 -6; do
		ip -n n3 "$x" rule add fwmark 1 lookup 100 || bail "ip rule"
		ip -n n3 "$x" route add local default dev lo table 100 || bail "ip route"
	done
	if ! socat -hh | grep -qw transparent; then
		skip "tproxy" "socat has no option transparent"
		return
	fi
	for x in TCP4-LISTEN:8090 TCP6-LISTEN:8090,ipv6only; do
		in_netns n3 socat "$x,transparent,fork,reuseaddr" PIPE >/dev/null 2>"$tmp/socat" &
		pids+=($!)
	done
	check "tproxy: a proxy for each family" eventually 10 listening n3 8090 2
	expect <<-X
	yes e/client tcp $outside 80 tproxy, no policy
	yes e/client tcp $outside6 80 tproxy, no policy
	X
	check "tproxy: the proxy took them" test "$(in_netns n3 nft -j list counter inet taker taken |
		jq '[.nftables[].counter.packets? // 0] | add')" -gt 0
	policy out e egress $outside/32,81 | apply
	netpol settings host-egress=allow
	expect <<-X
	no e/client tcp $outside 80 tproxy, host-egress=allow does not mean other addresses
	no e/client tcp $outside6 80 tproxy, host-egress=allow does not mean other addresses
	yes e/client tcp 10.244.0.3 22 tproxy, host-egress=allow, the node itself
	yes e/client tcp fd00:244::3 22 tproxy, host-egress=allow, the node itself
	yes e/client tcp $outside 81 tproxy, what it does not take is allowed
	no e/client tcp $outside6 81 tproxy, what it does not take is denied
	yes g/open tcp $outside 80 tproxy, a pod without policies
	X
	netpol settings host-egress=
	expect <<-X
	no e/client tcp $outside 80 tproxy, without host-egress
	no e/client tcp 10.244.0.3 22 tproxy, without host-egress, the node itself
	X
	netpol settings "host-allow=$outside:tcp/80"
	expect <<-X
	yes e/client tcp $outside 80 tproxy, host-allow of the destination
	no e/client tcp $outside6 80 tproxy, host-allow of the other family
	X
	netpol settings host-allow=
	netpol delete -f <(policy out e egress $outside/32,81)
	printf '%s\n' "apiVersion: policy.networking.k8s.io/v1alpha2" "kind: ClusterNetworkPolicy" \
		"metadata: {name: evil}" "spec:" "  tier: Admin" "  priority: 1" \
		"  subject: {namespaces: {}}" "  egress:" "  - action: Deny" \
		"    to: [{namespaces: {matchLabels: {team: evil}}}]" | apply
	netpol settings "pod-range=10.244.0.0/24,fd00:244::/64"
	expect <<-X
	yes e/client tcp $outside 80 tproxy, the destination is no pod
	yes e/client tcp 10.244.0.3 22 tproxy, an address of the node in a range of pods
	yes e/client tcp fd00:244::3 22 tproxy, an address of the node in a range of pods
	X
	netpol settings "pod-range=$outside/32,$outside6/128"
	expect <<-X
	no e/client tcp $outside 80 tproxy, the destination is a pod that is not known
	no e/client tcp $outside6 80 tproxy, the destination is a pod that is not known
	yes e/client tcp 10.244.0.3 22 tproxy, and the node is none
	X
	netpol settings pod-range=
	netpol delete cnp/evil
	policy out e egress $outside/32,80 $outside6/128,80 | apply
	expect <<-X
	yes e/client tcp $outside 80 tproxy, egress to the destination
	yes e/client tcp $outside6 80 tproxy, egress to the destination
	X

	# The proxy's other half, in the pod's name: the pod's, not the node's own.
	policy out e egress team=f,80 | apply
	policy in f ingress team=e,81 | apply
	sees f/server "tcp dport { 80, 81 }"
	is "$(in_name 10.244.31.10 10.244.32.10 80)" no "the node in a pod's name, ingress denies (IPv4)"
	is "$(in_name '[fd00:244:31::10]' '[fd00:244:32::10]' 80)" no \
		"the node in a pod's name, ingress denies (IPv6)"
	is "$(in_name 10.244.31.10 10.244.32.10 81)" no "the node in a pod's name, egress denies (IPv4)"
	is "$(in_name '[fd00:244:31::10]' '[fd00:244:32::10]' 81)" no \
		"the node in a pod's name, egress denies (IPv6)"
	is "$(seen f/server)" 0 "the node in a pod's name: nothing of that arrives"
	is "$(in_name 10.244.0.3 10.244.32.10 80)" yes "the node in its own name"
	policy in f ingress team=e,80 | apply
	is "$(in_name 10.244.31.10 10.244.32.10 80)" yes "the node in a pod's name, allowed (IPv4)"
	is "$(in_name '[fd00:244:31::10]' '[fd00:244:32::10]' 80)" yes \
		"the node in a pod's name, allowed (IPv6)"
	is "$(in_name 198.51.100.77 10.244.32.10 80)" yes "the node in the name of no pod is the node"
}
# shellcheck disable=SC2317 # by eventually
listening() { [ "$(in_netns "$1" ss -Hltn "sport = :$2" | wc -l)" = "$3" ]; }

# in_name SOURCE DESTINATION PORT: does a connection from n3 in that name get an answer?
in_name()
{
	local got
	got=$(in_netns n3 socat -T 5 - "TCP:$2:$3,bind=$1,transparent,connect-timeout=5" \
		2>"$tmp/in_name" <<<x)
	if [ "$got" = x ]; then
		echo yes
	elif grep -qi "timed out" "$tmp/in_name"; then
		echo no
	else
		tail -n 1 "$tmp/in_name"
	fi
}
proxied

# --- SYNPROXY ------------------------------------------------------------------

synproxy()
{
	local server=10.244.42.10 server6=fd00:244:42::10 rule
	node=n4
	node_make n4 10.244.0.4 fd00:244::4
	pod_make n4 h/client 10.244.41.10 fd00:244:41::10
	pod_make n4 i/server $server $server6
	pod_make n4 j/client 10.244.43.10 fd00:244:43::10
	host_make n4 out-4a 198.51.100.40 2001:db8:51::40
	host_make n4 out-4b 198.51.100.41 2001:db8:51::41
	serve_on i/server -- tcp/80 tcp/8080
	control=n4,$server,80
	{
		ns_yaml h team=h
		ns_yaml i team=i
		ns_yaml j team=j
		pods_yaml h/client i/server j/client
	} | apply
	rule="ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm"
	if ! in_netns n4 nft -f - 2>"$tmp/nft" <<-X
		table inet cookies {
			chain pre {
				type filter hook prerouting priority -300
				ip daddr $server tcp dport 8080 tcp flags & (fin | syn | rst | ack) == syn notrack
				ip6 daddr $server6 tcp dport 8080 tcp flags & (fin | syn | rst | ack) == syn notrack
			}
			chain forward {
				type filter hook forward priority 0
				ip daddr $server tcp dport 8080 $rule
				ip6 daddr $server6 tcp dport 8080 $rule
				tcp dport 8080 ct state invalid drop
			}
		}
	X
	then
		skip "SYNPROXY" "$(head -n 1 "$tmp/nft")"
		return
	fi
	sysctls n4 <<-X
		ipv4/tcp_syncookies 1
		ipv4/tcp_timestamps 1
		netfilter/nf_conntrack_tcp_loose 0
	X
	expect <<-X
	yes h/client tcp i/server 8080 SYNPROXY, no policy
	yes j/client tcp i/server 8080 SYNPROXY, no policy
	yes out-4a tcp i/server 8080 SYNPROXY, no policy
	yes out-4b tcp i/server 8080 SYNPROXY, no policy
	X
	check "SYNPROXY: it was at work" test "$(cookies)" -ge 8
	{
		policy in i ingress team=h,8080
		policy from-4a i ingress 198.51.100.40/32,8080 2001:db8:51::40/128,8080
	} | apply
	expect <<-X
	yes h/client tcp i/server 8080 SYNPROXY, a pod that is allowed
	yes out-4a tcp i/server 8080 SYNPROXY, a machine that is allowed
	X
	sees i/server "tcp dport 8080"
	expect <<-X
	no j/client tcp i/server 8080 SYNPROXY, another pod
	no out-4b tcp i/server 8080 SYNPROXY, another machine
	X
	is "$(seen i/server)" 0 "SYNPROXY: nothing of theirs reaches the server"
	check "SYNPROXY: although it answered them" test "$(cookies)" -ge 16
	expect <<-X
	yes h/client tcp i/server 8080 SYNPROXY, and the allowed one still
	yes n4 tcp i/server 8080 SYNPROXY, the node itself
	X
	check "SYNPROXY: whose packets do arrive" test "$(seen i/server)" -gt 0

	# The client's half.
	policy out h egress team=i,80 | apply
	sees i/server "tcp dport 8080"
	expect <<-X
	no h/client tcp i/server 8080 SYNPROXY, a pod whose egress does not allow it
	X
	is "$(seen i/server)" 0 "SYNPROXY: nothing of that reaches the server"
	policy out h egress team=i,8080 | apply
	expect <<-X
	yes h/client tcp i/server 8080 SYNPROXY, a pod whose egress allows it
	no j/client tcp i/server 8080 SYNPROXY, the other pod still not
	X
}
# valid SYN cookies of this node, over all CPUs
cookies()
{
	local n=0 valid
	while read -r _ _ _ valid _; do
		n=$((n + 0x$valid))
	done < <(in_netns n4 tail -n +2 /proc/net/stat/synproxy)
	echo "$n"
}
synproxy

# --- ipvlan ----------------------------------------------------------------------

# A loop of two interfaces, so that what ipvlan puts on the wire comes back to the node and
# can be routed: in L3 mode it has gone through POST_ROUTING once before. And a bridge, on
# which it gets to a pod with that one POST_ROUTING only.
ipvlan()
{
	local mode m0 m1 i=0
	node=n5
	node_make n5 10.244.0.5 fd00:244::5
	bridge_make n5 br5 10.244.58.1/24 fd00:244:58::1/64
	pod_make n5 l/routed 10.244.51.10 fd00:244:51::10
	pod_make n5 l/bridged 10.244.58.10 fd00:244:58::10 br5
	pod_make n5 m/open 10.244.51.20 fd00:244:51::20
	pod_make n5 m/bridged 10.244.58.20 fd00:244:58::20 br5
	serve_on l/routed l/bridged m/open m/bridged -- tcp/80 tcp/81 udp/53
	control=n5,10.244.51.20,80
	ip_batch n5 <<-X
		link add m0 type veth peer name m1
		link set m0 addrgenmode none
		link set m1 addrgenmode none
		link set m0 up
		link set m1 up
		addr add fe80::1/64 dev m1 nodad
		route add 10.244.51.0/24 dev m0
		route add fd00:244:51::/64 dev m0
	X
	m0=$(mac n5 m0) m1=$(mac n5 m1)
	for i in 10 20; do
		echo "neigh add 10.244.51.$i lladdr $m1 dev m0"
		echo "neigh add fd00:244:51::$i lladdr $m1 dev m0"
		echo "neigh add 10.244.55.$i lladdr $m0 dev m1"
		echo "neigh add fd00:244:55::$i lladdr $m0 dev m1"
	done | ip_batch n5
	# not a route of one address: that would tell netpolctl an interface
	ip_batch n5 <<-X
		route add 10.244.55.0/24 dev m1
		route add fd00:244:55::/64 dev m1
	X
	for mode in l2 l3; do
		ipvlan_mode m0 $mode 10.244.55 fd00:244:55: l/routed
	done
	# Answers pass LOCAL_IN in L3S mode; out of the loop they would be forged ones, because
	# a pod sends by its own interface only.
	for mode in l3 l3s; do
		ipvlan_mode br5 $mode 10.244.56 fd00:244:56: l/bridged
	done
}

# ipvlan_end NAME NETNS MASTER MODE V4 V6
ipvlan_end()
{
	netns_add "$2"
	end_netns[$1]=$2 end_v4[$1]=$5 end_v6[$1]=$6 end_node[$1]=n5
	# made in the node and moved, as CNI plugins do: the master must be found
	ip -n n5 link add ipv0 link "$3" type ipvlan mode "$4" 2>"$tmp/ipvlan" || return 1
	ip -n n5 link set ipv0 netns "$2" name eth0 2>"$tmp/ipvlan" || return 1
	ip_batch "$2" <<-X
		link set lo up
		link set eth0 addrgenmode none
		addr add $5/32 dev eth0
		addr add $6/128 dev eth0 nodad
		link set eth0 up
		route add default dev eth0
		route add ::/0 dev eth0
	X
	if [ "$4" = l2 ]; then
		for i in 10 20; do
			echo "neigh add 10.244.51.$i lladdr $(mac n5 m1) dev eth0"
			echo "neigh add fd00:244:51::$i lladdr $(mac n5 m1) dev eth0"
		done | ip_batch "$2"
	fi
}

# ipvlan_mode MASTER MODE V4-PREFIX V6-PREFIX ISOLATED-POD
ipvlan_mode()
{
	local x was now arrived what="ipvlan $2 on $1" id=$1$2 to=$5 pod=k/$1$2 other=u$1$2
	if ! ipvlan_end "$pod" "k.$id" "$1" "$2" "$3.10" "$4:10" ||
	   ! ipvlan_end "$other" "$other" "$1" "$2" "$3.20" "$4:20"; then
		skip "$what" "$(tail -n 1 "$tmp/ipvlan")"
		ipvlan_end_remove "k.$id" "$other"
		return
	fi
	serve_on "$pod" -- tcp/80
	{
		ns_yaml k team=k
		ns_yaml l team=l
		ns_yaml m team=m
		pods_yaml "$pod" l/routed l/bridged m/open m/bridged
	} >"$tmp/ipvlan.yaml"
	# an interface's IPv6 addresses are there once its link is
	reached n5 "${end_v4[m/bridged]}" 80 || bail "m/bridged"	# so that its port is known
	eventually 10 reached "$pod" "${end_v6[$to]}" 80
	eventually 10 reached "$other" "${end_v6[$to]}" 80
	expect <<-X
	yes $pod tcp $to 80 $what, before
	yes $pod udp $to 53 $what, before
	yes $other tcp $to 80 $what, before, one that is not loaded
	X
	netpol apply --node n5 -f "$tmp/ipvlan.yaml"
	is "$(netpolctl --netns n5 counters -o json |
		jq -r ".pods[] | select(.name == \"$id\") | .interface // \"none\"")" none \
		"$what: a local pod without a known interface"
	expect <<-X
	yes $pod tcp $to 80 $what, no policy
	yes $pod udp $to 53 $what, no policy
	yes $other tcp $to 80 $what, no policy, one that is not loaded
	X
	policy in l ingress team=m,80 | netpol apply -f -
	sees "$to" "ip saddr { $3.10, $3.20 }"
	expect <<-X
	no $pod tcp $to 80 $what, isolated pod
	no $pod udp $to 53 $what, isolated pod
	no $other tcp $to 80 $what, isolated pod, from one that is not loaded
	yes n5 tcp $to 80 $what, isolated pod, the node itself
	yes m/open tcp $to 80 $what, isolated pod, who may
	X
	for x in "${end_v4[$to]}" "${end_v6[$to]}"; do
		is "$(unheard "$pod" "$x")" no "$what, isolated pod (icmp to $x)"
		is "$(unheard "$other" "$x")" no \
			"$what, isolated pod, from one that is not loaded (icmp to $x)"
	done
	is "$(seen "$to")" 0 "$what: nothing of theirs arrives"

	# In the name of who may: by its socket it is another's.
	sees "$to" "udp dport 9"
	policy in l ingress team=m | netpol apply -f -
	fence="n5 tcp - ${end_v4[$to]} 80"
	arrives yes "$to" "$what: who may" m.open udp 10.244.51.20 7 "${end_v4[$to]}" 9
	arrives no "$to" "$what: in the name of who may, v4" "k.$id" udp 10.244.51.20 7 "${end_v4[$to]}" 9
	arrives no "$to" "$what: in the name of who may, v6" "k.$id" udp fd00:244:51::20 7 "${end_v6[$to]}" 9
	arrived=$(seen "$to")
	if [ "$1" = br5 ]; then
		# of a bridge without br_netfilter any port may be the sender: then it is counted
		was=$(counter unchecked)
		raw "k.$id" udp 10.244.58.20 7 "${end_v4[$to]}" 9 || bail "raw"
		now=$(counter unchecked)	# before the answers to the fence, which count too
		echo "fence $fence" | batch >/dev/null
		check "$what: in the name of a pod on the same bridge, dropped or counted" \
			test "$(seen "$to")" = "$arrived" -o "$now" -gt "$was"
	fi

	policy in l ingress team=k,80 | netpol apply -f -
	expect <<-X
	yes $pod tcp $to 80 $what, allowed
	no $pod udp $to 53 $what, another protocol
	no $pod tcp $to 81 $what, another port
	no $other tcp $to 80 $what, one that is not loaded is not meant
	X
	policy in l ingress "$3.20/32" "$4:20/128" | netpol apply -f -
	expect <<-X
	yes $other tcp $to 80 $what, one that is not loaded, by ipBlock
	no $pod tcp $to 80 $what, the pod by no ipBlock
	X
	policy in l ingress >"$tmp/in"
	netpol delete -f "$tmp/in"

	# The half of the ipvlan pod.
	policy out k egress team=l,80 | netpol apply -f -
	expect <<-X
	yes $pod tcp $to 80 $what, its egress allows
	no $pod tcp $to 81 $what, its egress denies
	yes $other tcp $to 81 $what, egress of one that is not loaded
	X
	policy out k egress >"$tmp/out"
	netpol delete -f "$tmp/out"
	netpol flush --yes
	ipvlan_end_remove "k.$id" "$other"
}
# unheard END ADDRESS: an echo request; in L3 mode a sender may be told that it was dropped
unheard()
{
	echo "x ${end_netns[$1]} icmp - $2 0" | batch | sed 's/^x //; s/^errno=105$/no/'
}
# shellcheck disable=SC2317 # by eventually
reached() { echo "x ${end_netns[$1]:-$1} tcp - $2 $3" | batch | grep -qx "x yes"; }
# A master has one mode: the next one needs it free, also of the old servers.
ipvlan_end_remove()
{
	local x
	ip -n n5 link del ipv0 2>/dev/null
	for x; do
		ip -n "$x" link del eth0 2>/dev/null
	done
}
ipvlan
finish
