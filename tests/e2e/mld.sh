#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "Neighbour discovery, MLD, duplicate address detection": what says
# that it is one of these, but could go further than one link or be ignored by whom it is
# for, is judged; what passes without being judged is counted.
#netpol-test: modules=br_netfilter
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || skip_all "no br_netfilter"
bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
pod_make n1 a/left 10.244.8.10 fd00:244:8::10 br0
pod_make n1 a/right 10.244.8.20 fd00:244:8::20 br0
serve_on a/left a/right -- tcp/80
control=n1,10.244.8.20,80
fence="n1 tcp - 10.244.8.20 80"
link_local() { ip -n "$1" -j -6 addr show dev eth0 scope link | jq -r '[.[].addr_info[]?.local // empty][0]'; }
left=$(link_local a.left) right=$(link_local a.right)
expect <<X
yes n1 icmp a/left 0 before
yes n1 icmp a/right 0 before
yes a/left icmp a/right 0 before
X
{
	ns_yaml a
	pods_yaml a/left a/right
} | apply
apply <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: a}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
X
counter() { netpolctl --netns n1 status -o json 2>/dev/null | jq ".counters.$1"; }
# only raw.c fills a message with question marks
sees a/right "meta l4proto ipv6-icmp @th,64,64 0x3f3f3f3f3f3f3f3f"

# judged WAY: messages that reach the right pod only if a policy allows them
judged()
{
	local way=$1 type
	for type in 130 131 132 143; do
		arrives no a/right "$way: $type with hop limit 64" \
			a.left icmp6 $type 0 "$left" fd00:244:8::20 64
		arrives no a/right "$way: $type without a source" \
			a.left icmp6 $type 0 :: fd00:244:8::20 64
		arrives no a/right "$way: $type with hop limit 1" \
			a.left icmp6 $type 0 "$left" fd00:244:8::20 1
		arrives no a/right "$way: $type with hop limit 2" \
			a.left icmp6 $type 0 "$left" fd00:244:8::20 2
	done
}
judged "on the bridge"
arrives no a/right "to the link-local address, with hop limit 64" \
	a.left icmp6 143 0 "$left" "$right" 64
arrives no a/right "to a group, with hop limit 64" a.left icmp6 143 0 "$left" ff02::16 64
arrives no a/right "from a global address, to a group" \
	a.left icmp6 143 0 fd00:244:8::10 ff02::16 1
# The node sends back by the bridge what came in by it, whatever the source is.
sysctls a.left <<X
ipv6/conf/all/accept_redirects 0
ipv6/conf/eth0/accept_redirects 0
X
ip -n a.left route add fd00:244:8::20/128 via fd00:244:8::1 || bail route
judged "by the node and back"
ip -n a.left route del fd00:244:8::20/128 via fd00:244:8::1
arrives no a/right "a router advertisement from a global address" \
	a.left icmp6 134 0 fd00:244:8::10 fd00:244:8::20 255
arrives no a/right "a redirect from a global address" \
	a.left icmp6 137 0 fd00:244:8::10 fd00:244:8::20 255
arrives no a/right "a solicitation with a code" \
	a.left icmp6 135 1 fd00:244:8::10 fd00:244:8::20 255
arrives no a/right "a solicitation without a source, to a unicast address" \
	a.left icmp6 135 0 :: fd00:244:8::20 255
arrives no a/right "an advertisement without a source" \
	a.left icmp6 136 0 :: fd00:244:8::20 255
arrives no a/right "a solicitation with hop limit 254" \
	a.left icmp6 135 0 fd00:244:8::10 fd00:244:8::20 254

# What any machine of the link may send passes, and is counted. passes WHAT RAW-ARGUMENT...
passes()
{
	local what=$1 before
	shift
	before=$(counter discovery)
	arrives yes a/right "$what" "$@"
	check "$what: is counted" test "$(counter discovery)" -gt "$before"
}
passes "a report to a group" a.left icmp6 143 0 "$left" ff02::16 1
passes "a report without a source" a.left icmp6 143 0 :: ff02::16 1
passes "a query to a link-local address" a.left icmp6 130 0 "$left" "$right" 1
passes "a solicitation" a.left icmp6 135 0 fd00:244:8::10 fd00:244:8::20 255

before=$(counter undecided)
expect <<X
yes n1 tcp a/right 80 the node to its pod
no a/left tcp a/right 80 default deny
X
check "what the node sends to its pods is counted as undecided" \
	test "$(counter undecided)" -gt "$before"
finish
