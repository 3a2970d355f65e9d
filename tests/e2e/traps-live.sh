#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "The traps": a commit under a flood, a connection that a helper
# expects, IPVS that takes another server, a DNS cache of the node, addresses of the node inside
# a guard, packets for many. traps-packets.sh, headers.sh and
# traps.sh have others.
#netpol-test: modules=br_netfilter,ip_vs,ip_vs_rr,nf_conntrack_ftp,vxlan
#netpol-test: timeout=900
# shellcheck source=tests/e2e/lib-traps.sh
. "$(dirname "$0")/lib-traps.sh"
traps_world

# --- one commit, two changes, a flood --------------------------------------------------

# Each state denies what the flood sends; a policy of one with the labels of the other would
# let it through.
flood()
{
	local t="trap: a relabel and a policy in one commit" x i stop way commits=0
	for x in 1 2; do
		pod_info a/client "role=r$x"
		pod_info b/server "role=r$x"
		for way in ingress egress; do
			{
				pods_yaml a/client b/server
				if [ $way = ingress ]; then
					policy b/only "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {role: r$((3 - x))}}}]}]}"
				else
					policy a/only "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {role: r$((3 - x))}}}]}]}"
				fi
			} >"$tmp/$way-$x"
		done
		{
			pods_yaml a/client b/server
			policy b/only "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {role: r$x}}}]}]}"
		} >"$tmp/same-$x"
	done
	for way in ingress egress; do
		apply "$tmp/$way-1"
		sees b/server "udp dport 9"
		sees n1 "udp dport 9"
		: >"$tmp/go"
		while [ -e "$tmp/go" ]; do
			raw -n 300 a.client udp 10.244.1.10 7 10.244.2.10 9
			raw -n 300 a.client udp fd00:244:1::10 7 fd00:244:2::10 9
		done &
		stop=$!
		for i in $(seq 8); do
			apply "$tmp/$way-$((i % 2 + 1))"
			commits=$((commits + 1))
		done
		rm "$tmp/go"
		wait "$stop"
		is "$(seen b/server)" 0 "$t, $way: nothing of the flood passes"
		check "$t, $way: and it was one" test "$(seen n1)" -gt 1000
		note "$commits commits, $(seen n1) packets sent"
		policy "$([ $way = ingress ] && echo b || echo a)/only" '{podSelector: {}}' >"$tmp/only"
		netpol delete -f "$tmp/only"
	done
	# What both states allow never misses.
	cat >"$tmp/live" <<-X
	tcp-4 tcp a.client b.server 10.244.2.10 9000
	tcp-6 tcp a.client b.server fd00:244:2::10 9000
	udp-4 udp a.client b.server 10.244.2.10 9000
	udp-6 udp a.client b.server fd00:244:2::10 9000
	X
	apply "$tmp/same-1"
	live "$t: what both states allow" steady \
		"for i in 1 2 3 4 5 6 7 8; do $np apply -f $tmp/same-2; $np apply -f $tmp/same-1; done"
	policy b/only '{podSelector: {}}' >"$tmp/only"
	netpol delete -f "$tmp/only"
	pod_info a/client ""
	pod_info b/server ""
	world | apply
}
flood

# --- a connection that a helper expects ------------------------------------------------

ftp()
{
	local t="trap: a helper's RELATED connection" want pid
	if ! in_netns n1 nft -f - 2>"$tmp/nft" <<-X
		table inet helped {
			ct helper ftp { type "ftp" protocol tcp; }
			counter related { }
			chain pre {
				type filter hook prerouting priority -150
				tcp dport 21 ct helper set "ftp"
			}
			chain forward {
				type filter hook forward priority 0
				ct state related tcp dport 30000 counter name related
			}
		}
	X
	then
		skip "$t" "$(head -n 1 "$tmp/nft")"
		return
	fi
	policies <<<"b/in {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}], ports: [{port: 21}]}]}"
	for want in no yes; do
		# the server is an echo: what it is told, it says, and the helper hears it
		rm -f "$tmp/tell" "$tmp/said"
		mkfifo "$tmp/tell"
		in_netns a.client socat - TCP:10.244.2.10:21 <"$tmp/tell" >"$tmp/said" 2>/dev/null &
		pid=$!
		exec 8>"$tmp/tell"
		printf '220 ready\r\n' >&8
		eventually 20 grep -q 220 "$tmp/said"
		printf '227 Entering Passive Mode (10,244,2,10,117,48)\r\n' >&8
		eventually 20 grep -q 227 "$tmp/said"
		check "$t: the helper expects it ($want)" test "$(in_netns n1 conntrack -L expect 2>/dev/null | grep -c 30000)" -gt 0
		expect <<-X
		$want a/client tcp 10.244.2.10 30000 $t: by a policy that $([ $want = no ] && echo "names port 21 only" || echo "names its port too")
		X
		exec 8>&-
		wait "$pid"
		policies <<<"b/in {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}], ports: [{port: 21}, {port: 30000}]}]}"
	done
	check "$t: conntrack took it for one" test "$(in_netns n1 nft list counter inet helped related |
		sed -n 's/.*packets \([0-9]*\).*/\1/p')" -gt 0
	in_netns n1 nft delete table inet helped
}
ftp

# --- IPVS takes another server ----------------------------------------------------------

reschedule()
{
	local t="trap: IPVS takes another server under a live entry" f vip one two client
	ip_batch n1 <<-X
		link add kube-ipvs0 type dummy
		addr add 10.96.0.30/32 dev kube-ipvs0
		addr add fd00:96::30/128 dev kube-ipvs0 nodad
	X
	if ! in_netns n1 ipvsadm -A -u 10.96.0.30:9 -s rr 2>"$tmp/ipvs"; then
		skip "$t" "$(tail -n 1 "$tmp/ipvs")"
		return
	fi
	in_netns n1 ipvsadm -A -u '[fd00:96::30]:9' -s rr
	sysctls n1 <<-X
		ipv4/vs/conntrack 1
		ipv4/vs/expire_nodest_conn 1
	X
	pod_info b/server "app=one"
	pod_info b/second "app=two"
	pods_yaml b/server b/second | apply
	for f in 4 6; do
		vip=10.96.0.30 one=10.244.2.10 two=10.244.2.20 client=10.244.1.10
		[ $f = 4 ] || { vip=fd00:96::30 one=fd00:244:2::10 two=fd00:244:2::20 client=fd00:244:1::10; }
		v="$vip:9" o="$one:9" w="$two:9"
		[ $f = 4 ] || { v="[$vip]:9" o="[$one]:9" w="[$two]:9"; }
		policies <<-X
		a/out {podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: one}}}]}]}
		X
		in_netns n1 ipvsadm -a -u "$v" -r "$o" -m
		sees b/server "udp dport 9"
		arrives yes b/server "$t, v$f: the first server, allowed" a.client udp $client 5000 $vip 9
		in_netns n1 ipvsadm -d -u "$v" -r "$o"
		in_netns n1 ipvsadm -a -u "$v" -r "$w" -m
		sees b/second "udp dport 9"
		raw -n 3 a.client udp $client 5000 $vip 9
		arrives no b/second "$t, v$f: the second one, denied" a.client udp $client 5000 $vip 9
		policies <<-X
		a/out {podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: two}}}]}]}
		X
		arrives yes b/second "$t, v$f: the second one, allowed" a.client udp $client 5000 $vip 9
		in_netns n1 ipvsadm -d -u "$v" -r "$w"
	done
	in_netns n1 ipvsadm -C
	ip -n n1 link del kube-ipvs0
	policies <<<"c/none {podSelector: {matchLabels: {no: such}}}"
}
reschedule

# --- a DNS cache on the node, untracked --------------------------------------------------

dns()
{
	local t="trap: node-local DNS" f
	ip_batch n1 <<-X
		link add nodelocaldns type dummy
		link set nodelocaldns addrgenmode none
		addr add 169.254.20.10/32 dev nodelocaldns
		addr add fd00:96::53/128 dev nodelocaldns nodad
	X
	in_netns n1 nft -f - <<-X || bail nft
		table inet nodelocaldns {
			chain pre {
				type filter hook prerouting priority -300
				ip daddr 169.254.20.10 meta l4proto { tcp, udp } th dport 53 notrack
				ip6 daddr fd00:96::53 meta l4proto { tcp, udp } th dport 53 notrack
			}
			chain out {
				type filter hook output priority -300
				ip saddr 169.254.20.10 meta l4proto { tcp, udp } th sport 53 notrack
				ip6 saddr fd00:96::53 meta l4proto { tcp, udp } th sport 53 notrack
			}
		}
	X
	policies <<-X
	a/out {podSelector: {}, policyTypes: [Ingress, Egress], egress: [{to: [{namespaceSelector: {}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}]}
	X
	expect <<-X
	no a/client udp 169.254.20.10 53 $t: a rule for pods does not reach it
	no a/client tcp fd00:96::53 53 $t: a rule for pods does not reach it
	yes c/free udp 169.254.20.10 53 $t: a pod without policies does
	X
	netpol settings "host-allow=169.254.20.10:udp/53,169.254.20.10:tcp/53,fd00:96::53:udp/53,fd00:96::53:tcp/53"
	expect <<-X
	yes a/client udp 169.254.20.10 53 $t: host-allow
	yes a/client tcp 169.254.20.10 53 $t: host-allow
	yes a/client udp fd00:96::53 53 $t: host-allow
	yes a/client tcp fd00:96::53 53 $t: host-allow
	no a/client tcp 169.254.20.10 54 $t: host-allow, another port
	no a/client udp 10.244.0.1 53 $t: host-allow, another address of the node
	X
	netpol settings host-allow=
	ip -n n1 link del nodelocaldns
	in_netns n1 nft delete table inet nodelocaldns
	policies <<<"c/none {podSelector: {matchLabels: {no: such}}}"
}
dns

# --- the node's own addresses inside a guard ---------------------------------------------

guard()
{
	local t="trap: gateway and tunnel addresses inside the guard prefix"
	bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
	pod_make n1 d/pod 10.244.8.10 fd00:244:8::10 br0
	pod_make n1 d/new 10.244.8.20 fd00:244:8::20 br0
	serve_on d/pod d/new -- tcp/80
	expect <<-X
	yes n1 tcp d/pod 80 $t: before
	X
	ip -n n1 link add vx0 type vxlan id 7 local 10.244.0.1 dstport 4789 2>"$tmp/vxlan" ||
		ip -n n1 link add vx0 type dummy
	ip_batch n1 <<-X
		link set vx0 addrgenmode none
		addr add 10.244.8.0/32 dev vx0
		addr add fd00:244:8::/128 dev vx0 nodad
		link set vx0 up
	X
	{
		ns_yaml d
		pods_yaml d/pod
	} | apply
	netpol settings guard-prefix=10.244.8.0/24,fd00:244:8::/64 unknown=deny
	expect <<-X
	yes d/pod tcp 10.244.8.1 80 $t: a pod to the gateway
	yes d/pod tcp fd00:244:8::1 80 $t: a pod to the gateway
	yes d/pod tcp 10.244.8.0 80 $t: a pod to the tunnel's address
	yes n1@10.244.8.1 tcp ${end_v4[d/pod]} 80 $t: the gateway to a pod
	yes n1@10.244.8.0 tcp ${end_v4[d/pod]} 80 $t: the tunnel's address to a pod
	yes n1@10.244.8.0 tcp ${end_v4[a/client]} 80 $t: the tunnel's address to a routed pod
	yes n1@10.244.8.0 tcp ${end_v4[d/new]} 80 $t: the node to a pod that is not loaded
	no d/new tcp ${end_v4[a/client]} 80 $t: a pod that is not loaded
	no d/new tcp 10.244.8.1 80 $t: a pod that is not loaded to the gateway
	no outside tcp d/new 80 $t: to a pod that is not loaded
	X
	netpol settings guard-prefix= unknown=
}
guard

# --- one packet for many -------------------------------------------------------------------

multicast()
{
	local t="trap: multicast and broadcast" to from
	pod_make n1 d/many 10.244.8.30 fd00:244:8::30 br0
	pod_make n1 e/shut 10.244.8.40 fd00:244:8::40 br0
	pod_make n1 e/open 10.244.8.50 fd00:244:8::50 br0
	serve_on d/many e/shut e/open -- tcp/80
	expect <<-X
	yes n1 tcp d/many 80 $t: before
	yes n1 tcp e/shut 80 $t: before
	yes n1 tcp e/open 80 $t: before
	X
	pod_info e/shut "door=shut"
	{
		ns_yaml d
		ns_yaml e
		pods_yaml d/many e/shut e/open
	} | apply
	policies <<-X
	e/in {podSelector: {matchLabels: {door: shut}}, ingress: [{from: [{podSelector: {}}]}]}
	X
	sees e/open "udp dport 9"
	sees e/shut "udp dport 9"
	fence="n1 tcp - 10.244.8.50 80"
	for to in 224.0.0.99 239.1.2.3 10.244.8.255 ff05::99; do
		from=10.244.8.30
		[ $to != ff05::99 ] || from=fd00:244:8::30
		arrives yes e/open "$t: $to, to a pod without policies" d.many udp $from 7 $to 9
	done
	is "$(seen e/shut)" 0 "$t: none of them to a pod whose ingress does not allow the sender"
	policies <<-X
	d/out {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 239.0.0.0/8}}]}]}
	X
	arrives no e/open "$t: egress" d.many udp 10.244.8.30 8 224.0.0.99 9
	arrives yes e/open "$t: egress, to a block" d.many udp 10.244.8.30 8 239.1.2.3 9
	policies <<<"c/none {podSelector: {matchLabels: {no: such}}}"
}
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
	multicast
else
	skip "trap: multicast and broadcast" "no br_netfilter"
fi
finish
