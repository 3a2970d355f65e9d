#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A packet is judged by one state: where both that in force and the one that takes its place
# deny it, none gets through while the one becomes the other. The kernel's function tracer
# makes the packet path slow where it might look at the state a second time.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
tracing=/sys/kernel/tracing
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
host_make n1 outside 198.51.100.10 2001:db8:51::10
sees outside "udp dport 53"

# pod NAME LABEL ADDRESS: one of another node, whose port has a name
pod()
{
	cat <<-X
	---
	apiVersion: v1
	kind: Pod
	metadata: {name: $1, namespace: b, labels: {app: $2}}
	spec:
	  nodeName: n2
	  containers: [{name: main, ports: [{name: dns, containerPort: 53, protocol: UDP}]}]
	status: {phase: Running, podIPs: [{ip: $3}]}
	X
}
# state LABEL ALLOWED: a/client may send to the pods ALLOWED; the receiver is one of LABEL
state()
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/client
	pod receiver "$1" 198.51.100.10
	pod one one 198.51.100.11
	pod two two 198.51.100.12
	cat <<-X
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: out, namespace: a}
	spec:
	  podSelector: {}
	  policyTypes: [Egress]
	  egress:
	  - to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: $2}}}]
	    ports: [{port: dns, protocol: UDP}]
	X
}
load() { netpol apply -f "$tmp/$1" --local none --interface "a/client=${end_dev[a/client]}"; }
datagrams() { raw -n "$1" a.client udp 10.244.1.10 4000 198.51.100.10 53; }
# shellcheck disable=SC2317 # by check
got() { [ "$(seen outside)" = "$1" ]; }

state one one >"$tmp/open"
state one two >"$tmp/one"
state two one >"$tmp/two"
load open
datagrams 1
check "a state that allows it" eventually 10 got 1
load one
datagrams 1
load two
datagrams 1
if ! echo 'netpol_plain_*' >$tracing/set_ftrace_filter || ! echo function >$tracing/current_tracer ||
   ! echo 1 >$tracing/options/func_stack_trace; then
	skip "no state in between" "no function tracer"
	finish
fi 2>/dev/null
raw -n 100000000 a.client udp 10.244.1.10 4000 198.51.100.10 53 &
sender=$!
for ((i = 0; i < 20; i++)); do
	load one
	load two
done
kill $sender
echo nop >$tracing/current_tracer
note "$(netpolctl --netns n1 status | grep egress)"
check "the other two deny it, and there is none in between" got 1
finish
