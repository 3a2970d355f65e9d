#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/design.md, "A local pod ends with its interface".
#netpol-test: all-kernels
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/web 10.244.1.10 fd00:244:1::10
pod_make n1 b/client 10.244.2.10 fd00:244:2::10
serve_on a/web b/client -- tcp/80
control=n1,10.244.2.10,80
cluster()
{
	ns_yaml a
	ns_yaml b team=b
	pods_yaml a/web b/client
}
cluster | apply
apply <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: from-b, namespace: a}
spec:
  podSelector: {}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {team: b}}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: from-b, namespace: b}
spec:
  podSelector: {}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {team: b}}}]
X
netpol settings guard-prefix=10.244.1.0/24,fd00:244:1::/64
expect <<X
yes b/client tcp a/web 80 the pod is known
no a/web tcp b/client 80 and denied by the other's policy
X
# The pod goes; another one, not loaded yet, gets its address.
in_netns n1 ip link del "${end_dev[a/web]}"
ip netns del a.web
pod_make n1 x/heir 10.244.1.10 fd00:244:1::10
serve_on x/heir -- tcp/80
expect <<X
no b/client tcp x/heir 80 its address is unknown now, inside a guard
no x/heir tcp b/client 80 the heir is nobody
yes n1 tcp x/heir 80 the node reaches it
X
check "get pods says that it is gone" sh -c \
	"netpolctl --netns n1 get pods | grep ' web ' | grep -qi gone"
is "$(netpolctl --netns n1 status 2>&1 >/dev/null | grep -c bypass)" 0 "status does not warn of it"
netpol settings guard-prefix=
expect <<X
yes b/client tcp x/heir 80 without a guard it is like any other machine
no x/heir tcp b/client 80 also as a peer: no pod of any namespace
X
# An unrelated commit doesn't bring it back; loading its heir does.
ns_yaml c | apply
expect <<X
no x/heir tcp b/client 80 still nobody after another commit
X
cat >"$tmp/web" <<X
$(pods_yaml a/web)
X
netpol delete -f "$tmp/web"
{
	ns_yaml x team=b
	pods_yaml x/heir
} | apply
expect <<X
yes x/heir tcp b/client 80 loaded, in a namespace that may
X
finish
