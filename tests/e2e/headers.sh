#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "The traps": a path with a smaller MTU under a default deny, and
# IPv6 extension headers.
#netpol-test: all-kernels
#netpol-test: timeout=600
# shellcheck source=tests/e2e/lib-traps.sh
. "$(dirname "$0")/lib-traps.sh"
traps_world

# --- a path with a smaller MTU -------------------------------------------------------------

mtu()
{
	local t="trap: path MTU under a default deny" f to
	# outside becomes a router to a machine behind a narrow link
	netns_add far
	ip -n outside link add narrow type veth peer name eth0 netns far
	ip_batch outside <<-X
		link set narrow addrgenmode none
		addr add 203.0.113.1/24 dev narrow
		addr add 2001:db8:99::1/64 dev narrow nodad
		addr add fe80::1/64 dev narrow nodad
		link set narrow mtu 1300 up
	X
	ip_batch far <<-X
		link set lo up
		link set eth0 addrgenmode none
		addr add 203.0.113.2/24 dev eth0
		addr add 2001:db8:99::2/64 dev eth0 nodad
		addr add fe80::2/64 dev eth0 nodad
		link set eth0 up
		route add default via 203.0.113.1
		route add default via 2001:db8:99::1
	X
	sysctls outside <<-X
		ipv4/ip_forward 1
		ipv6/conf/all/forwarding 1
	X
	# by a gateway: the router does not answer for others
	ip -n n1 route add 203.0.113.0/24 via 198.51.100.10
	ip -n n1 route add 2001:db8:99::/64 via 2001:db8:51::10
	policies <<-X
	a/out {podSelector: {}, policyTypes: [Ingress, Egress], egress: [{to: [{ipBlock: {cidr: 203.0.113.2/32}}, {ipBlock: {cidr: "2001:db8:99::2/128"}}], ports: [{port: 7000}]}]}
	X
	for f in 4 6; do
		to=203.0.113.2
		[ $f = 4 ] || to="[2001:db8:99::2]"
		in_netns far socat -u "TCP$f-LISTEN:7000,reuseaddr" - 2>/dev/null | wc -c >"$tmp/got" &
		pids+=($!)
		eventually 10 sh -c "nsenter --net=/run/netns/far ss -Hltn 'sport = :7000' | grep -q 7000"
		head -c 300000 /dev/zero | in_netns a.client timeout 30 socat -u - "TCP$f:$to:7000"
		eventually 20 sh -c "[ -s $tmp/got ]"
		is "$(cat "$tmp/got")" 300000 "$t: all of it arrives, IPv$f"
		to=${to#[}
		check "$t: the pod has learned it, IPv$f" grep -q "mtu 1300" \
			<<<"$(in_netns a.client ip route get "${to%]}")"
	done
}
mtu

# --- extension headers -----------------------------------------------------------------------

headers()
{
	local t="trap: headers" chain
	policies <<<"b/in {podSelector: {}, ingress: [{ports: [{port: 9, protocol: UDP}]}]}"
	# two rules: all that the client sends
	sees b/server "ip saddr 10.244.1.10 counter name hits
		ip6 saddr fd00:244:1::10"
	for chain in h d; do
		arrives yes b/server "$t: IPv6 $chain, to the allowed port" a.client headers $chain \
			fd00:244:1::10 7 fd00:244:2::10 9
		arrives no b/server "$t: IPv6 $chain, to another port" a.client headers $chain \
			fd00:244:1::10 7 fd00:244:2::10 10
	done
}
headers
finish
