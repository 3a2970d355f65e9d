#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/design.md, "State is strictly per network namespace", for its end: a node's
# network namespace that goes away while policies are in force and packets are under way takes
# its state along, and the module can be unloaded afterwards.
#netpol-test: all-kernels
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
for round in 1 2 3 4 5; do
	node=n$round
	node_make $node 10.244.0.1 fd00:244::1
	pod_make $node a$round/client 10.244.1.10 fd00:244:1::10
	pod_make $node b$round/server 10.244.2.10 fd00:244:2::10
	serve_on a$round/client b$round/server -- tcp/80 udp/80
	control=$node,10.244.1.10,80
	{
		ns_yaml a$round
		ns_yaml b$round
		pods_yaml a$round/client b$round/server
		cat <<-X
		---
		apiVersion: networking.k8s.io/v1
		kind: NetworkPolicy
		metadata: {name: deny, namespace: b$round}
		spec:
		  podSelector: {}
		  policyTypes: [Ingress]
		  ingress: [{ports: [{port: 80}]}]
		X
	} | apply
	expect <<-X
	yes a$round/client tcp b$round/server 80 round $round: allowed
	no a$round/client udp b$round/server 80 round $round: denied
	X
	# Packets under way while it goes.
	raw -n 200000 a$round.client udp 10.244.1.10 7 10.244.2.10 80 2>/dev/null &
	sender=$!
	kill "${pids[-1]}"
	ip netns del $node
	wait $sender
	ip netns del a$round.client
	ip netns del b$round.server
done
# The last reference goes with the sockets and the cleanup work.
check "the module can be unloaded" eventually 30 rmmod netpol
check "and loaded again" modprobe netpol
finish
