#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "An SCTP association that did not begin with an INIT": conntrack
# opens one on other packets too, in whichever direction they go, so both directions must be
# allowed. One that began as it should, and a DCCP connection, has an opener and keeps it.
#netpol-test: timeout=600
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
serve_on a/client b/server -- tcp/80
control=n1,10.244.1.10,80
fence="n1 tcp - 10.244.1.10 80"
# conntrack works before netpol has anything to enforce, so associations may be older
in_netns n1 nft -f - <<X || bail nft
table inet old {
	chain c {
		type filter hook forward priority 0
		ct state established counter
	}
}
X
closed() { echo "netfilter/nf_conntrack_sctp_timeout_closed $1" | sysctls n1; }
closed 60
sysctls n1 <<X
netfilter/nf_conntrack_sctp_timeout_cookie_wait 60
netfilter/nf_conntrack_sctp_timeout_cookie_echoed 60
X
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/client b/server
} >"$tmp/cluster"
policy() # NAME NAMESPACE [RULES]
{
	apply <<-X
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: $1, namespace: $2}
	spec: {podSelector: {}, policyTypes: [Ingress], ${3:-}}
	X
}
open="ingress: [{}]"
sees a/client "meta l4proto { sctp, dccp }"
sees b/server "meta l4proto { sctp, dccp }"
# A kernel that speaks DCCP would answer in the pods' place, with Reset.
for pod in a.client b.server; do
	in_netns $pod nft -f - <<-X || bail nft
		table inet quiet {
			chain c {
				type filter hook prerouting priority -400
				meta l4proto dccp drop
			}
		}
	X
done
# chunks, by their numbers
data=0 init=1 init_ack=2 heartbeat=4 heartbeat_ack=5 abort=6 cookie_echo=10 cookie_ack=11
# out WANT WHAT FAMILY PORT CHUNK TAG [INIT-TAG]: from the client; back: from the server
declare -A client=([4]=10.244.1.10 [6]=fd00:244:1::10) server=([4]=10.244.2.10 [6]=fd00:244:2::10)
out()
{
	local want=$1 what=$2 f=$3 port=$4
	shift 4
	arrives "$want" b/server "$what" a.client sctp "${client[$f]}" 5000 "${server[$f]}" "$port" "$@"
}
back()
{
	local want=$1 what=$2 f=$3 port=$4
	shift 4
	arrives "$want" a/client "$what" b.server sctp "${server[$f]}" "$port" "${client[$f]}" 5000 "$@"
}
# The client's tag is 1111, the server's 2222.
associate() # WHAT FAMILY PORT
{
	out yes "$1: INIT" "$2" "$3" $init 0 1111
	back yes "$1: INIT ACK" "$2" "$3" $init_ack 1111 2222
	out yes "$1: COOKIE ECHO" "$2" "$3" $cookie_echo 2222
	back yes "$1: COOKIE ACK" "$2" "$3" $cookie_ack 1111
	out yes "$1: data of the client" "$2" "$3" $data 2222
	back yes "$1: data of the server" "$2" "$3" $data 1111
}
# shellcheck disable=SC2317 # called by name
none() { ! in_netns n1 conntrack -L -f "ipv$f" -p sctp 2>/dev/null | grep -q "port=80 "; }

apply "$tmp/cluster"
for f in 4 6; do
	# An association keeps its opener, whatever is asked of it.
	w="opened by INIT, v$f"
	associate "$w" $f 80
	policy in a
	out yes "$w: data, answers would be denied" $f 80 $data 2222
	back yes "$w: answers, as new they would be denied" $f 80 $data 1111
	out yes "$w: HEARTBEAT" $f 80 $heartbeat 2222
	back yes "$w: HEARTBEAT ACK" $f 80 $heartbeat_ack 1111
	policy in a "$open"

	# The connection is cut, and its client has conntrack forget it.
	w="cut, v$f"
	policy in b
	out no "$w: data" $f 80 $data 2222
	back no "$w: answers" $f 80 $data 1111
	closed 1
	out no "$w: ABORT" $f 80 $abort 2222
	check "$w: conntrack has forgotten it" eventually 20 none
	closed 60
	back no "$w: the server's HEARTBEAT opens nothing" $f 80 $heartbeat 1111
	out no "$w: it is not answered" $f 80 $heartbeat_ack 2222
	out no "$w: the client's data are no answer" $f 80 $data 2222
	out no "$w: nor is a HEARTBEAT of its own" $f 80 $heartbeat 2222
	back no "$w: a COOKIE ECHO without a tag opens nothing" $f 80 $cookie_echo 0
	back no "$w: nor an INIT ACK without one" $f 80 $init_ack 0 1111
	check "$w: conntrack confirmed none of these" none
	back yes "$w: the server may open one itself" $f 82 $init 0 2222
	policy in b "$open"

	# A second path, and what is older than the first object, have no opener.
	w="a second path, v$f"
	out yes "$w: HEARTBEAT" $f 83 $heartbeat 2222
	back yes "$w: HEARTBEAT ACK" $f 83 $heartbeat_ack 1111
	out yes "$w: data" $f 83 $data 2222
	back yes "$w: answers" $f 83 $data 1111
	policy in a
	out no "$w: answers would be denied" $f 83 $data 2222
	back no "$w: answers are denied" $f 83 $data 1111
	policy in a "$open"
	policy in b
	out no "$w: data are denied" $f 83 $data 2222
	back no "$w: answers to what is denied" $f 83 $data 1111
	policy in b "$open"
	out yes "$w: both are allowed" $f 83 $data 2222
	netpol flush --yes
	w="older than the first object, v$f"
	associate "$w" $f 84
	apply "$tmp/cluster"
	out yes "$w: no policy" $f 84 $data 2222
	policy in a
	out no "$w: answers would be denied" $f 84 $data 2222
	out no "$w: an INIT that meets the old entry" $f 84 $init 0 3333
	out yes "$w: and the next one, which begins anew" $f 84 $init 0 3333
	policy in a "$open"

	# DCCP: Request 0, Response 1, Data 2, Ack 3
	w="DCCP, v$f"
	there="a.client dccp ${client[$f]} 5000 ${server[$f]}" here="b.server dccp ${server[$f]}"
	# shellcheck disable=SC2086 # words
	{
	arrives yes b/server "$w: Request" $there 80 0
	arrives yes a/client "$w: Response" $here 80 ${client[$f]} 5000 1
	arrives yes b/server "$w: Ack" $there 80 3
	policy in a
	arrives yes b/server "$w: its opener is known" $there 80 3
	arrives yes a/client "$w: answers" $here 80 ${client[$f]} 5000 3
	policy in a "$open"
	policy in b
	arrives no b/server "$w: is cut" $there 80 3
	arrives no b/server "$w: Request is denied" $there 81 0
	arrives yes a/client "$w: the server may send data, which open nothing" $here 81 ${client[$f]} 5000 2
	arrives no b/server "$w: so the client's are no answer" $there 81 2
	arrives yes a/client "$w: the server may open one itself" $here 82 ${client[$f]} 5000 0
	policy in b "$open"
	}
done
finish
