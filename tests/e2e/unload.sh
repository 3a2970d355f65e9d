#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/design.md, "The life of the module": unloading is refused while policies are
# enforced and works after a flush of all network namespaces, and loading and unloading under
# traffic disturbs neither the traffic nor the kernel log.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
node_make n2 10.244.0.2 fd00:244::2
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
serve_on a/client b/server -- tcp/80 udp/80
control=n1,10.244.1.10,80
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/client b/server
} >"$tmp/cluster"
cat >"$tmp/deny" <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: b}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
X
apply "$tmp/cluster"
apply "$tmp/deny"
check "refused while policies are in force" sh -c "! rmmod netpol"
expect <<X
no a/client tcp b/server 80 and nothing changed
X
ns_yaml other | netpolctl --netns n2 apply -f - >/dev/null
netpol flush --yes
expect <<X
yes a/client tcp b/server 80 a flush opens
X
netpolctl --netns n2 flush --yes >/dev/null
check "unloads once all are flushed" rmmod netpol
is "$(netpolctl --netns n1 status >/dev/null 2>&1; echo $?)" 4 "netpolctl says that it is not there"
check "loads again" modprobe netpol
is "$(netpolctl --netns n1 status -o json 2>/dev/null | jq .generation)" 0 "and is empty"

# Twenty times with traffic flowing: what is allowed never misses.
cat >"$tmp/live" <<X
tcp-4 tcp a.client b.server ${end_v4[b/server]} 9000
tcp-6 tcp a.client b.server ${end_v6[b/server]} 9000
udp-4 udp a.client b.server ${end_v4[b/server]} 9000
udp-6 udp a.client b.server ${end_v6[b/server]} 9000
X
cat >"$tmp/loop" <<X
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	netpolctl --netns n1 apply -f $tmp/cluster &&
		netpolctl --netns n1 flush --yes && rmmod netpol && modprobe netpol || exit 1
done
X
live "20 loads and unloads" steady "sh $tmp/loop"
cat >"$tmp/loop" <<X
for i in 1 2 3 4 5; do
	netpolctl --netns n1 apply -f $tmp/cluster -f $tmp/deny &&
		netpolctl --netns n1 flush --yes && rmmod netpol && modprobe netpol || exit 1
done
X
live "5 with a policy that cuts meanwhile" open "sh $tmp/loop"
finish
