#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/design.md, "An address of the node itself is never unknown" and "Only the source
# can be unknown", and that the node reaches unknown pods.
#netpol-test: all-kernels
#netpol-test: modules=br_netfilter
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
pod_make n1 a/known 10.244.1.10 fd00:244:1::10
pod_make n1 a/new 10.244.1.20 fd00:244:1::20
pod_make n1 a/left 10.244.8.10 fd00:244:8::10 br0
pod_make n1 a/newbr 10.244.8.20 fd00:244:8::20 br0
host_make n1 outside 198.51.100.10 2001:db8:51::10
serve_on a/known a/new a/left a/newbr outside n1 -- tcp/80 udp/53
control=n1,10.244.1.10,80
expect <<X
yes n1 tcp a/left 80 before
yes n1 tcp a/newbr 80 before
X
{
	ns_yaml a
	pods_yaml a/known a/left
} | apply

table() # WANT-OF-NEW WHAT
{
	expect <<-X
	$1 a/new tcp a/known 80 $2: unknown to known
	$1 a/known tcp a/new 80 $2: known to unknown
	$1 a/known udp a/new 53 $2: known to unknown
	$1 a/new tcp outside 80 $2: unknown to outside
	$1 outside tcp a/new 80 $2: outside to unknown
	$1 a/new tcp 10.244.0.1 80 $2: unknown to the node
	$1 a/new tcp fd00:244::1 80 $2: unknown to the node
	$1 a/newbr tcp a/left 80 $2: unknown to known on a bridge
	$1 a/left udp a/newbr 53 $2: known to unknown on a bridge
	$1 a/newbr tcp a/known 80 $2: unknown on a bridge to routed
	yes n1 tcp a/new 80 $2: the node to an unknown pod
	yes n1 icmp a/new 0 $2: the node to an unknown pod
	yes n1 tcp a/newbr 80 $2: the node to an unknown pod on a bridge
	yes a/known tcp a/left 80 $2: known to known
	yes a/known tcp outside 80 $2: known to outside
	yes outside tcp a/known 80 $2: outside to known
	yes a/known tcp 10.244.0.1 80 $2: known to the node
	yes a/left tcp 10.244.8.1 80 $2: known to the gateway, inside the guard
	yes a/left tcp fd00:244:8::1 80 $2: known to the gateway, inside the guard
	yes a/left tcp outside 80 $2: known on a bridge to outside
	yes n1@10.244.8.1 tcp 10.244.1.10 80 $2: the gateway to a routed pod
	X
}
table yes "no guard"
prefixes=10.244.1.0/24,10.244.8.0/24,fd00:244:1::/64,fd00:244:8::/64
netpol settings guard-prefix=$prefixes
table no "prefixes"
netpol settings unknown=allow
table yes "prefixes, unknown=allow"
netpol settings unknown=deny guard-prefix= "guard-interface=v*"
table no "interfaces"
netpol settings "guard-interface=${end_dev[a/new]},${end_dev[a/newbr]}"
table no "two interfaces by name"
netpol settings "guard-interface=veth*"
table yes "a pattern that fits none"
netpol settings guard-interface= guard-prefix=$prefixes
table no "prefixes again"
check "denied ones are counted as unknown" test "$(netpolctl --netns n1 status -o json 2>/dev/null |
	jq .counters.unknown)" -gt 20
pods_yaml a/new a/newbr | apply
table yes "once they are loaded"

# A live connection of a pod that is not loaded any more.
cat >"$tmp/live" <<X
known-new tcp a.known a.new ${end_v4[a/new]} 9000
X
pods_yaml a/new >"$tmp/new"
live "a pod that is deleted and comes back" \
	cut "netpolctl --netns n1 delete -f $tmp/new" open "netpolctl --netns n1 apply -f $tmp/new"

# Guards close by themselves, also where nothing is loaded.
netpol flush --yes
expect <<X
yes outside tcp a/new 80 after a flush
X
netpol settings guard-prefix=$prefixes unknown=deny
expect <<X
no outside tcp a/new 80 guards without objects
no a/known udp a/new 53 guards without objects
yes n1 tcp a/new 80 guards without objects
X
netpol flush --yes
expect <<X
yes outside tcp a/new 80 after another flush
X
finish
