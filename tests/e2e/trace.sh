#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl trace with real packets: what is allowed, denied by isolation and denied as forged, in
# both directions and both families, with the policies that decided. Other packets are not told of,
# and what is enforced is the same while a trace runs. A trace ends with its process, and with the
# module.
#netpol-test: timeout=600
#netpol-test: all-kernels
#netpol-test: schemas
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 a/other 10.244.1.11 fd00:244:1::11
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
serve_on a/client a/other b/server -- tcp/80 udp/53 udp/54
control=n1,10.244.1.11,80
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/client a/other b/server
} | apply
apply <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: some, namespace: b}
spec:
  podSelector: {}
  ingress:
  - ports: [{port: 80, protocol: TCP}]
  - ports: [{port: 53, protocol: UDP}]
X

# trace FILE WORD...: in the background, until it runs; $trace is its process
trace()
{
	local file=$1
	shift
	netpolctl --netns n1 trace "$@" >"$file" 2>"$file.err" &
	trace=$!
	pids+=("$trace")
	eventually 60 grep -q 'note: tracing' "$file.err" || bail "trace $*: $(cat "$file.err")"
}

# ended FILE STATUS WHAT: the trace has ended by itself, or is ended
ended()
{
	local status=0
	wait "$trace" || status=$?
	is "$status" "$2" "$3"
	# documents for tests/run/schema.py
	grep '^{' "$1" | sed 's/^/# json trace /'
	return 0
}

# said FILE FILTER: what jq makes of the packets of a trace, each once, in order
said()
{
	jq -r "select(.kind == \"TracedPacket\") | $2" "$1" | sort -u
}

# one_udp POD ADDRESS PORT: a datagram, and an answer if it arrives
one_udp()
{
	batch >/dev/null <<-X
		0 ${end_netns[$1]} udp - $2 $3
	X
}

same()
{
	expect <<-X
		yes a/client tcp b/server 80 an allowed port, $1
		yes a/client udp b/server 53 an allowed port, $1
		no a/client udp b/server 54 a denied port, $1
		yes b/server udp a/client 53 the other way round, $1
	X
}

same "not traced"
trace "$tmp/all" any any --for 10m -o jsonl
same "traced"
kill -INT "$trace"
ended "$tmp/all" 1 "a trace that saw denied packets, interrupted"
is "$(jq -r 'select(.kind == "TraceEnd") | .end' "$tmp/all")" interrupted "says so"
same "no longer traced"

# one connection of TCP: both directions, nothing of others
trace "$tmp/tcp" a/client b/server -p tcp/80 --for 10m -o jsonl
one_udp a/client "${end_v4[b/server]}" 54
expect <<X
yes a/other tcp b/server 80 not from the traced pod
yes b/server tcp a/client 80 opened by the other end
yes a/client tcp b/server 80 the traced connection
X
kill -INT "$trace"
ended "$tmp/tcp" 0 "all packets of a connection passed"
is "$(said "$tmp/tcp" '.result')" passed "and their fate is told"
is "$(said "$tmp/tcp" '.passages[] | [.opener.address // .source.address, .protocol] | join(" ")')" \
	"10.244.1.10 tcp
fd00:244:1::10 tcp" "no other packet is told of"
is "$(said "$tmp/tcp" '.passages | map(.point) | join(" ")')" "preRouting postRouting" \
	"each is seen where it comes in and where it leaves"
is "$(said "$tmp/tcp" '.passages[-1] | [.in, .out, (.reply | tostring)] | join(" ")')" \
	"${end_dev[a/client]} ${end_dev[b/server]} false
${end_dev[b/server]} ${end_dev[a/client]} true" "in both directions, by both interfaces"
is "$(said "$tmp/tcp" '.passages[-1].steps[] | select(.policy) | [.policy, .rule] | map(tostring) | join(" ")')" \
	"b/some 0" "the policy and the rule are named"

# denied by isolation, in both families; the text names the policy
for family in 4 6; do
	to=end_v$family'[b/server]'
	trace "$tmp/deny" any b/server -p udp --family $family --count 1
	one_udp a/client "${!to}" 54
	ended "$tmp/deny" 1 "a denied packet ends a trace by its number, IPv$family"
	sed 's/^/# /' "$tmp/deny"
	check "it is dropped, and why" grep -q \
		'= dropped by netpol at POST_ROUTING: isolated, no rule accepts' "$tmp/deny"
	check "the policy is named" grep -q 'isolated by b/some   no rule matches' "$tmp/deny"
	check "and the pod that was asked for" grep -Eq "b/server \(\[?${!to}\]?:54\) udp" "$tmp/deny"
	is "$(tail -n 1 "$tmp/deny")" "1 packet: 0 passed, 1 dropped by netpol" "the end counts it"
done

# forged: the client sends in the name of another pod
ip -n "${end_netns[a/client]}" addr add "${end_v4[a/other]}/32" dev eth0
trace "$tmp/forged" a/other b/server --family 4 --count 1 -o jsonl
batch >/dev/null <<X
0 ${end_netns[a/client]} udp ${end_v4[a/other]} ${end_v4[b/server]} 53
X
ended "$tmp/forged" 1 "a forged packet is traced"
is "$(said "$tmp/forged" '[.result, (.passages | length), .passages[0].point, .passages[0].reason] | map(tostring) | join(" ")')" \
	"dropped 1 preRouting spoofed" "and denied where it comes in"
ip -n "${end_netns[a/client]}" addr del "${end_v4[a/other]}/32" dev eth0

# to the node and from it
trace "$tmp/node" any any -p udp/9999 --family 4 --count 1 -o jsonl
one_udp a/client 10.244.0.1 9999
ended "$tmp/node" 0 "a packet to the node"
is "$(said "$tmp/node" '.passages | map(.point) | join(" ")')" "preRouting localIn" "comes to LOCAL_IN"
trace "$tmp/node" 10.244.0.1 any -p udp/54 --family 4 --count 1 -o jsonl
in_netns n1 bash -c "echo x >/dev/udp/${end_v4[b/server]}/54"
ended "$tmp/node" 0 "a packet of the node to an isolated pod"
is "$(said "$tmp/node" '[(.passages | map(.point) | join(" ")), .passages[-1].steps[0].reason] | join(" ")')" \
	"localOut postRouting ownNode" "passes, because it is the node's own"

# the ends of traces
trace "$tmp/busy" any 192.0.2.1 --for 10m
netpolctl --netns n1 trace any any --for 1s >"$tmp/second" 2>&1
is "$?" 5 "a second trace is refused"
check "with the reason" grep -q 'a trace runs already in this network namespace' "$tmp/second"
kill -KILL "$trace"
wait "$trace" 2>/dev/null
netpolctl --netns n1 trace any 192.0.2.1 --for 1s >"$tmp/second" 2>&1
is "$?" 1 "killed, it makes room for another one, which sees nothing"
check "and says what may be wrong" grep -q 'no packet that was meant came by' "$tmp/second"
netpolctl --netns n1 trace a/nobody any >"$tmp/second" 2>&1
is "$?" 3 "a pod that is not loaded"

# the module may go while a trace runs, under traffic, once nothing is enforced
netpol flush --yes
trace "$tmp/gone" any any --for 10m
check "unloads during a trace" rmmod netpol
expect <<X
yes a/client udp b/server 54 after the module has gone
X
kill -INT "$trace"
wait "$trace" 2>/dev/null
check "loads again" modprobe netpol
finish
