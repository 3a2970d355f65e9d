#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/design.md, "ahead of defragmentation and conntrack": what an interface has no
# right to send changes nothing on the node. A pod that forges its server's packets does not
# turn its connection round, and forged fragments do not meet those of another one. Routed and
# bridged pods, and ipvlan.
#netpol-test: modules=br_netfilter,ip_vs,ip_vs_rr,ipvlan
#netpol-test: timeout=900
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
pod_make n1 a/evil 10.244.1.66 fd00:244:1::66
pod_make n1 a/good 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
pod_make n1 a/mean 10.244.8.66 fd00:244:8::66 br0
pod_make n1 a/left 10.244.8.10 fd00:244:8::10 br0
pod_make n1 b/right 10.244.8.20 fd00:244:8::20 br0
pod_make n1 c/fence 10.244.3.10 fd00:244:3::10
serve_on b/server b/right c/fence a/good a/left a/evil a/mean -- tcp/80 udp/53
control=n1,10.244.3.10,80
# that the bridge knows the ports
expect <<X
yes n1 tcp a/mean 80 before
yes n1 tcp a/left 80 before
yes n1 tcp b/right 80 before
X
{
	ns_yaml a team=a
	ns_yaml b team=b
	ns_yaml c
	pods_yaml a/evil a/good b/server a/mean a/left b/right c/fence
} | apply

policy() # NAME INGRESS
{
	cat <<-X
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: $1, namespace: b}
	spec: {podSelector: {}, policyTypes: [Ingress], ingress: [$2]}
	X
}
policy isolated "" >"$tmp/isolated"
policy allowed "{from: [{namespaceSelector: {matchLabels: {team: a}}}]}" >"$tmp/allowed"

# The kernels of both ends know nothing of hand-made connections and would close them.
for end in a.evil a.mean b.server b.right; do
	port=7001
	[ "${end#b}" = "$end" ] || port=81
	in_netns $end nft -f - <<-X || bail "nft in $end"
		table inet silent {
			chain out {
				type filter hook output priority 0
				tcp sport $port tcp flags & rst == rst drop
			}
		}
	X
done
entry() # PROTO SOURCE DESTINATION PORT: conntrack's entry that was opened like this
{
	in_netns n1 conntrack -L -f "$([[ $2 = *:* ]] && echo ipv6 || echo ipv4)" -p "$1" \
		--orig-src "$2" --orig-dst "$3" --dport "$4" 2>/dev/null
}
spoofed() { netpolctl --netns n1 status -o json 2>/dev/null | jq ".counters.spoofed"; }

routed=$(mac n1 "${end_dev[a/evil]}")
bridged=$(mac b.right eth0)

# turned WHAT EVIL SERVER MAC: each end with the address of one family; to whom evil sends
turned()
{
	local what=$1 evil=${2%,*} server=${3%,*} e=${2#*,} s=${3#*,} was
	local from_e=("$evil" tcp "$e" 7001 "$s" 81) from_s=("$server" tcp "$s" 81 "$e" 7001)
	local as_s=(-m "$4" "$evil" tcp "$s" 81 "$e" 7001)
	fence="$evil tcp - 10.244.3.10 80"
	apply "$tmp/isolated"
	apply "$tmp/allowed"
	sees "${server/./\/}" "tcp sport 7001 tcp flags & psh == psh"
	raw "${from_e[@]}" S 1000 0
	raw "${from_s[@]}" SA 5000 1001
	raw "${from_e[@]}" A 1001 5001
	arrives yes "${server/./\/}" "$what, data while it is allowed" "${from_e[@]}" PA 1001 5001 one
	was=$(spoofed)
	raw "${as_s[@]}" R 5001 0
	echo "fence $fence" | batch >/dev/null
	is "$(entry tcp "$e" "$s" 81 | grep -o 'ESTABLISHED\|CLOSE')" ESTABLISHED \
		"$what, the server's RST from the client: conntrack does not believe it"
	check "$what, it is counted as spoofed" test "$(spoofed)" -gt "$was"

	# As after its timeout. The server's next packet opens an entry the other way round.
	in_netns n1 conntrack -D -p tcp --orig-src "$e" --dport 81 \
		-f "$([[ $e = *:* ]] && echo ipv6 || echo ipv4)" >/dev/null 2>&1
	raw "${from_s[@]}" A 5001 1004
	eventually 5 entry_there tcp "$s" "$e" 7001
	raw "${as_s[@]}" S 9000 0
	raw "${from_e[@]}" SA 3000 9001
	netpol delete -f "$tmp/allowed"
	arrives no "${server/./\/}" "$what, data after the policy has gone" \
		"${from_e[@]}" PA 3001 9001 two
	arrives no "${server/./\/}" "$what, and as what it was before" \
		"${from_e[@]}" PA 1004 5001 three
	apply "$tmp/allowed"
	in_netns n1 conntrack -F >/dev/null 2>&1
}
# shellcheck disable=SC2317 # by eventually
entry_there() { [ -n "$(entry "$@")" ]; }

turned "routed, v4" a.evil,10.244.1.66 b.server,10.244.2.10 "$routed"
turned "routed, v6" a.evil,fd00:244:1::66 b.server,fd00:244:2::10 "$routed"
turned "bridged, v4" a.mean,10.244.8.66 b.right,10.244.8.20 "$bridged"
turned "bridged, v6" a.mean,fd00:244:8::66 b.right,fd00:244:8::20 "$bridged"

# A server's answer that another one forges: the entry stays unanswered.
# unanswered WHAT EVIL GOOD SERVER
unanswered()
{
	local what=$1 evil=${2%,*} g=${3#*,} s=${4#*,}
	fence="$evil tcp - 10.244.3.10 80"
	raw "${3%,*}" udp "$g" 7004 "$s" 9 || bail "raw"
	check "$what: an entry" eventually 5 entry_there udp "$g" "$s" 9
	raw "$evil" udp "$s" 9 "$g" 7004 || bail "raw"
	echo "fence $fence" | batch >/dev/null
	check "$what: nobody has answered" grep -q UNREPLIED <<<"$(entry udp "$g" "$s" 9)"
}
# the kernel's "port unreachable" would take part
for end in b.server b.right; do
	in_netns $end nft add rule inet silent out icmp type destination-unreachable drop
	in_netns $end nft add rule inet silent out icmpv6 type destination-unreachable drop
done
unanswered "a forged answer, routed, v4" a.evil,- a.good,10.244.1.10 b.server,10.244.2.10
unanswered "a forged answer, routed, v6" a.evil,- a.good,fd00:244:1::10 b.server,fd00:244:2::10
unanswered "a forged answer, bridged, v4" a.mean,- a.left,10.244.8.10 b.right,10.244.8.20
unanswered "a forged answer, bridged, v6" a.mean,- a.left,fd00:244:8::10 b.right,fd00:244:8::20

# A forged first fragment would take the place of the real one.
# fragments EVIL GOOD SERVER
fragments()
{
	local evil=${1%,*} good=${2%,*} g=${2#*,} s=${3#*,} end
	end=${3%,*}
	fence="$evil tcp - 10.244.3.10 80"
	sees "${end/./\/}" "udp dport 53"
	raw "$evil" fragments "$g" 7005 "$s" 9 first || bail "raw"
	echo "fence $fence" | batch >/dev/null
	arrives yes "${end/./\/}" "fragments after a forged one, to $s" \
		"$good" fragments "$g" 7005 "$s" 53
}
fragments a.evil,- a.good,10.244.1.10 b.server,10.244.2.10
fragments a.evil,- a.good,fd00:244:1::10 b.server,fd00:244:2::10
fragments a.mean,- a.left,10.244.8.10 b.right,10.244.8.20
fragments a.mean,- a.left,fd00:244:8::10 b.right,fd00:244:8::20

# Nothing on the node sees them, so no NAT, no IPVS, no entry.
sees n1 "udp dport 9" prerouting -449
for x in "a.evil 10.244.1.10 10.244.2.10" "a.evil fd00:244:1::10 fd00:244:2::10" \
	"a.evil 10.244.0.1 10.244.2.10" "a.evil 203.0.113.7 10.244.0.1" \
	"a.mean 10.244.8.10 10.244.8.20" "a.mean fd00:244:8::10 fd00:244:8::20" \
	"a.mean 10.244.8.1 10.244.8.20" "a.mean 10.244.8.10 10.244.2.10" \
	"a.evil fe80::1 fd00:244::1" "a.mean fe80::1 fd00:244::1" \
	"a.evil :: fd00:244:2::10"; do
	read -r from source to <<<"$x"
	fence="$from tcp - 10.244.3.10 80"
	arrives no n1 "the node does not see $from as $source to $to" "$from" udp "$source" 7 "$to" 9
done

# Link-local addresses are good for speaking to the node, and to nobody else.
link_local() # NETNS
{
	in_netns "$1" ip -6 -o addr show dev eth0 scope link | awk '{ sub("/.*", "", $4); print $4; exit }'
}
left=$(link_local a.left) right=$(link_local b.right) mean=$(link_local a.mean)
node_mac=$(mac n1 br0)
fence="a.mean tcp - 10.244.3.10 80"
for x in "$left $right $bridged another-pod's" "$mean $right $bridged its-own" \
	"$left fd00:244:8::20 $bridged another-pod's" "$mean fd00:244:8::20 $bridged its-own" \
	"$left fd00:244:2::10 $node_mac another-pod's" "$mean fd00:244:2::10 $node_mac its-own"; do
	read -r from to by what <<<"$x"
	arrives no n1 "the node does not see a bridged pod by $what link-local address to $to" \
		-m "$by" a.mean udp "$from" 7 "$to" 9
done
arrives yes n1 "but to the node, by its own" -m "$node_mac" a.mean udp "$mean" 7 fe80::1 9
arrives yes n1 "and to a multicast group" -m 33:33:00:00:00:fb a.mean udp "$mean" 7 ff02::fb 9
fence="a.evil tcp - 10.244.3.10 80"
arrives no n1 "nor without an address" -m "$routed" a.evil udp 0.0.0.0 7 10.244.2.10 9
arrives yes n1 "but evil as itself" a.evil udp 10.244.1.66 7 10.244.2.10 9
arrives yes n1 "and by its link-local address" a.evil udp "$(link_local a.evil)" 7 fd00:244::1 9

# To the node a pod can use another one's link-local address. It stays who it is, also in the
# other one's connection, and the other one is not held up.
policy closed "" | sed 's/b}/a}/; s/Ingress/Egress/; s/ingress: /egress: /' >"$tmp/closed"
apply "$tmp/closed"
sees n1 "udp dport 9" input 200
fence="b.right tcp - 10.244.3.10 80"
arrives yes n1 "who may, by its link-local address" -m "$node_mac" b.right udp "$right" 7007 fe80::1 9
check "conntrack has it" eventually 5 entry_there udp "$right" fe80::1 9
arrives no n1 "who may not, by the same one, in the same connection" \
	-m "$node_mac" a.mean udp "$right" 7007 fe80::1 9
arrives no n1 "in a new connection" -m "$node_mac" a.mean udp "$right" 7008 fe80::1 9
arrives yes n1 "who may, again" -m "$node_mac" b.right udp "$right" 7007 fe80::1 9
netpol delete -f "$tmp/closed"
sees n1 "udp dport 9" prerouting -449
# shellcheck disable=SC2317 # by eventually
ipvs_has() { in_netns n1 ipvsadm -Lnc | grep -q "$1"; }
if in_netns n1 ipvsadm -A -t 10.244.0.1:90 -s rr 2>"$tmp/ipvs"; then
	in_netns n1 ipvsadm -a -t 10.244.0.1:90 -r 10.244.2.10:80 -m
	raw a.evil tcp 10.244.1.10 7006 10.244.0.1 90 S 1 0 || bail "raw"
	echo "fence $fence" | batch >/dev/null
	is "$(in_netns n1 ipvsadm -Lnc | grep -c 10.244.1.10:7006)" 0 "IPVS has no connection of it"
	raw a.good tcp 10.244.1.10 7006 10.244.0.1 90 S 1 0 || bail "raw"
	check "but of the real one" eventually 5 ipvs_has 10.244.1.10:7006
else
	skip "IPVS" "$(tail -n 1 "$tmp/ipvs")"
fi

# ipvlan: what the other network namespace sends goes by LOCAL_OUT of the node.
ipvlan()
{
	netns_add ipv
	ip_batch n1 <<-X
		link add d0 type dummy
		link set d0 up
	X
	if ! ip -n n1 link add ipv0 link d0 type ipvlan mode l3 2>"$tmp/ipvlan"; then
		skip "ipvlan" "$(tail -n 1 "$tmp/ipvlan")"
		return
	fi
	ip -n n1 link set ipv0 netns ipv || bail "ip link"
	ip_batch ipv <<-X
		addr add 10.244.9.10/32 dev ipv0
		addr add fd00:244:9::10/128 dev ipv0 nodad
		link set ipv0 up
		link set lo up
		route add default dev ipv0
		route add ::/0 dev ipv0
	X
	sees n1 "udp dport 9" output -449
	fence="n1 tcp - 10.244.3.10 80"
	arrives yes n1 "ipvlan as itself, v4" ipv udp 10.244.9.10 7 10.244.2.10 9
	arrives no n1 "ipvlan as good, v4" ipv udp 10.244.1.10 7 10.244.2.10 9
	arrives no n1 "ipvlan as good, v6" ipv udp fd00:244:1::10 7 fd00:244:2::10 9
	arrives yes n1 "the node in its own name" n1 udp 10.244.0.1 7 10.244.2.10 9
}
ipvlan
finish
