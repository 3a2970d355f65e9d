#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "The traps": what conntrack makes nothing of or has forgotten, and
# two origins with one address.
#netpol-test: timeout=900
# shellcheck source=tests/e2e/lib-traps.sh
. "$(dirname "$0")/lib-traps.sh"
traps_world

# --- what conntrack makes nothing of ---------------------------------------------------------

stateless()
{
	local t="trap: invalid and untracked packets"
	fence="n1 tcp - 10.244.3.10 80"
	policies <<<"b/in {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}], ports: [{port: 9}]}]}"
	sees b/server "meta l4proto tcp"
	# a reset of nothing is invalid; an answer to nothing is no connection that is known
	arrives yes b/server "$t: a reset, to the allowed port" a.client tcp 10.244.1.10 7 10.244.2.10 9 R 1 1
	arrives no b/server "$t: a reset, to another port" a.client tcp 10.244.1.10 7 10.244.2.10 10 R 1 1
	arrives no b/server "$t: every flag, to another port" a.client tcp 10.244.1.10 7 10.244.2.10 10 SAFRP 1 1
	arrives no b/server "$t: an answer to nothing" a.client tcp 10.244.1.10 80 10.244.2.10 40000 SA 1 1
	arrives no b/server "$t: data of nothing" a.client tcp 10.244.1.10 80 10.244.2.10 40001 AP 1 1 data
	in_netns n1 nft -f - <<-X || bail nft
		table inet untracked {
			chain pre {
				type filter hook prerouting priority -300
				meta l4proto { tcp, udp } th dport { 53, 80 } notrack
				meta l4proto { tcp, udp } th sport { 53, 80 } notrack
			}
		}
	X
	policies <<-X
	b/in {podSelector: {}, ingress: [{ports: [{port: 80}]}]}
	a/in {podSelector: {}, policyTypes: [Ingress]}
	X
	expect <<-X
	yes c/free tcp b/server 80 $t: untracked, allowed
	no c/free udp b/server 53 $t: untracked, another port
	no a/client tcp b/server 80 $t: untracked, whose answer is a packet like others
	X
	in_netns n1 nft delete table inet untracked
	policies <<<"c/none {podSelector: {matchLabels: {no: such}}}"
}
stateless

late()
{
	local t="trap: an answer that comes too late"
	policies <<<"a/in {podSelector: {}, policyTypes: [Ingress]}"
	sees a/client "udp sport 9"
	raw a.client udp 10.244.1.10 5100 10.244.2.10 9
	arrives yes a/client "$t: in time" b.server udp 10.244.2.10 9 10.244.1.10 5100
	in_netns n1 conntrack -D -p udp --orig-port-dst 9 >/dev/null 2>&1
	arrives no a/client "$t: once conntrack has forgotten what it answers" \
		b.server udp 10.244.2.10 9 10.244.1.10 5100
	policies <<<"c/none {podSelector: {matchLabels: {no: such}}}"
}
late

# --- two origins, one address -------------------------------------------------------------

origins()
{
	local t="trap: two origins claim one address"
	policies <<-X
	c/in {podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {from: manual}}}]}]}
	b/in {podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {from: kube}}}]}]}
	X
	pod_info a/client "from=manual"
	pods_yaml a/client | apply
	expect <<-X
	yes a/client tcp c/free 80 $t: one origin
	no a/client tcp b/server 80 $t: one origin
	X
	pod_info a/client "from=kube"
	pods_yaml a/client >"$tmp/kube"
	netpol apply --origin kube -f "$tmp/kube"
	expect <<-X
	no a/client tcp c/free 80 $t: the same pod in kube, which wins
	yes a/client tcp b/server 80 $t: the same pod in kube, which wins
	X
	netpol delete --origin kube -f "$tmp/kube"
	expect <<-X
	yes a/client tcp c/free 80 $t: it is withdrawn
	no a/client tcp b/server 80 $t: it is withdrawn
	X
	# another pod with its address: the one that runs is the owner
	sed 's/name: client/name: twin/; s/Running/Pending/' "$tmp/kube" >"$tmp/twin"
	netpol apply --origin kube -f "$tmp/twin"
	expect <<-X
	yes a/client tcp c/free 80 $t: a pod that does not run yet
	no a/client tcp b/server 80 $t: a pod that does not run yet
	X
	netpol delete --origin kube -f "$tmp/twin"
	pod_info a/client ""
	pods_yaml a/client | apply
}
origins
finish
