#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "a fragment that comes alone has no ports and reaches no isolated
# pod", and that fragments of an allowed connection all pass and those of a denied one never
# (case 38).
#netpol-test: all-kernels
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
pod_make n1 c/free 10.244.3.10 fd00:244:3::10
serve_on b/server c/free -- udp/53 udp/54 tcp/80
control=n1,10.244.3.10,80
fence="a.client tcp - 10.244.3.10 80"
{
	ns_yaml a
	ns_yaml b
	ns_yaml c
	pods_yaml a/client b/server c/free
} | apply
apply <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: dns, namespace: b}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress:
  - ports: [{port: 53, protocol: UDP}]
X
expect <<X
yes a/client udp b/server 53 one packet to the allowed port
no a/client udp b/server 54 one packet to a denied port
yes a/client udp/4000 b/server 53 fragments to the allowed port
no a/client udp/4000 b/server 54 fragments to a denied port
yes a/client udp/60000 b/server 53 very many fragments to the allowed port
no a/client udp/60000 b/server 54 very many fragments to a denied port
yes a/client udp/4000 c/free 54 fragments between pods without policies
no b/server udp/4000 c/free 53 fragments against egress
X
sees b/server "meta l4proto udp"
arrives yes b/server "hand-made fragments to the allowed port, v4" \
	a.client fragments 10.244.1.10 7 10.244.2.10 53
arrives no b/server "hand-made fragments to a denied port, v4" \
	a.client fragments 10.244.1.10 7 10.244.2.10 54
arrives no b/server "a later fragment alone, v4" \
	a.client fragments 10.244.1.10 7 10.244.2.10 54 later
arrives yes b/server "hand-made fragments to the allowed port, v6" \
	a.client fragments fd00:244:1::10 7 fd00:244:2::10 53
arrives no b/server "hand-made fragments to a denied port, v6" \
	a.client fragments fd00:244:1::10 7 fd00:244:2::10 54
arrives no b/server "a header cut short, v4" a.client short 10.244.1.10 10.244.2.10
arrives no b/server "a header cut short, v6" a.client short fd00:244:1::10 fd00:244:2::10
sees c/free "meta l4proto udp"
arrives yes c/free "a header cut short, to a pod without policies" \
	a.client short 10.244.1.10 10.244.3.10
finish
