#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "What the node sends to a multicast group on a pod's interface and
# hears itself": it is the node's and no forgery of the pod. So is what the node's kernel says
# about its groups there.
#netpol-test: all-kernels
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/pod 10.244.1.10 fd00:244:1::10
pod_make n1 c/fence 10.244.3.10 fd00:244:3::10
serve_on c/fence -- tcp/80
control=n1,10.244.3.10,80
{
	ns_yaml a
	ns_yaml c
	pods_yaml a/pod c/fence
} | apply
dev=${end_dev[a/pod]}
spoofed() { netpolctl --netns n1 status -o json 2>/dev/null | jq ".counters.spoofed"; }

# listen FAMILY: the node hears the group on the pod's interface
listen()
{
	local how="UDP4-RECV:9,ip-add-membership=239.1.1.1:$dev"
	[ "$1" = 4 ] || how="UDP6-RECV:9,ipv6only=1,ipv6-join-group=[ff02::1234]:$dev"
	in_netns n1 socat -u "$how" "OPEN:$tmp/heard$1,creat,append" 2>"$tmp/socat$1" &
	pids+=($!)
}
# shellcheck disable=SC2317 # by eventually
listening() { in_netns n1 ip maddress show dev "$dev" | grep -q "$1"; }
# shellcheck disable=SC2317 # by eventually
heard() { grep -q "$2" "$tmp/heard$1"; }
# shellcheck disable=SC2317 # by eventually
told() { [ "$(seen a/pod)" -gt 0 ]; }
was=$(spoofed)
sees a/pod "ip protocol igmp"
listen 4
check "the node tells the pod of its group, v4" eventually 10 told
sees a/pod "icmpv6 type mld2-listener-report"
listen 6
check "the node tells the pod of its group, v6" eventually 10 told
check "the node is in the group, v4" eventually 10 listening 239.1.1.1
check "the node is in the group, v6" eventually 10 listening ff02::1234
in_netns n1 socat -u - "UDP4-DATAGRAM:239.1.1.1:9,so-bindtodevice=$dev" <<<"from the node" ||
	bail "socat"
in_netns n1 socat -u - "UDP6-DATAGRAM:[ff02::1234]:9,so-bindtodevice=$dev" <<<"from the node" ||
	bail "socat"
check "the node hears itself on the pod's interface, v4" eventually 5 heard 4 "from the node"
check "the node hears itself on the pod's interface, v6" eventually 5 heard 6 "from the node"
is "$(spoofed)" "$was" "and nothing is counted as forged"

# The pod can't make its packets look so.
sees n1 "udp dport 9" input 200
fence="a.pod tcp - 10.244.3.10 80"
arrives no n1 "the pod to the group in the node's name, v4" -m 01:00:5e:01:01:01 a.pod \
	udp 169.254.1.1 7 239.1.1.1 9
arrives no n1 "the pod to the group in the node's name, v6" -m 33:33:00:00:12:34 a.pod \
	udp fe80::1 7 ff02::1234 9
arrives no n1 "the pod to the group as another machine" -m 01:00:5e:01:01:01 a.pod \
	udp 198.51.100.7 7 239.1.1.1 9
arrives yes n1 "the pod to the group as itself, v4" -m 01:00:5e:01:01:01 a.pod \
	udp 10.244.1.10 7 239.1.1.1 9
check "they are counted as forged" test "$(spoofed)" -ge "$((was + 3))"
finish
