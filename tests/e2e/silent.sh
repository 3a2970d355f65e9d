#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "Where a pod is": pods of which the bridge has not seen a
# single frame are found all the same, nobody else sends in their name, and nothing that a pod
# says of itself (ARP, MAC addresses, addresses that it gives itself) moves another one.
#netpol-test: modules=br_netfilter
#netpol-test: timeout=600
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || skip_all "no br_netfilter"
bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
pod_make n1 a/evil 10.244.8.66 fd00:244:8::66 br0
pod_make n1 a/silent 10.244.8.10 fd00:244:8::10 br0
pod_make n1 a/third 10.244.8.30 fd00:244:8::30 br0
pod_make n1 b/right 10.244.8.20 fd00:244:8::20 br0
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
host_make n1 outside 198.51.100.9 2001:db8:51::9
# Loaded, but not started: nobody has its addresses.
end_v4[a/free]=10.244.8.77 end_v6[a/free]=fd00:244:8::77 end_node[a/free]=n1
pod_info a/evil app=evil
serve_on b/server b/right a/third -- tcp/80
for end in b/server b/right; do
	sees $end "udp dport 9"
done
sees n1 "udp dport 9" input 200
control=n1,10.244.2.10,80
{
	ns_yaml a team=a
	ns_yaml b
	pods_yaml a/evil a/silent a/third a/free b/right b/server
	cat <<-X
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: no-egress, namespace: a}
	spec:
	  podSelector: {matchLabels: {app: evil}}
	  policyTypes: [Egress]
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: some, namespace: b}
	spec:
	  podSelector: {}
	  policyTypes: [Ingress]
	  ingress:
	  - from:
	    - namespaceSelector: {matchLabels: {team: a}}
	    - ipBlock: {cidr: 198.51.100.0/24}
	    - ipBlock: {cidr: 2001:db8:51::/64}
	    - ipBlock: {cidr: 10.244.8.1/32}
	    - ipBlock: {cidr: fd00:244:8::1/128}
	X
} >"$tmp/world"

apply_again() # OPTION...
{
	netpolctl --netns n1 apply -f "$tmp/world" "$@" >"$tmp/applied" 2>"$tmp/warnings" ||
		bail "apply $*: $(cat "$tmp/warnings")"
}
counter() { netpolctl --netns n1 status -o json 2>/dev/null | jq ".counters.$1"; }
interface_of()
{
	netpolctl --netns n1 counters -o json |
		jq -r --arg n "$1" '.pods[] | select(.name == $n) | .interface // "unknown"'
}

# evil_tries WHAT: to both servers, in all the names that it should not have
evil_tries()
{
	evil_sends "$1" <<-X
	itself ${end_v4[a/evil]} ${end_v6[a/evil]}
	a-silent-pod ${end_v4[a/silent]} ${end_v6[a/silent]}
	a-free-pod ${end_v4[a/free]} ${end_v6[a/free]}
	the-node 10.244.8.1 fd00:244:8::1
	an-allowed-block 198.51.100.9 2001:db8:51::9
	X
}

# evil_sends WHAT <NAMES: to both servers, in these names, and nothing arrives
evil_sends()
{
	local what=$1 to name v4 v6 names
	names=$(cat)
	for to in b/server b/right; do
		fence="a.third tcp - ${end_v4[$to]} 80"
		while read -r name v4 v6; do
			arrives no "$to" "$what: evil as $name, to $to, v4" \
				a.evil udp "$v4" 7 "${end_v4[$to]}" 9
			arrives no "$to" "$what: evil as $name, to $to, v6" \
				a.evil udp "$v6" 7 "${end_v6[$to]}" 9
		done <<<"$names"
	done
	fence="a.third tcp - 10.244.2.10 80"
	arrives no n1 "$what: evil as a silent pod, to the node" \
		a.evil udp "${end_v4[a/silent]}" 7 10.244.0.1 9
}

# silent_sends WANT WHAT
silent_sends()
{
	local to
	for to in b/server b/right; do
		fence="a.third tcp - ${end_v4[$to]} 80"
		arrives "$1" "$to" "$2: the silent pod to $to, v4" \
			a.silent udp "${end_v4[a/silent]}" 7 "${end_v4[$to]}" 9
		arrives "$1" "$to" "$2: the silent pod to $to, v6" \
			a.silent udp "${end_v6[a/silent]}" 7 "${end_v6[$to]}" 9
	done
}

# --- nobody was ever heard of --------------------------------------------------

ip -n n1 neigh flush all
apply_again
note "$(cat "$tmp/warnings")"
is "$(interface_of silent)" "${end_dev[a/silent]}" "the silent pod's port is known"
is "$(interface_of evil)" "${end_dev[a/evil]}" "evil's too"
is "$(interface_of free)" unknown "that of a pod that has not started is not"
check "and apply says so" grep -q "a/free" "$tmp/warnings"
evil_tries "silent"
silent_sends yes "its first packet"

# --- what a bridge learns ---------------------------------------------------------

start_again() # OPTION...
{
	netpol flush --yes
	apply_again "$@"
}

# Frames of evil in the silent pod's name, and by its MAC address
poison()
{
	ip_batch a.evil <<-X
		addr add ${end_v4[a/silent]}/24 dev eth0
		neigh flush all
	X
	raw a.evil udp "${end_v4[a/silent]}" 7 10.244.8.1 9 || bail raw
	eventually 10 believed || bail "the node does not ask for ${end_v4[a/silent]}"
	ip_batch a.evil <<-X
		addr del ${end_v4[a/silent]}/24 dev eth0
	X
}
believed()
{
	ip -n n1 neigh show "${end_v4[a/silent]}" dev br0 |
		grep -q "$(ip -n a.evil -j link show eth0 | jq -r '.[0].address')"
}

netpol flush --yes
ip -n n1 neigh flush all
poison
start_again
check "the bridge has the silent pod's address on evil's port" believed
is "$(interface_of silent)" "${end_dev[a/silent]}" "after poisoning the silent pod is where it was"
is "$(interface_of evil)" "${end_dev[a/evil]}" "and evil too"
fence="a.third tcp - 10.244.2.10 80"
arrives no b/server "after poisoning, evil as a silent pod" \
	a.evil udp "${end_v4[a/silent]}" 7 10.244.2.10 9

# --- what a pod says of itself ------------------------------------------------------

ip_batch a.evil <<X
addr add ${end_v4[a/silent]}/24 dev eth0
X
start_again
is "$(interface_of silent)" "${end_dev[a/silent]}" "with the silent pod's address beside its own: the silent pod is found"
is "$(interface_of evil)" "${end_dev[a/evil]}" "and evil too"
# evil_is POD: evil has the addresses of this one instead of its own
evil_is()
{
	ip_batch a.evil <<-X
		addr flush dev eth0 scope global
		addr add ${end_v4[$1]}/24 dev eth0
		addr add ${end_v6[$1]}/64 dev eth0 nodad
		route replace default via 10.244.8.1
		route replace default via fd00:244:8::1
	X
}
evil_is a/free
apply_again
is "$(interface_of evil)" "${end_dev[a/evil]}" "loaded, and with the address of a pod that has not started: still evil"
is "$(interface_of free)" unknown "and the other one is not there"
check "which apply says" grep -q "a/free: ${end_dev[a/evil]} has its address" "$tmp/warnings"
evil_is a/silent
start_again
is "$(interface_of silent)" unknown "with the silent pod's address instead of its own: nobody is believed"
is "$(interface_of evil)" unknown "neither is evil"
check "which apply says" grep -q "a/silent: it may be behind" "$tmp/warnings"

# --- in the name of a pod whose port is not known --------------------------------------

before=$(counter spoofed)
evil_sends "nobody is believed" <<X
itself ${end_v4[a/evil]} ${end_v6[a/evil]}
a-silent-pod ${end_v4[a/silent]} ${end_v6[a/silent]}
a-free-pod ${end_v4[a/free]} ${end_v6[a/free]}
X
silent_sends no "nobody is believed"
fence="a.third tcp - 10.244.2.10 80"
for to in b/server b/right; do
	arrives no $to "a routed machine in the name of a pod that has not started, to $to, v4" \
		outside udp "${end_v4[a/free]}" 7 "${end_v4[$to]}" 9
	arrives no $to "a routed machine in the name of a pod that has not started, to $to, v6" \
		outside udp "${end_v6[a/free]}" 7 "${end_v6[$to]}" 9
	arrives yes $to "a routed machine as itself, to $to, v4" \
		outside udp 198.51.100.9 7 "${end_v4[$to]}" 9
	arrives yes $to "a routed machine as itself, to $to, v6" \
		outside udp 2001:db8:51::9 7 "${end_v6[$to]}" 9
	arrives yes $to "a pod whose port is known, to $to, v4" \
		a.third udp "${end_v4[a/third]}" 7 "${end_v4[$to]}" 9
	arrives yes $to "a pod whose port is known, to $to, v6" \
		a.third udp "${end_v6[a/third]}" 7 "${end_v6[$to]}" 9
done
arrives no n1 "evil as a pod that has not started, to the node" \
	a.evil udp "${end_v4[a/free]}" 7 10.244.0.1 9
check "all of that is counted as forged" test "$(counter spoofed)" -ge $((before + 21))

# It has no conntrack entry either, so nobody can answer to it.
is "$(in_netns n1 conntrack -L -p udp --orig-src "${end_v4[a/free]}" 2>/dev/null | wc -l)" 0 \
	"conntrack knows nothing of it"

# In other names such a port is an unknown one, for which there are guards.
netpol settings unknown=deny "guard-interface=v*"
evil_tries "behind a guarded interface"
arrives yes b/server "behind a guarded interface, a pod whose port is known" \
	a.third udp "${end_v4[a/third]}" 7 10.244.2.10 9

# Once the silent pod's port is found, it sends.
evil_is a/evil
apply_again
is "$(interface_of silent)" "${end_dev[a/silent]}" "as evil shows its own address, the silent pod is found"
silent_sends yes "found later"
evil_tries "found later"
evil_is a/silent

# --- what root says ------------------------------------------------------------------

sed -i 's/^  name: silent$/&\n  uid: 5d1e7f3c-0000-4000-8000-000000000010/' "$tmp/world"
mkdir "$tmp/cni"
cat >"$tmp/cni/n-c1-eth0" <<X
{"kind":"cniCacheV1","containerId":"c1","ifName":"eth0","networkName":"n","cniArgs":[["K8S_POD_NAMESPACE","a"],["K8S_POD_NAME","silent"],["K8S_POD_UID","5d1e7f3c-0000-4000-8000-000000000010"]],"result":{"cniVersion":"1.0.0","interfaces":[{"name":"br0"},{"name":"${end_dev[a/silent]}"},{"name":"eth0","sandbox":"/run/netns/a.silent"}],"ips":[{"address":"${end_v4[a/silent]}/24","interface":2}]}}
X
start_again --cni-cache "$tmp/cni"
is "$(interface_of silent)" "${end_dev[a/silent]}" "the CNI's word is believed"
start_again --interface "a/silent=${end_dev[a/silent]}"
is "$(interface_of silent)" "${end_dev[a/silent]}" "and the administrator's"
silent_sends yes "named by the administrator"

# --- without br_netfilter ------------------------------------------------------------

# Then the port is not known, and nothing can be told; it is counted.
sysctls n1 <<X
bridge/bridge-nf-call-iptables 0
bridge/bridge-nf-call-ip6tables 0
X
before=$(counter unchecked)
fence="a.third tcp - 10.244.2.10 80"
arrives yes b/server "without br_netfilter, in the name of a pod that has not started, v4" \
	a.silent udp "${end_v4[a/free]}" 7 10.244.2.10 9
arrives yes b/server "without br_netfilter, in the name of a pod that has not started, v6" \
	a.silent udp "${end_v6[a/free]}" 7 fd00:244:2::10 9
check "is counted as not checked" test "$(counter unchecked)" -ge $((before + 2))
finish
