#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What completion offers of what is loaded: names in the network namespace that the line names, and
# nothing, without a word, where the module does not answer or is not loaded.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
netns_add n1
node=n1

manifest()
{
	ns_yaml a
	ns_yaml many
	cat <<-X
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: web, namespace: a}
	spec: {podSelector: {}}
	---
	apiVersion: policy.networking.k8s.io/v1alpha2
	kind: ClusterNetworkPolicy
	metadata: {name: all}
	spec: {tier: Admin, priority: 7, subject: {namespaces: {}}, ingress: [{action: Pass, from: [{namespaces: {}}]}]}
	X
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "---\napiVersion: v1\nkind: Pod\nmetadata: {name: pod-%d, namespace: %s, uid: u%d}\n" \
				"spec: {}\nstatus: {phase: Running, podIP: 10.7.%d.%d}\n", i, i < 2 ? "a" : "many", i,
				i / 250, i % 250 + 1
	}'
}

# offers WANT WORD...: the candidates for the last word, and no message
offers()
{
	local want=$1 got
	shift
	got=$(netpolctl __complete "$@" 2>&1 | sed 's/\t.*//' | sort | tr '\n' ' ')
	is "${got% }" "$want" "completion of: $*"
}

manifest 3 >"$tmp/few.yaml"
netpol apply -f "$tmp/few.yaml" --local none
offers 'a many' --netns n1 get pods -n ''
offers 'a/pod-0 a/pod-1 many/pod-2' --netns n1 get pods ''
offers 'a/pod-0 a/pod-1' --netns=n1 eval a/
offers 'a/pod-0 a/pod-1 host many/pod-2 world' --netns n1 explain a/pod-0 ''
offers 'host' --netns n1 explain a/pod-0 h
offers 'a/web all' --netns n1 get policies ''
offers 'all' --netns n1 get cnp a
offers 'a/web' --netns n1 monitor --policy a/
offers 'a a/web many' --netns n1 audit ''
offers 'a/pod-0 a/pod-1' --netns n1 audit --for 1h --pod a/
offers '--policy=a/web' --netns n1 monitor --policy=a/
offers 'manual' --netns n1 get pods --origin m
offers 'policy/a/web' --netns n1 delete policy/
offers 'pod/a/pod-0 pod/a/pod-1' --netns n1 delete policy/a/web pod/a/
offers 'namespace/a namespace/many' --netns n1 delete namespace/
offers 'clusternetworkpolicy/all' --netns n1 delete clusternetworkpolicy/
touch '/run/netns/n2;reboot'
offers ':files n1' --netns n
offers '' get pods ''
offers '' --netns nowhere get pods ''
is "$(setpriv --reuid 65534 --clear-groups --inh-caps=-all \
	netpolctl __complete get pods '' 2>&1; echo "status $?")" 'status 0' "without privileges: nothing"

# With very many pods a namespace comes first.
manifest 6000 >"$tmp/many.yaml"
netpol apply -q -f "$tmp/many.yaml" --local none
offers 'a/ many/' --netns n1 get pods ''
offers 'pod/many/' --netns n1 delete pod/m

netpol flush --yes
check "the module can be unloaded" rmmod netpol
offers '' get pods ''
check "completion loads no module" test ! -e /sys/module/netpol
finish
