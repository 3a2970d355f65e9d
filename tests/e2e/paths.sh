#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "The ways of a packet": between nodes by plain routes and through
# IPsec, in a VRF, with VLAN tags on a bridge; and that what passes by the hook (tags without
# bridge-nf-filter-vlan-tagged, a flowtable, a tc redirect) is warned of.
#netpol-test: modules=br_netfilter
#netpol-test: timeout=900
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

policy() # NAMESPACE/NAME SPEC
{
	printf -- '---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n'
	printf 'metadata: {name: %s, namespace: %s}\nspec: %s\n' "${1#*/}" "${1%/*}" "$2"
}
deny() { policy "$1" "{podSelector: {}, policyTypes: [${2:-Ingress}]}"; }
warnings() { { netpolctl --netns "$node" status >/dev/null; } 2>&1; }
counter() { netpolctl --netns "$node" status -o json 2>/dev/null | jq ".counters.$1"; }
# moved FROM ADDRESS: a hundred connections, so that status can tell
moved()
{
	local i
	for i in $(seq 100); do
		echo "$i ${end_netns[$1]} tcp - $2 80"
	done | batch | grep -c yes
}
# warned POD WHAT: status warns of a bypass at this pod
warned() { check "$2" grep -q "pod $1: .*bypass" <<<"$(warnings)"; }

# --- two nodes, plain routes and IPsec ------------------------------------------------

two_nodes()
{
	node_make n1 10.244.0.1 fd00:244::1
	node_make n2 10.244.0.2 fd00:244::2
	ip -n n1 link add u0 type veth peer name u0 netns n2
	ip_batch n1 <<-X
		link set u0 addrgenmode none
		addr add 192.0.2.1/24 dev u0
		addr add fd00:192::1/64 dev u0 nodad
		addr add fe80::11/64 dev u0 nodad
		link set u0 up
		route add 10.244.22.0/24 via 192.0.2.2
		route add fd00:244:22::/64 via fd00:192::2
	X
	ip_batch n2 <<-X
		link set u0 addrgenmode none
		addr add 192.0.2.2/24 dev u0
		addr add fd00:192::2/64 dev u0 nodad
		addr add fe80::12/64 dev u0 nodad
		link set u0 up
		route add 10.244.21.0/24 via 192.0.2.1
		route add fd00:244:21::/64 via fd00:192::1
	X
	pod_make n1 a/client 10.244.21.10 fd00:244:21::10
	pod_make n1 c/client 10.244.21.20 fd00:244:21::20
	pod_make n2 b/server 10.244.22.10 fd00:244:22::10
	pod_make n2 d/open 10.244.22.20 fd00:244:22::20
	serve_on a/client b/server d/open -- tcp/80 tcp/81 tcp/82 udp/83
	control=n1,10.244.21.10,80
	{
		ns_yaml a team=a
		ns_yaml b team=b
		ns_yaml c team=c
		ns_yaml d team=d
		pods_yaml a/client c/client b/server d/open
		# 80 both ways, 81 not at the server, 82 not at the client
		policy a/out '{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {team: b}}}], ports: [{port: 80}, {port: 81}]}, {to: [{namespaceSelector: {matchLabels: {team: d}}}], ports: [{port: 80}]}]}'
		policy b/in '{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}], ports: [{port: 80}, {port: 82}]}]}'
	} >"$tmp/nodes"
	for node in n1 n2; do
		apply "$tmp/nodes"
	done
	halves "plain routes"
	if ipsec; then
		halves "IPsec"
		ip_batch n1 <<-X
			addr add 192.0.2.11/24 dev u0
			addr add fd00:192::11/64 dev u0 nodad
		X
		ip_batch n2 <<-X
			addr add 192.0.2.12/24 dev u0
			addr add fd00:192::12/64 dev u0 nodad
		X
		ipsec_twice "IPsec in IPsec" 2 4 6
		halves "IPsec in IPsec"
		ipsec_twice "IPsec in IPsec of the other family" 3 6 4
		halves "IPsec in IPsec of the other family"
	fi
	for node in n1 n2; do
		is "$(counter spoofed)" 0 "two nodes: nothing counted as forged on $node"
	done
	node=n2
}

halves() # HOW
{
	local w="two nodes, $1"
	expect <<-X
	yes a/client tcp b/server 80 $w: both halves allow
	no a/client udp b/server 83 $w: another protocol
	no c/client tcp b/server 80 $w: another namespace
	yes a/client tcp d/open 80 $w: egress allows and the server is open
	no a/client tcp d/open 81 $w: only egress denies
	yes c/client tcp d/open 81 $w: pods without policies
	yes b/server tcp a/client 80 $w: the other way
	yes n2 tcp b/server 81 $w: the server's own node
	no n1 tcp b/server 80 $w: another node is not the own one
	X
	sees n2 "iifname u0 tcp dport 82"
	expect <<-X
	no a/client tcp b/server 82 $w: the client's half denies
	X
	is "$(seen n2)" 0 "$w: on its own node"
	sees n2 "tcp dport 81" forward 0
	expect <<-X
	no a/client tcp b/server 81 $w: the server's half denies
	X
	check "$w: on the server's node" test "$(seen n2)" -gt 0
}

# tunnel mode between the nodes, for what the pods send
ipsec()
{
	local n way f l r one two out into to back key=0x6b6579206f66207468652074657374206f6e6c79 cipher=0x6b6579206f66207468652074
	for n in n1 n2; do
		for f in 4 6; do
			l=192.0.2.1 r=192.0.2.2 one=10.244.21.0/24 two=10.244.22.0/24
			[ $f = 4 ] || { l=fd00:192::1 r=fd00:192::2 one=fd00:244:21::/64 two=fd00:244:22::/64; }
			for way in "$l $r 0x${f}1" "$r $l 0x${f}2"; do
				set -- $way
				ip -n $n xfrm state add src "$1" dst "$2" proto esp spi "$3" mode tunnel \
					reqid 1 auth 'hmac(sha1)' $key enc 'cbc(aes)' "${cipher}20746573" 2>"$tmp/ipsec" || {
					skip "two nodes, IPsec" "$(tail -n 1 "$tmp/ipsec")"
					return 1
				}
			done
			if [ $n = n1 ]; then
				out="src $one dst $two" into="src $two dst $one" to="src $l dst $r" back="src $r dst $l"
			else
				out="src $two dst $one" into="src $one dst $two" to="src $r dst $l" back="src $l dst $r"
			fi
			ip_batch $n <<-X
				xfrm policy add $out dir out tmpl $to proto esp reqid 1 mode tunnel
				xfrm policy add $into dir in tmpl $back proto esp reqid 1 mode tunnel
				xfrm policy add $into dir fwd tmpl $back proto esp reqid 1 mode tunnel
			X
		done
	done
	sees n2 "iifname u0 meta l4proto esp"
	expect <<-X
	yes a/client tcp b/server 80 two nodes, IPsec: it works
	X
	check "two nodes, IPsec: and is encrypted" test "$(seen n2)" -ge 6
}

# ipsec_twice WHAT REQID OUTER4 OUTER6: a tunnel around each of these tunnels, between other
# addresses of the nodes: that of IPv4 in one of the family OUTER4, that of IPv6 in one of OUTER6
ipsec_twice()
{
	local what=$1 id=$2 outer4=$3 outer6=$4
	local n way f outer inner one two out into to back key=0x6b6579206f66207468652074657374206f6e6c79 cipher=0x6b6579206f66207468652074
	for n in n1 n2; do
		for f in 4 6; do
			one=10.244.21.0/24 two=10.244.22.0/24
			inner="192.0.2.1 192.0.2.2" outer=$outer4
			if [ $f = 6 ]; then
				one=fd00:244:21::/64 two=fd00:244:22::/64
				inner="fd00:192::1 fd00:192::2" outer=$outer6
			fi
			case $outer in
			4) outer="192.0.2.11 192.0.2.12" ;;
			6) outer="fd00:192::11 fd00:192::12" ;;
			esac
			for way in "${outer% *} ${outer#* } 0x${f}3" "${outer#* } ${outer% *} 0x${f}4"; do
				set -- $way
				ip -n $n xfrm state add src "$1" dst "$2" proto esp spi "$3" mode tunnel \
					reqid "$id" flag af-unspec auth 'hmac(sha1)' $key \
					enc 'cbc(aes)' "${cipher}20746573" || bail "ip xfrm state"
			done
			out="src $one dst $two" into="src $two dst $one"
			to="src ${inner% *} dst ${inner#* }" back="src ${inner#* } dst ${inner% *}"
			set -- "src ${outer% *} dst ${outer#* }" "src ${outer#* } dst ${outer% *}"
			if [ $n = n2 ]; then
				out="src $two dst $one" into="src $one dst $two"
				set -- "$2" "$1"
				way=$to to=$back back=$way
			fi
			for way in in fwd out; do
				case $way in
				out) set -- "$1" "$2" "$out" "$to" "$1" ;;
				*) set -- "$1" "$2" "$into" "$back" "$2" ;;
				esac
				ip_batch $n <<-X
					xfrm policy update $3 dir $way tmpl $4 proto esp reqid 1 mode tunnel tmpl $5 proto esp reqid $id mode tunnel
				X
			done
		done
	done
	for f in 4 6; do
		outer="ip saddr 192.0.2.11 meta l4proto esp"
		[ $f = 4 ] || outer="ip6 saddr fd00:192::11 meta l4proto esp"
		sees n2 "iifname u0 $outer"
		expect <<-X
		yes a/client tcp b/server 80 two nodes, $what: it works
		X
		check "two nodes, $what: by the outer tunnel of IPv$f" test "$(seen n2)" -ge 3
	done
}
two_nodes

# --- VRF ------------------------------------------------------------------------------

vrf()
{
	local w=VRF x
	node=n3
	node_make n3 10.244.0.3 fd00:244::3
	if ! ip -n n3 link add red type vrf table 10 2>"$tmp/vrf"; then
		skip VRF "$(tail -n 1 "$tmp/vrf")"
		return
	fi
	ip -n n3 link set red up
	pod_make n3 e/client 10.244.31.10 fd00:244:31::10
	pod_make n3 e/other 10.244.31.20 fd00:244:31::20
	pod_make n3 f/server 10.244.32.10 fd00:244:32::10
	host_make n3 control-3 198.51.100.3 2001:db8:51::3
	serve_on f/server e/client -- tcp/80 tcp/81 udp/53
	serve_on control-3 -- tcp/80
	control=n3,198.51.100.3,80
	for x in e/client e/other f/server; do
		cat <<-X
			link set ${end_dev[$x]} master red
			addr add fe80::1/64 dev ${end_dev[$x]} nodad
			route replace ${end_v4[$x]}/32 dev ${end_dev[$x]} table 10
			route replace ${end_v6[$x]}/128 dev ${end_dev[$x]} table 10
		X
	done | ip -n n3 -force -batch - 2>/dev/null
	{
		ns_yaml e team=e
		ns_yaml f team=f
		pods_yaml e/client e/other f/server
	} >"$tmp/vrf"
	netpol apply -f "$tmp/vrf" --interface "e/client=${end_dev[e/client]}" \
		--interface "e/other=${end_dev[e/other]}" --interface "f/server=${end_dev[f/server]}"
	expect <<-X
	yes e/client tcp f/server 80 $w: no policy
	yes e/client udp f/server 53 $w: no policy
	X
	policy f/in '{podSelector: {}, ingress: [{from: [{podSelector: {}}, {ipBlock: {cidr: 10.244.31.10/32}}, {ipBlock: {cidr: "fd00:244:31::10/128"}}], ports: [{port: 80}]}]}' | apply
	expect <<-X
	yes e/client tcp f/server 80 $w: allowed
	no e/client tcp f/server 81 $w: another port
	no e/client udp f/server 53 $w: another protocol
	no e/other tcp f/server 80 $w: another pod
	yes f/server tcp e/client 80 $w: the other way
	X
	deny e/out Egress | apply
	expect <<-X
	no e/client tcp f/server 80 $w: egress
	yes f/server tcp e/client 81 $w: egress does not stop answers
	X
}
vrf

# --- VLAN tags on a bridge ------------------------------------------------------------

vlan()
{
	local w="VLAN on a bridge" x
	node=n4
	node_make n4 10.244.0.4 fd00:244::4
	if [ ! -e /proc/sys/net/bridge/bridge-nf-filter-vlan-tagged ]; then
		skip "$w" "no br_netfilter"
		return
	fi
	bridge_make n4 br4 10.244.48.1/24 fd00:244:48::1/64
	pod_make n4 g/left 10.244.48.10 fd00:244:48::10 br4
	pod_make n4 h/right 10.244.48.20 fd00:244:48::20 br4
	control=n4,10.244.48.10,80
	serve_on g/left h/right -- tcp/80 udp/53
	expect <<-X
	yes n4 tcp h/right 80 $w: before
	yes n4 tcp g/left 80 $w: before
	X
	# a bridge that filters VLANs itself: what pods send has no tag, yet a VLAN inside
	ip -n n4 link set br4 type bridge vlan_filtering 1 || bail vlan_filtering
	{
		ns_yaml g team=g
		ns_yaml h team=h
		pods_yaml g/left h/right
	} | apply
	deny h/in | apply
	expect <<-X
	no g/left tcp h/right 80 $w: one that filters, ingress
	no g/left udp h/right 53 $w: one that filters, ingress
	yes h/right tcp g/left 80 $w: one that filters, no policy
	yes n4 tcp h/right 80 $w: one that filters, the node
	X
	ip -n n4 link set br4 type bridge vlan_filtering 0
	# tagged frames: the pods' addresses move to a VLAN
	for x in g/left h/right; do
		ip_batch "${end_netns[$x]}" <<-X
			addr del ${end_v4[$x]}/24 dev eth0
			addr del ${end_v6[$x]}/64 dev eth0
			link add link eth0 name vlan10 type vlan id 10
			link set vlan10 addrgenmode none
			addr add ${end_v4[$x]}/24 dev vlan10
			addr add ${end_v6[$x]}/64 dev vlan10 nodad
			link set vlan10 up
		X
	done
	host_make n4 control-4 198.51.100.4 2001:db8:51::4
	serve_on control-4 -- tcp/80
	control=n4,198.51.100.4,80
	expect <<-X
	yes g/left tcp h/right 80 $w: tagged frames pass by the hook by default
	X
	moved g/left "${end_v4[h/right]}" >/dev/null
	warned h/right "$w: and status warns of it"
	sysctls n4 <<-X
		bridge/bridge-nf-filter-vlan-tagged 1
	X
	expect <<-X
	no g/left tcp h/right 80 $w: tagged frames, bridge-nf-filter-vlan-tagged
	no g/left udp h/right 53 $w: tagged frames, bridge-nf-filter-vlan-tagged
	yes h/right tcp g/left 80 $w: tagged frames, bridge-nf-filter-vlan-tagged, no policy
	X
}
vlan

# --- past the hook: a flowtable, a redirect --------------------------------------------

past()
{
	local dev=() np="netpolctl --netns n5" w
	node=n5
	node_make n5 10.244.0.5 fd00:244::5
	pod_make n5 i/client 10.244.51.10 fd00:244:51::10
	pod_make n5 j/server 10.244.52.10 fd00:244:52::10
	pod_make n5 k/other 10.244.53.10 fd00:244:53::10
	serve_on i/client j/server k/other -- tcp/80 udp/53
	control=n5,10.244.53.10,80
	dev=("${end_dev[i/client]}" "${end_dev[j/server]}")
	{
		ns_yaml i team=i
		ns_yaml j team=j
		ns_yaml k team=k
		pods_yaml i/client j/server k/other
	} | apply
	deny j/in >"$tmp/deny"

	w="flowtable"
	if in_netns n5 nft -f - 2>"$tmp/nft" <<-X
		table inet fast {
			flowtable f { hook ingress priority 0; devices = { ${dev[0]}, ${dev[1]} }; }
			chain forward {
				type filter hook forward priority 0; policy accept
				meta l4proto { tcp, udp } flow add @f
			}
		}
	X
	then
		echo "fast tcp i.client j.server ${end_v4[j/server]} 9000" >"$tmp/live"
		live "$w: an established connection is not judged again" steady "$np apply -f $tmp/deny"
		warned j/server "$w: status warns of it"
		expect <<-X
		no i/client tcp j/server 80 $w: a new connection is denied
		no i/client udp j/server 53 $w: a new connection is denied
		X
		in_netns n5 nft delete table inet fast
		netpol delete -f "$tmp/deny"
		live "$w: without it the connection is judged, by who opened it" \
			cut "$np apply -f $tmp/deny" open "$np delete -f $tmp/deny" \
			cut "$np apply -f $tmp/deny"
	else
		skip "$w" "$(head -n 1 "$tmp/nft")"
	fi
	netpol delete -f "$tmp/deny"

	w="tc redirect"
	apply "$tmp/deny"
	expect <<-X
	no i/client tcp ${end_v4[j/server]} 80 $w: before it
	X
	in_netns "${end_netns[j/server]}" ip link set eth0 promisc on
	if redirect "${dev[0]}" "${dev[1]}" "${end_netns[j/server]}" &&
	   redirect "${dev[1]}" "${dev[0]}" "${end_netns[i/client]}"; then
		expect <<-X
		yes i/client tcp ${end_v4[j/server]} 80 $w: goes past the hook
		X
		is "$(moved i/client "${end_v4[j/server]}")" 100 "$w: a hundred times"
		warned j/server "$w: status warns of it"
		expect <<-X
		no k/other tcp j/server 80 $w: what is routed is still judged
		X
	else
		skip "$w" "$(tail -n 1 "$tmp/tc")"
	fi
}
# redirect FROM TO NETNS: IPv4 TCP that comes in by FROM leaves by TO, for its other end
redirect()
{
	local mac
	mac=$(ip -n "$3" -j link show eth0 | jq -r '.[0].address')
	{
		in_netns n5 tc qdisc add dev "$1" clsact &&
		in_netns n5 tc filter add dev "$1" ingress protocol ip flower ip_proto tcp \
			action skbedit ptype host action pedit ex munge eth dst set "$mac" pipe \
			action mirred egress redirect dev "$2"
	} 2>"$tmp/tc"
}
past
finish
