#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/design.md, "Forged sources are dropped": also for bridged packets, where the
# bridge port counts; on a bridge without br_netfilter it is counted that the source cannot be
# checked.
#netpol-test: modules=br_netfilter
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
pod_make n1 a/good 10.244.1.10 fd00:244:1::10
pod_make n1 a/evil 10.244.1.66 fd00:244:1::66
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
pod_make n1 a/left 10.244.8.10 fd00:244:8::10 br0
pod_make n1 a/mean 10.244.8.66 fd00:244:8::66 br0
pod_make n1 b/right 10.244.8.20 fd00:244:8::20 br0
host_make n1 outside 198.51.100.10 2001:db8:51::10
serve_on a/good a/evil b/server a/left a/mean b/right -- tcp/80
control=n1,10.244.2.10,80
expect <<X
yes n1 tcp a/left 80 before
yes n1 tcp a/mean 80 before
yes n1 tcp b/right 80 before
X
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/good a/evil b/server a/left a/mean b/right
} | apply
for end in b/server b/right outside; do
	sees $end "udp dport 9"
done
sees n1 "udp dport 9" input 200
spoofed() { netpolctl --netns n1 status -o json 2>/dev/null | jq ".counters.spoofed"; }

fence="a.evil tcp - 10.244.2.10 80"
arrives yes b/server "evil as itself, v4" a.evil udp 10.244.1.66 7 10.244.2.10 9
arrives yes b/server "evil as itself, v6" a.evil udp fd00:244:1::66 7 fd00:244:2::10 9
is "$(spoofed)" 0 "nothing is counted as spoofed"
arrives no b/server "evil as good, v4" a.evil udp 10.244.1.10 7 10.244.2.10 9
arrives no b/server "evil as good, v6" a.evil udp fd00:244:1::10 7 fd00:244:2::10 9
arrives no b/server "evil as another machine, v4" a.evil udp 198.51.100.10 7 10.244.2.10 9
arrives no b/server "evil as another machine, v6" a.evil udp 2001:db8:51::10 7 fd00:244:2::10 9
arrives no b/server "evil as the node, v4" a.evil udp 169.254.1.1 7 10.244.2.10 9
arrives no b/server "evil as the receiver itself" a.evil udp 10.244.2.11 7 10.244.2.10 9
arrives no outside "evil as good, to the outside" a.evil udp 10.244.1.10 7 198.51.100.10 9
arrives no outside "evil as nobody, to the outside" a.evil udp 203.0.113.7 7 198.51.100.10 9
arrives no n1 "evil as good, to the node, v4" a.evil udp 10.244.1.10 7 10.244.0.1 9
arrives no n1 "evil as good, to the node, v6" a.evil udp fd00:244:1::10 7 fd00:244::1 9
arrives yes n1 "evil as itself, to the node" a.evil udp 10.244.1.66 7 10.244.0.1 9
arrives no b/server "a machine outside as a pod, v4" outside udp 10.244.1.10 7 10.244.2.10 9
arrives no b/server "a machine outside as a pod, v6" outside udp fd00:244:1::10 7 fd00:244:2::10 9
arrives yes b/server "a machine outside as itself" outside udp 198.51.100.10 7 10.244.2.10 9
check "they are counted" test "$(spoofed)" -ge 10
check "and on the pod" test "$(netpolctl --netns n1 counters -o json |
	jq '[.. | objects | select(.name? == "evil" or .pod? == "a/evil") | .spoofed // 0] | add')" -ge 8

fence="a.mean tcp - 10.244.8.20 80"
arrives yes b/right "bridged, mean as itself, v4" a.mean udp 10.244.8.66 7 10.244.8.20 9
arrives yes b/right "bridged, mean as itself, v6" a.mean udp fd00:244:8::66 7 fd00:244:8::20 9
arrives no b/right "bridged, mean as left, v4" a.mean udp 10.244.8.10 7 10.244.8.20 9
arrives no b/right "bridged, mean as left, v6" a.mean udp fd00:244:8::10 7 fd00:244:8::20 9
arrives no b/right "bridged, mean as the gateway" a.mean udp 10.244.8.1 7 10.244.8.20 9
arrives no b/server "off the bridge, mean as left, v4" a.mean udp 10.244.8.10 7 10.244.2.10 9
arrives no b/server "off the bridge, mean as left, v6" a.mean udp fd00:244:8::10 7 fd00:244:2::10 9
arrives no n1 "mean as left, to the node" a.mean udp 10.244.8.10 7 10.244.0.1 9
arrives yes b/server "off the bridge, mean as itself" a.mean udp 10.244.8.66 7 10.244.2.10 9

# What br_netfilter doesn't show can't be checked: it is counted.
sysctls n1 <<X
bridge/bridge-nf-call-iptables 0
bridge/bridge-nf-call-ip6tables 0
X
unchecked() { netpolctl --netns n1 status -o json 2>/dev/null | jq ".counters.unchecked"; }
before=$(unchecked)
arrives yes b/server "without br_netfilter, mean as left" a.mean udp 10.244.8.10 7 10.244.2.10 9
check "is counted as not checked" test "$(unchecked)" -gt "$before"
arrives no b/server "without br_netfilter, mean as a routed pod" a.mean udp 10.244.1.10 7 10.244.2.10 9
finish
