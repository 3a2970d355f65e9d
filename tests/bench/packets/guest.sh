#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Inside User Mode Linux (tests/bench/packets.sh starts it): for each model one network
# namespace, a "node", for each alternative, with the same wires; the proof that all give
# the model's verdicts; then rounds of packets, alternatives side by side.
#
#   guest.sh BIN ROUNDS MODEL...       BIN holds programs and modules, MODEL is a
#                                      directory that bench-model wrote
#
# Writes $OUT/raw, a line "MODEL ALTERNATIVE WORKLOAD ROUND CHUNK-NS SENT ARRIVED" for
# each measurement, and prints the proof. Fails if any verdict was wrong.
#
#   initial namespace                        node
#   p0 -------------------------------------- uplink  peers are behind it
#   s0.0 to s0.8 --------------------------- cali0 to cali8    local pods, the last one open
set -eu
build=$PWD/$1 rounds=$2
shift 2

proc=/proc/netpol_bench
bad=0
fail()
{
	echo "FAILED  $*"
	bad=1
}

# bench COMMAND...: the answer, if any, is in $answer
bench()
{
	echo "$*" >$proc || { echo "the bench module refuses: $*" >&2; exit 2; }
	answer=
	read -r answer <$proc || :
}

insmod "$build/netpol_bench.ko"
insmod "$build/netpol.ko"
sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 \
	net.netfilter.nf_conntrack_max=1048576 net.core.netdev_max_backlog=10000
echo 65536 >/sys/module/nf_conntrack/parameters/hashsize

# wires NODE: the namespace $ns with everything but policies
wires()
{
	local j
	ip netns add "$ns"
	ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.default.disable_ipv6=1 \
		net.ipv6.conf.all.disable_ipv6=1
	{
		echo "link add p$1 type veth peer name uplink netns $ns"
		echo "link set p$1 up"
		for j in 0 1 2 3 4 5 6 7 8; do
			echo "link add s$1.$j type veth peer name cali$j netns $ns"
			echo "link set s$1.$j up"
		done
	} | ip -batch -
	{
		echo "link set uplink address 02:00:00:00:00:01 up"
		echo "address add 10.255.0.1/24 dev uplink"
		echo "neigh add 10.255.0.2 lladdr 02:00:00:00:00:02 dev uplink nud permanent"
		echo "route add default via 10.255.0.2 dev uplink"
		for j in 0 1 2 3 4 5 6 7 8; do
			echo "link set cali$j address 02:00:00:00:00:01 up"
			echo "route add 10.1.0.$((j + 1))/32 dev cali$j"
			echo "neigh add 10.1.0.$((j + 1)) lladdr 02:00:00:00:00:02 dev cali$j nud permanent"
		done
	} | ip -n "$ns" -batch -
	bench attach "p$1"
	for j in 0 1 2 3 4 5 6 7 8; do
		bench attach "s$1.$j"
	done
}

in_node() { ip netns exec "$ns" "$@"; }

# policies ALTERNATIVE NODE MODEL
policies()
{
	case "$1" in
	bare) ;;
	empty) bench hook "p$2" ;;
	netpol) in_node "$build/netpolctl" apply -f "$3/objects.json" >/dev/null ;;
	kube-router|calico)
		in_node ipset restore <"$3/$1.ipset"
		in_node iptables-legacy-restore <"$3/$1.iptables" ;;
	vmap|interval|expanded) in_node nft -f "$3/$1.nft" ;;
	cilium) PIN=/sys/fs/bpf/c$2 nsenter --net="/run/netns/$ns" "$build/bench-cilium" attach \
		"$build/cilium.bpf.o" "$3/cilium.maps" cali{0,1,2,3,4,5,6,7} ;;
	esac
}

declare -A node		# ALTERNATIVE -> number, of the model at hand
next=0

setup()
{
	local alternative
	node=()
	for alternative in $alternatives; do
		ns=$name.$alternative
		wires $next
		policies "$alternative" $next "$1"
		node[$alternative]=$next
		next=$((next + 1))
	done
}

# flush ALTERNATIVE
flush()
{
	bench flush "p${node[$1]}"
	[ "$1" != cilium ] || PIN=/sys/fs/bpf/c${node[$1]} "$build/bench-cilium" flush
}

# Every packet of the proof, one way and by EVAL.
proof()
{
	local alternative i wrong count expect evals=0 source destination port verdict rc
	count=$(awk '$1 == "proof" { print $3 }' "$1/plan")
	read -r expect <"$1/expect"
	for alternative in $alternatives; do
		case "$alternative" in bare|empty) continue ;; esac
		bench send "p${node[$alternative]}" 0 "$count"
		bench arrived 0 "$count"
		if [ "$answer" = "$expect" ]; then
			echo "ok      $name: $count packets, $alternative as the model"
			flush "$alternative"
			continue
		fi
		wrong=0
		for ((i = 0; i < count; i++)); do
			[ "${answer:i:1}" != "${expect:i:1}" ] || continue
			[ $wrong -ge 5 ] || echo "        flow $i: ${answer:i:1}, the model says ${expect:i:1}"
			wrong=$((wrong + 1))
		done
		fail "$name: $wrong of $count packets, $alternative not as the model"
		flush "$alternative"
	done
	[ -n "${node[expanded]:-}" ] || echo "marked  $name: expanded can't express blocks, ranges and rules without ports"
	ns=$name.netpol wrong=0
	while read -r source destination port verdict; do
		rc=0
		in_node "$build/netpolctl" eval "$source" "$destination" -p "$port" >/dev/null || rc=$?
		[ "$rc" = $((1 - verdict)) ] || wrong=$((wrong + 1))
		evals=$((evals + 1))
	done <"$1/eval"
	if [ $wrong = 0 ]; then
		echo "ok      $name: $evals times netpol's EVAL as the model"
	else
		fail "$name: $wrong of $evals times netpol's EVAL not as the model"
	fi
}

# measure WORKLOAD FIRST COUNT ROUND: all alternatives, in one race
measure()
{
	local alternative devices='' repeat=1 chunk sent arrived expect results
	for alternative in $alternatives; do
		flush "$alternative"
		devices+=" p${node[$alternative]}"
		[ "${1%-one}" = established ] || continue
		bench send "p${node[$alternative]}" "$2" "$3"
		bench reply "s${node[$alternative]}." "$2" "$3"
		repeat=4
	done
	bench race "$2" "$3" $repeat "$devices"
	read -ra results <<<"$answer"
	for alternative in $alternatives; do
		chunk=${results[0]} sent=${results[1]} arrived=${results[2]}
		results=("${results[@]:3}")
		expect=$sent
		case "$1:$alternative" in
		denied:bare|denied:empty) ;;
		denied:*) expect=0 ;;
		esac
		[ "$arrived" = "$expect" ] ||
			fail "$name, $alternative, $1: $arrived packets of $sent arrived, not $expect"
		[ "$4" = 0 ] || echo "$name $alternative $1 $4 $chunk $sent $arrived" >>"$OUT/raw"
	done
}

: >"$OUT/raw"
for model; do
	name=${model##*/}
	alternatives='bare empty netpol kube-router calico vmap interval expanded cilium'
	[ -e "$model/expanded.nft" ] || alternatives=${alternatives/ expanded/}
	setup "$model"
	cat "$model/flows" >/proc/netpol_bench_flows
	proof "$model"
	# round 0 warms up and isn't written down
	for ((round = 0; round <= rounds; round++)); do
		while read -r workload first count; do
			[ "$workload" != proof ] || continue
			measure "$workload" "$first" "$count" $round
		done <"$model/plan"
	done
	echo "done    $name: $rounds rounds, ${#node[@]} alternatives"
done
exit $bad
