#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "Undecided by the API": headers that are malformed, cut short or
# overlap, and extension headers between an IPv6 header and its transport. What cannot be read
# is dropped at an isolated pod, even if a rule allows the port; what can be read is judged by
# its ports; a pod without policies gets all of it.
#netpol-test: timeout=600
# shellcheck source=tests/e2e/lib-traps.sh
. "$(dirname "$0")/lib-traps.sh"
traps_world
policies <<X
b/in {podSelector: {}, ingress: [{ports: [{port: 9, protocol: UDP}, {port: 80, protocol: TCP}, {port: 9, protocol: SCTP}]}]}
X
# by family
client=([4]=10.244.1.10 [6]=fd00:244:1::10)
server=([4]=10.244.2.10 [6]=fd00:244:2::10)
free=([4]=10.244.3.10 [6]=fd00:244:3::10)
for who in b/server c/free; do
	sees $who "ip saddr ${client[4]} counter name hits
		ip6 saddr ${client[6]}"
done

# bent FAMILY KIND PORT WANT-ISOLATED WHAT: the pod without policies gets it in any case
bent()
{
	local f=$1 kind=$2 port=$3 want=$4 what=$5
	arrives "$want" b/server "malformed: $what, IPv$f" \
		a.client bent "$kind" "${client[f]}" 7 "${server[f]}" "$port"
	arrives yes c/free "malformed: $what, to a pod without policies, IPv$f" \
		a.client bent "$kind" "${client[f]}" 7 "${free[f]}" "$port"
}
bent 4 options 9 yes "40 bytes of options, to the allowed port"
bent 4 options 10 no "40 bytes of options, to another port"
for f in 4 6; do
	bent $f length 9 yes "UDP that says it is longer, to the allowed port"
	bent $f length 10 no "UDP that says it is longer, to another port"
	bent $f offset 80 yes "TCP whose data begin in its header, to the allowed port"
	bent $f offset 81 no "TCP whose data begin in its header, to another port"
	bent $f tcp 80 no "12 bytes of TCP to the allowed port"
	bent $f sctp 9 no "8 bytes of SCTP to the allowed port"
	bent $f icmp 9 no "4 bytes of ICMP"
	# RFC 8200, section 4.5: the first fragment of IPv6 has the whole of the headers
	[ $f = 4 ] && want=yes || want=no
	bent $f tiny 80 "$want" "a first fragment with the ports alone, to the allowed port"
	bent $f tiny 81 no "a first fragment with the ports alone, to another port"
done

# What overlaps never becomes a datagram: not by the first port, not by the second.
for f in 4 6; do
	arrives no b/server "malformed: fragments that overlap, the second with another port, IPv$f" \
		a.client bent overlap "${client[f]}" 7 "${server[f]}" 10
done

# chain CHAIN WANT WHAT
chain()
{
	local h=$1 want=$2 what=$3
	arrives "$want" b/server "headers: $what, to the allowed port" \
		a.client headers "$h" "${client[6]}" 7 "${server[6]}" 9
	arrives no b/server "headers: $what, to another port" \
		a.client headers "$h" "${client[6]}" 7 "${server[6]}" 10
	arrives yes c/free "headers: $what, to a pod without policies" \
		a.client headers "$h" "${client[6]}" 7 "${free[6]}" 10
}
chain hdrad yes "hop by hop, destination, routing, authentication"
chain f yes "a fragment that is the whole"
chain dddddddddddddddddddddddddddddddd yes "32 times destination options"
chain u no "an unknown one"
chain du no "an unknown one behind a known one"
chain n no "no next header"
chain t no "one that ends behind the packet"

# The same against a pod's egress: nothing leaves that can't be read.
policies <<X
a/out {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 9, protocol: UDP}, {port: 80, protocol: TCP}]}]}
X
for f in 4 6; do
	arrives yes c/free "malformed: UDP that says it is longer leaves by the allowed port, IPv$f" \
		a.client bent length "${client[f]}" 7 "${free[f]}" 9
	arrives no c/free "malformed: UDP that says it is longer does not leave by another, IPv$f" \
		a.client bent length "${client[f]}" 7 "${free[f]}" 10
	arrives no c/free "malformed: 12 bytes of TCP don't leave, IPv$f" \
		a.client bent tcp "${client[f]}" 7 "${free[f]}" 80
done
arrives no c/free "headers: an unknown one does not leave" a.client headers u "${client[6]}" 7 "${free[6]}" 9
arrives no c/free "headers: one that ends behind the packet does not leave" \
	a.client headers t "${client[6]}" 7 "${free[6]}" 9
finish
