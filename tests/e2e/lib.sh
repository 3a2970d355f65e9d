# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2001,SC2119,SC2120
#
# For the end-to-end tests: nodes and pods as network namespaces, manifests of them,
# tables of expected connections, TAP. Sourced by bash scripts that run as root in a VM.
#
#   node_make NETNS V4 V6            a node; "-" is the namespace that the test runs in
#   bridge_make NODE NAME V4/LEN V6/LEN   a bridge with the gateway addresses of its pods
#   pod_make NODE NS/NAME V4 V6 [BRIDGE]  routed through a veth pair, or on a bridge
#   pod_info NS/NAME "LABEL=VALUE..." "NAME:PROTO:PORT..."   labels, named ports
#   ns_yaml NAME [LABEL=VALUE...]    ; pods_yaml POD...      manifests
#   serve <LIST                      echo servers, see probe.c
#   netpol ARGUMENT...               netpolctl on $node; a failure ends the test
#   expect <TABLE                    real connections; a line is
#                                    WANT SOURCE PROTO DESTINATION PORT WHAT
#   live EXPECT COMMAND...           hold.c with the list in $tmp/live
#
# WANT is yes, no or refused. An end is a pod (as a destination: one connection for each
# of its addresses), a name of host_make, or the name of a network namespace;
# SOURCE@ADDRESS sends from that address. expect makes one result of each connection.
set -u
tmp=$(mktemp -d)
# Thousands of connections in a minute: one that a full queue drops looks denied.
[ ! -w /proc/sys/net/core/netdev_max_backlog ] || echo 200000 >/proc/sys/net/core/netdev_max_backlog
node=-			# where netpolctl works
control=		# NETNS,ADDRESS,PORT of a connection that always works
fence=			# the rest of a batch line: one that works, for arrives
declare -A end_netns end_dev end_v4 end_v6 end_node pod_labels pod_ports node_v4 node_v6
pids=() namespaces=() devices=()
ends=0

cleanup()
{
	local x
	for x in ${pids[@]+"${pids[@]}"}; do
		kill "$x" 2>/dev/null
	done
	for x in ${devices[@]+"${devices[@]}"}; do
		ip link del "$x" 2>/dev/null
	done
	for x in ${namespaces[@]+"${namespaces[@]}"}; do
		ip netns del "$x" 2>/dev/null
	done
	rm -rf "$tmp"
}
trap cleanup EXIT
# shellcheck source=tests/e2e/lib-tap.sh
. "${BASH_SOURCE[0]%/*}/lib-tap.sh"

# --- nodes and pods -----------------------------------------------------------

in_netns()
{
	local ns=$1
	shift
	if [ "$ns" = - ]; then
		"$@"
	else
		nsenter --net="/run/netns/$ns" "$@"
	fi
}

# ip_batch NETNS <COMMANDS
ip_batch()
{
	if [ "$1" = - ]; then
		ip -batch -
	else
		ip -n "$1" -batch -
	fi || bail "ip in $1"
}

sysctls()
{
	# shellcheck disable=SC2016 # for the shell inside
	in_netns "$1" sh -c 'while read -r k v; do echo "$v" >"/proc/sys/net/$k"; done' ||
		bail "sysctl in $1"
}

# mac NETNS DEVICE: its Ethernet address
mac() { ip -n "$1" -j link show "$2" | jq -r '.[0].address'; }

netns_add()
{
	ip netns add "$1" || bail "netns $1"
	namespaces+=("$1")
}

node_make()
{
	if [ "$1" != - ]; then
		netns_add "$1"
	fi
	node_v4[$1]=$2 node_v6[$1]=$3
	ip_batch "$1" <<-X
		link set lo up
		addr add $2/32 dev lo
		addr add $3/128 dev lo nodad
	X
	sysctls "$1" <<-X
		ipv4/ip_forward 1
		ipv6/conf/all/forwarding 1
	X
}

bridge_make()
{
	ip_batch "$1" <<-X
		link add $2 type bridge forward_delay 0 mcast_snooping 0
		link set $2 addrgenmode none
		addr add $3 dev $2
		addr add $4 dev $2 nodad
		addr add fe80::1/64 dev $2 nodad
		link set $2 up
	X
	[ "$1" != - ] || devices+=("$2")
	eval "bridge_v4_$2=${3%/*} bridge_l4_$2=${3#*/} bridge_l6_$2=${4#*/} bridge_v6_$2=${4%/*}"
}

# end_make NODE NAME NETNS V4 V6 [BRIDGE]; V4 or V6 may be "-". The node's interfaces
# are v1, v2, ... for pods, h... for other machines.
end_make()
{
	local on=$1 name=$2 ns=$3 v4=$4 v6=$5 br=${6:-} dev="v$((++ends))" l4=32 l6=128
	[ "$name" != "${name#*/}" ] || dev=h$ends
	local gw4=169.254.1.1 gw6=fe80::1 g
	end_netns[$name]=$ns end_dev[$name]=$dev end_v4[$name]=$v4 end_v6[$name]=$v6
	end_node[$name]=$on
	netns_add "$ns"
	if [ -n "$br" ]; then
		g=bridge_v4_$br gw4=${!g}
		g=bridge_v6_$br gw6=${!g}
		g=bridge_l4_$br l4=${!g}
		g=bridge_l6_$br l6=${!g}
	fi
	{
		echo "link add $dev type veth peer name eth0 netns $ns"
		echo "link set $dev addrgenmode none"
		[ "$on" != - ] || devices+=("$dev")
		if [ -n "$br" ]; then
			echo "link set $dev master $br up"
		else
			echo "addr add 169.254.1.1/32 dev $dev scope link"
			echo "addr add fe80::1/64 dev $dev nodad"
			echo "link set $dev up"
		fi
	} | ip_batch "$on"
	{
		echo "link set lo up"
		echo "link set eth0 addrgenmode none"
		echo "addr add fe80::2:$ends/64 dev eth0 nodad"
		[ "$v4" = - ] || echo "addr add $v4/$l4 dev eth0"
		[ "$v6" = - ] || echo "addr add $v6/$l6 dev eth0 nodad"
		echo "link set eth0 up"
		[ -n "$br" ] || [ "$v4" = - ] || echo "route add $gw4 dev eth0 scope link"
		[ "$v4" = - ] || echo "route add default via $gw4 dev eth0"
		[ "$v6" = - ] || echo "route add default via $gw6 dev eth0"
	} | ip_batch "$ns"
	if [ -z "$br" ]; then
		{
			[ "$v4" = - ] || echo "route add $v4/32 dev $dev src ${node_v4[$on]}"
			[ "$v6" = - ] || echo "route add $v6/128 dev $dev src ${node_v6[$on]}"
		} | ip_batch "$on"
	fi
	eventually 20 end_ready "$on" "${br:-$dev}" "$ns" "fe80::2:$ends" "$v6" ||
		bail "the interfaces of $name"
}

# end_ready NODE DEVICE NETNS V6...: an address of IPv6 answers to nobody before it is a local
# route, which a worker makes when the interface has its carrier. The kernel may take a second for
# that where both ends of a pair have the same number (linkwatch_urgent_event() in
# net/core/link_watch.c).
end_ready()
{
	local routes v6
	in_netns "$1" ip -6 route show table local | grep -q "^local fe80::1 dev $2 " || return
	routes=$(in_netns "$3" ip -6 route show table local)
	for v6 in "${@:4}"; do
		[ "$v6" = - ] || grep -q "^local $v6 dev eth0 " <<<"$routes" || return
	done
}

pod_make() { end_make "$1" "$2" "${2/\//.}" "$3" "$4" "${5:-}"; }
# A machine that is no pod, behind the node: NODE NAME V4 V6
host_make() { end_make "$1" "$2" "$2" "$3" "$4"; }

pod_info()
{
	pod_labels[$1]=$2
	pod_ports[$1]=${3:-}
}

# --- manifests ----------------------------------------------------------------

ns_yaml()
{
	local label
	printf -- '---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: %s\n  labels:\n' "$1"
	echo "    kubernetes.io/metadata.name: $1"
	shift
	for label; do
		echo "    ${label%%=*}: \"${label#*=}\""
	done
}

pod_yaml()
{
	local x rest
	printf -- '---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\n  namespace: %s\n' \
		"${1#*/}" "${1%/*}"
	if [ -n "${pod_labels[$1]:-}" ]; then
		echo "  labels:"
		for x in ${pod_labels[$1]}; do
			echo "    ${x%%=*}: \"${x#*=}\""
		done
	fi
	echo "spec:"
	echo "  nodeName: ${end_node[$1]/#-/node}"
	echo "  containers:"
	echo "  - name: main"
	if [ -n "${pod_ports[$1]:-}" ]; then
		echo "    ports:"
		for x in ${pod_ports[$1]}; do
			rest=${x#*:}
			echo "    - name: ${x%%:*}"
			echo "      protocol: ${rest%:*}"
			echo "      containerPort: ${rest#*:}"
		done
	fi
	echo "status:"
	echo "  phase: Running"
	echo "  podIPs:"
	for x in "${end_v4[$1]}" "${end_v6[$1]}"; do
		[ "$x" = - ] || echo "  - ip: \"$x\""
	done
}

pods_yaml()
{
	local pod
	for pod; do
		pod_yaml "$pod"
	done
}

# cluster_pods FILE: "NS/NAME V4 V6 NODE" of each pod in a manifest written like ours
cluster_pods()
{
	awk '/^kind:/ { kind = $2 } /^---/ { put() }
		/^  name:/ { name = $2 } /^  namespace:/ { ns = $2 }
		/^  nodeName:/ { on = $2 }
		/^  - ip:/ { gsub(/"/, "", $3); if ($3 ~ /:/) v6 = $3; else v4 = $3 }
		function put() {
			if (kind == "Pod")
				print ns "/" name, v4, v6, on
			kind = ""
		}
		END { put() }' "$1"
}

# cluster_make NODE FILE: its pods (names in $pods), and the machines outside-10 and
# outside-200; the ports that the samples speak of
cluster_make()
{
	local name v4 v6
	pods=
	while read -r name v4 v6 _; do
		pod_make "$1" "$name" "$v4" "$v6"
		pods="$pods $name"
		: "${control:=$1,$v4,80}"
	done < <(cluster_pods "$2")
	pods=${pods# }
	host_make "$1" outside-10 198.51.100.10 2001:db8:51::10
	host_make "$1" outside-200 198.51.100.200 2001:db8:51::200
	# shellcheck disable=SC2086 # words
	serve_on $pods outside-10 outside-200 -- tcp/53 tcp/80 tcp/7999 tcp/8000 tcp/8005 tcp/8010 \
		tcp/8011 tcp/8080 udp/53 udp/80
}

netpol()
{
	local in=()
	[ "$node" = - ] || in=(--netns "$node")
	netpolctl ${in[@]+"${in[@]}"} "$@" >"$tmp/netpol" 2>&1 && return
	note "$(cat "$tmp/netpol")"
	bail "netpolctl $* failed"
}
apply() { netpol apply -f "${1:--}"; }

# --- traffic ------------------------------------------------------------------

# A reader may be a heredoc: lines "NETNS PROTO PORT"
serve()
{
	local pid
	pid=$(probe serve) || bail "probe serve"
	pids+=("$pid")
}

# serve_on END... -- PROTO/PORT...
serve_on()
{
	local to=() x p
	while [ "$1" != -- ]; do
		to+=("$1")
		shift
	done
	shift
	serve < <(
		for x in "${to[@]}"; do
			for p; do
				echo "${end_netns[$x]:-$x} ${p%/*} ${p#*/}"
			done
		done
	)
}

batch() { probe batch ${control:+-c "$control"} "$@" || bail "probe batch"; }

expect()
{
	local want src proto dst port what from addr n=0 to got whats=() wants=()
	while read -r want src proto dst port what; do
		case "$want" in ''|'#'*) continue ;; esac
		from=${src%@*} addr=-
		[ "$src" = "$from" ] || addr=${src#*@}
		to=$dst
		[ -z "${end_netns[$dst]:-}" ] || to="${end_v4[$dst]} ${end_v6[$dst]}"
		for to in $to; do
			[ "$to" != - ] || continue
			echo "$n ${end_netns[$from]:-$from} $proto $addr $to $port"
			wants[n]=$want
			whats[n]="$what ($src -> $to $proto/$port)"
			n=$((n + 1))
		done >>"$tmp/batch"
	done
	batch <"$tmp/batch" >"$tmp/answer"
	rm -f "$tmp/batch"
	while read -r n got; do
		is "$got" "${wants[n]}" "${whats[n]}"
	done <"$tmp/answer"
}

# live WHAT EXPECT COMMAND [EXPECT COMMAND...]: each line of hold is one result
live()
{
	local what=$1 rc=0 phase name way state rest
	shift
	hold ${live_interval:+-i "$live_interval"} "$tmp/live" "$@" \
		>"$tmp/hold" 2>"$tmp/hold.err" || rc=$?
	if [ "$rc" -gt 1 ]; then
		not_ok "$what"
		note "$(tail -n 20 "$tmp/hold.err")"
		return
	fi
	while read -r phase name way state rest; do
		case "$state" in
		not-*) not_ok "$what: phase $phase, $name $way is not ${state#not-} ($rest)" ;;
		*) ok "$what: phase $phase, $name $way is $state ($rest)" ;;
		esac
	done <"$tmp/hold"
}

# sees END EXPRESSION [HOOK PRIORITY]: counts packets that reach an end and match (to see
# what the module lets through to a node: input 200); seen END: how many so far
sees()
{
	in_netns "${end_netns[$1]:-$1}" nft -f - <<-X || bail "nft in $1"
		table inet sees
		delete table inet sees
		table inet sees {
			counter hits { }
			chain c {
				type filter hook ${3:-prerouting} priority ${4:--500}; policy accept
				$2 counter name hits
			}
		}
	X
}
seen()
{
	in_netns "${end_netns[$1]:-$1}" nft list counter inet sees hits |
		sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

# listening NETNS PID: it has joined a group of events, so that none is missed from now on
listening()
{
	local eth port groups
	while read -r _ eth port groups _; do
		[ "$eth" != 16 ] || [ $((port & 0x3fffff)) != "$2" ] || [ "$groups" = 00000000 ] ||
			return 0
	done < <(in_netns "$1" cat /proc/net/netlink)
	return 1
}

# arrives WANT END WHAT RAW-ARGUMENT...: sends by raw.c; does it get to where sees looks?
# A control connection afterwards shows that there was time enough.
arrives()
{
	local want=$1 where=$2 what=$3 before after
	shift 3
	before=$(seen "$where")
	raw "$@" || bail "raw $*"
	for _ in 1 2; do
		echo "fence $fence" | batch >/dev/null
		after=$(seen "$where")
		[ "$after" = "$before" ] || break
	done
	if [ "$after" = "$before" ]; then
		is no "$want" "$what"
	else
		is yes "$want" "$what"
	fi
}
