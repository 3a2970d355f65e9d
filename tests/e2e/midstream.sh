#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/design.md, "a TCP entry that conntrack picked up in the middle", which has no known
# opener: connections opened in a node's network namespace before conntrack and the module
# knew it, server first.
#netpol-test: all-kernels
#netpol-test: no-module
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
serve_on a/client b/server -- tcp/80
control=n1,10.244.1.10,80
check "conntrack does not know the node yet" sh -c "! lsmod | grep -q ^netpol"
{
	ns_yaml a team=a
	ns_yaml b team=b
	pods_yaml a/client b/server
} >"$tmp/cluster"
spec() # NAME NAMESPACE TYPE RULES
{
	cat <<-X
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: $1, namespace: $2}
	spec: {podSelector: {}, policyTypes: [$3], ${4:-}}
	X
}
spec in b Ingress >"$tmp/deny-in"
spec out a Egress >"$tmp/deny-out"
spec in a Ingress >"$tmp/deny-answers"
np="netpolctl --netns n1"
list()
{
	echo "tcp-4-$1 tcp a.client b.server ${end_v4[b/server]} $1"
	echo "tcp-6-$1 tcp a.client b.server ${end_v6[b/server]} $1"
}
list 9000 >"$tmp/live"
# The module comes under a live connection; with pods but no policy, nothing is lost.
live "opened before the module" steady "modprobe netpol" \
	steady "$np apply -f $tmp/cluster" cut "$np apply -f $tmp/deny-in" \
	open "$np delete -f $tmp/deny-in" cut "$np apply -f $tmp/deny-out" \
	open "$np delete -f $tmp/deny-out"
# Which way it was opened nobody knows: a policy against the other way cuts it too.
netpol flush --yes
rmmod netpol || bail "rmmod"
list 9001 >"$tmp/live"
live "opened before the module, both ways must be allowed" \
	steady "modprobe netpol && $np apply -f $tmp/cluster" \
	cut "$np apply -f $tmp/deny-answers" open "$np delete -f $tmp/deny-answers"
# One that conntrack saw open has an opener: a policy against the other way leaves it.
list 9002 >"$tmp/live"
live "opened under the module" steady "$np apply -f $tmp/deny-answers" \
	cut "$np apply -f $tmp/deny-in"
finish
