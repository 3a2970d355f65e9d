#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "routed through veth pairs; on one bridge with br_netfilter" and
# "pods on one bridge without br_netfilter": `netpolctl status` warns of the latter.
#netpol-test: all-kernels
#netpol-test: modules=br_netfilter
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || skip_all "no br_netfilter"
bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
pod_make n1 a/left 10.244.8.10 fd00:244:8::10 br0
pod_make n1 b/right 10.244.8.20 fd00:244:8::20 br0
pod_make n1 c/third 10.244.8.30 fd00:244:8::30 br0
pod_make n1 a/routed 10.244.1.10 fd00:244:1::10
serve_on a/left b/right c/third a/routed -- tcp/80 udp/53
control=n1,10.244.8.20,80
expect <<X
yes n1 icmp a/left 0 before
yes n1 icmp b/right 0 before
yes n1 icmp c/third 0 before
X
{
	ns_yaml a team=a
	ns_yaml b
	ns_yaml c
	pods_yaml a/left b/right c/third a/routed
} | apply
is "$(netpolctl --netns n1 counters -o json |
	jq -r '.pods[] | select(.name == "right") | .interface')" \
	"${end_dev[b/right]}" "the pod's interface is its bridge port"
cat >"$tmp/policy" <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: from-a, namespace: b}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{namespaceSelector: {matchLabels: {team: a}}}]
    ports: [{port: 80}]
X
apply "$tmp/policy"
expect <<X
yes a/left tcp b/right 80 same bridge, allowed
no a/left udp b/right 53 same bridge, another port
no c/third tcp b/right 80 same bridge, another namespace
yes a/routed tcp b/right 80 routed to bridged, allowed
no a/routed udp b/right 53 routed to bridged, another port
no b/right tcp a/left 80 bridged to bridged, egress
no b/right tcp a/routed 80 bridged to routed, egress
yes n1 tcp b/right 80 the node to a pod on its bridge
yes c/third udp a/left 53 pods without policies
yes a/left icmp c/third 0 pods without policies
X
is "$(netpolctl --netns n1 status 2>&1 >/dev/null)" "" "no warning while the hook sees all"

# An address that the pod gave itself, and its link-local one, are that pod all the same.
# Its answers are forged ones, so only what arrives tells.
right=${end_netns[b/right]}
ip -n "$right" addr add 10.244.8.99/24 dev eth0
ip netns exec "$right" nft -f - <<X
table inet seen {
	counter allowed { }
	counter denied { }
	chain input {
		type filter hook input priority 0;
		ip daddr 10.244.8.99 tcp dport 80 counter name allowed
		ip daddr 10.244.8.99 udp dport 53 counter name denied
		ip6 daddr fe80::/10 udp dport 53 counter name denied
	}
}
X
seen() { ip netns exec "$right" nft -j list counter inet seen "$1" |
	jq '[.nftables[].counter.packets? // 0] | add'; }
link_local=$(ip -n "$right" -j -6 addr show dev eth0 scope link |
	jq -r '[.[].addr_info[]?.local // empty][0]')
expect <<X
no a/left tcp 10.244.8.99 80 its second address never answers
no a/left udp 10.244.8.99 53 its second address, another port
X
for i in 1 2 3; do
	echo "$i" | ip netns exec "${end_netns[c/third]}" socat -u - \
		"UDP6-SENDTO:[$link_local%eth0]:53,bind=[${end_v6[c/third]}]"
done
check "what its policy allows arrives at its second address" test "$(seen allowed)" -gt 0
is "$(seen denied)" 0 "what it denies does not, nor at its link-local address"

# Without br_netfilter the same traffic goes past the hook, and status says so.
sysctls n1 <<X
bridge/bridge-nf-call-iptables 0
bridge/bridge-nf-call-ip6tables 0
X
expect <<X
yes c/third tcp b/right 80 without br_netfilter the bridge is bypassed
X
for i in $(seq 100); do
	echo "$i c.third tcp - ${end_v4[b/right]} 80"
done | batch >/dev/null
note "$(netpolctl --netns n1 counters -o json | jq -c '.pods[] | [.name, .seenSent, .deviceSent, .seenReceived, .deviceReceived]' 2>&1)"
warning=$(netpolctl --netns n1 status 2>&1 >/dev/null)
check "status warns of b/right" grep -q "b/right.*bypass" <<<"$warning"
check "status warns of c/third" grep -q "c/third.*bypass" <<<"$warning"
check "status names its interface" grep -q "${end_dev[b/right]}" <<<"$warning"
check "the warning is in the JSON too" test "$(netpolctl --netns n1 status -o json 2>/dev/null |
	jq '.warnings | length')" -ge 2
expect <<X
no a/routed udp b/right 53 routed traffic is still judged
no b/right tcp a/routed 80 routed traffic is still judged
X
sysctls n1 <<X
bridge/bridge-nf-call-iptables 1
bridge/bridge-nf-call-ip6tables 1
X
expect <<X
no c/third tcp b/right 80 with br_netfilter again
X
finish
