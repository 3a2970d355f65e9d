#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/install.md, "Changing over to a new module": with the pods running, the module is
# unloaded and loaded again behind a table of nftables. Nothing that the policies deny gets
# through at any time, and connections that they allow go on afterwards.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 a/other 10.244.1.20 fd00:244:1::20
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
pod_info a/client "app=client"
serve_on a/client b/server -- tcp/80
control=n1,10.244.1.10,80
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/client a/other b/server
	cat <<X
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: clients, namespace: b}
spec:
  podSelector: {}
  ingress:
  - from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: client}}}]
X
} >"$tmp/cluster"
apply "$tmp/cluster"
expect <<X
yes a/client tcp b/server 80 the policy allows it
no a/other tcp b/server 80 the policy denies it
X

# What docs/install.md tells to run; v* are the interfaces of the pods.
cat >"$tmp/change" <<X
set -e
netpolctl save $tmp/replace
nft -f - <<END
table inet netpol_replace {
	chain in { type filter hook prerouting priority -500; iifname "v*" drop; }
	chain out { type filter hook postrouting priority -500; oifname "v*" drop; }
	chain tracking { type filter hook input priority 0; ct state invalid counter; }
}
END
netpolctl flush --yes
rmmod netpol
modprobe netpol
netpolctl restore $tmp/replace
nft delete table inet netpol_replace
X
cat >"$tmp/live" <<X
tcp-4 tcp a.client b.server ${end_v4[b/server]} 9000
tcp-6 tcp a.client b.server ${end_v6[b/server]} 9000
udp-4 udp a.client b.server ${end_v4[b/server]} 9000
udp-6 udp a.client b.server ${end_v6[b/server]} 9000
X

# The one who is denied tries all the time, over both families, for a minute at most.
sees b/server "ip saddr 10.244.1.20"
: >"$tmp/flood"
in_netns "${end_netns[a/other]}" bash -c '
	end=$((SECONDS + 60))
	while [ -e "$1" ] && [ "$SECONDS" -lt "$end" ]; do
		echo x >/dev/udp/10.244.2.10/9001
	done' flood "$tmp/flood" 2>/dev/null &
pids+=($!)
live "five change-overs" open "for i in 1 2 3 4 5; do ip netns exec n1 bash $tmp/change || exit 1; done"
is "$(seen b/server)" 0 "nothing that is denied got through"
expect <<X
yes a/client tcp b/server 80 the policy is in force again
no a/other tcp b/server 80 the policy is in force again
X

# The same without the table: the test would see it.
netpol flush --yes
expect <<X
yes a/other tcp b/server 80 a flush opens
X
check "the flood is seen once nothing is enforced" sh -c "[ '$(seen b/server)' -gt 0 ]"
rm "$tmp/flood"
finish
