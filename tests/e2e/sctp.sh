#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "is a protocol of its own, so TCP rules do not match it": SCTP is
# judged by its own ports, in both directions, on every packet.
#netpol-test: all-kernels
#netpol-test: modules=sctp
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
grep -q '^SCTP ' /proc/net/protocols || skip_all "this kernel has no SCTP"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
serve_on b/server -- sctp/80 sctp/81 tcp/80 tcp/81 udp/80
serve_on a/client -- tcp/80
control=n1,10.244.1.10,80
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/client b/server
} | apply
policy() # PROTOCOL
{
	apply <<-X
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: one, namespace: b}
	spec:
	  podSelector: {}
	  ingress:
	  - ports: [{port: 80, protocol: $1}]
	X
}
expect <<X
yes a/client sctp b/server 80 no policy
X
policy SCTP
expect <<X
yes a/client sctp b/server 80 a rule for SCTP 80
no a/client sctp b/server 81 a rule for SCTP 80, another port
no a/client tcp b/server 80 a rule for SCTP 80, TCP
no a/client udp b/server 80 a rule for SCTP 80, UDP
yes n1 sctp b/server 81 the node
X
policy TCP
expect <<X
no a/client sctp b/server 80 a rule for TCP 80, SCTP
yes a/client tcp b/server 80 a rule for TCP 80
X
is "$(netpolctl --netns n1 eval a/client b/server -p sctp/80 >/dev/null; echo $?)" 1 "eval agrees"
finish
