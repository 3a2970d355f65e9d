#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl exposure as a command: exit statuses, its text as it was read once and found right, its
# schema, what words choose. Without the module.
set -u
cd "$(dirname "$0")/../.." || exit 1
command='exposure'
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

world=tests/unit/input/exposure.yaml

expect 0 '^5 workloads$' -f $world
diff -u tests/unit/input/exposure.txt "$tmp/out" || failed=1
expect 0 'note: left out 1 pod without an address, finished, or of the host' -f $world
awk 'length > 80 { print FILENAME ": more than 80 columns: " $0; bad = 1 } END { exit bad }' \
	"$tmp/out" <("$tool" exposure --help) <("$tool" exposure -f examples/shop) || failed=1

# docs/graph.md shows what is written.
awk '/^\$ netpolctl exposure shop\/redis -f examples\/shop$/ { on = 1; next } /^```/ { on = 0 } on' \
	docs/graph.md >"$tmp/doc"
expect 0 '^1 workload$' shop/redis -f examples/shop
diff -u "$tmp/doc" "$tmp/out" || failed=1

# Words choose; a pod of a workload stands for itself, and what is left of the workload is a peer.
expect 0 '^1 workload$' shop/db -f $world
expect 0 '^2 workloads$' ops -f $world
expect 0 '^4 workloads$' shop/db ops shop/web -f $world
expect 0 '^shop/web-1, a pod$' shop/web-1 -f $world
expect 0 '^    other namespaces  tcp/8080 from edge/gate$' shop/web-1 -f $world
expect 0 '^                      tcp/9090-9099 from ops/\*$' shop/web-1 -f $world
expect 0 '^    other namespaces  tcp/9090-9099 to shop/web-1$' ops shop/web-1 -f $world
expect 3 '"shop/nothing" is no namespace, workload or pod' shop/nothing -f $world
expect 3 '"sho" is no namespace' sho -f $world
expect 3 '"shop/" is no namespace' shop/ -f $world
expect 3 '"ops/proxy" is no namespace, workload or pod with an address' ops/proxy -f $world

# Ports that were asked for.
expect 0 '^    other namespaces  tcp/9090 from ops/\*$' shop/web-1 -f $world --ports tcp/9090,icmp
expect 0 '^    world             all these ports, no policy selects it$' ops/shell -f $world --ports udp/53

# ClusterNetworkPolicies select, and isolate nobody.
cat >"$tmp/cluster.yaml" <<'X'
{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: adm},
 spec: {tier: Admin, priority: 5, subject: {namespaces: {matchLabels: {team: platform}}},
 ingress: [{action: Deny, from: [{namespaces: {}}]}]}}
X
expect 0 '^  ingress: not isolated, selected by Admin/adm$' ops -f $world -f "$tmp/cluster.yaml"
expect 0 '^    own namespace     nothing$' ops -f $world -f "$tmp/cluster.yaml"
expect 0 '^    world             everything$' ops -f $world -f "$tmp/cluster.yaml"

# Nothing is allowed for a pod whose Namespace is not there while there are ClusterNetworkPolicies.
cat >"$tmp/lost.yaml" <<'X'
{apiVersion: v1, kind: Pod, metadata: {name: q, namespace: lost}, status: {podIP: 10.9.0.2}}
X
expect 0 '^  ingress: nothing is allowed, as its Namespace is not there' lost -f $world \
	-f "$tmp/cluster.yaml" -f "$tmp/lost.yaml"
expect 0 '^    world             nothing$' lost -f $world -f "$tmp/cluster.yaml" -f "$tmp/lost.yaml"
expect 0 '^  ingress: no policy selects it$' lost -f $world -f "$tmp/lost.yaml"

# Names are cut short unless -v is given, and whole namespaces have one.
jq -n '{apiVersion: "v1", kind: "List", items: ([range(4) | {apiVersion: "v1", kind: "Namespace",
	metadata: {name: "n\(.)", labels: {x: "\(.)"}}}] + [range(60) | {apiVersion: "v1", kind: "Pod",
	metadata: {name: "p\(.)", namespace: "n\(. % 4)", labels: {even: "\(. % 8 / 4 | floor)"}},
	status: {podIP: "10.0.0.\(. + 1)"}}])}' >"$tmp/many.json"
from() # PEER: a policy that lets it reach port 80 of some pods of n0
{
	echo "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: even, namespace: n0},
 spec: {podSelector: {matchLabels: {even: \"0\"}}, ingress: [{from: [$1], ports: [{port: 80}]}]}}" \
		>"$tmp/from.yaml"
}
many=(n0/p0 -f "$tmp/many.json" -f "$tmp/from.yaml")
from '{namespaceSelector: {}}'
expect 0 '^    other namespaces  tcp/80 from all 45 workloads$' "${many[@]}"
from '{namespaceSelector: {matchExpressions: [{key: x, operator: In, values: ["1", "3"]}]}}'
expect 0 '^    other namespaces  tcp/80 from n1/\*, n3/\*$' "${many[@]}"
from '{namespaceSelector: {}, podSelector: {matchLabels: {even: "1"}}}'
expect 0 ' and 9 more$' "${many[@]}"
expect 0 '^-v writes all names$' "${many[@]}"
expect 0 ' n3/p55' "${many[@]}" -v

# What is written is what the schema says.
schema() # WORD...
{
	"$tool" exposure "$@" -o json >"$tmp/doc.json" 2>"$tmp/err" || { cat "$tmp/err"; failed=1; }
	/usr/bin/python3 - docs/schema/exposure.json "$tmp/doc.json" <<-'P' || { echo "schema: $*"; failed=1; }
	import json
	import sys
	import jsonschema
	schema, doc = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:])
	jsonschema.Draft7Validator.check_schema(schema)
	jsonschema.validate(doc, schema)
	P
}
schema -f examples/cluster.yaml -f examples/ipblock-except.yaml -f examples/dual-stack.yaml
schema -f $world -f "$tmp/cluster.yaml" --ports tcp/443,icmp,47
schema shop/web-1 -f $world
schema -f $world
has() # FILTER
{
	jq -e "$1" "$tmp/doc.json" >/dev/null || { echo "json has not: $1"; failed=1; }
}
has '[.workloads[] | .namespace + "/" + .name] == ["edge/gate", "ops/prometheus", "ops/shell", "shop/db", "shop/web"]'
has '.workloads[4] | .pods == ["web-0", "web-1"] and .kind == "workload"'
has '.workloads[4].ingress | .isolated == "all" and .policies == ["shop/web", "shop/web-new"] and .world == []'
has '.workloads[4].ingress.otherNamespaces[1] == {"workloads": ["ops/prometheus", "ops/shell"],
	"connections": [{"ports": [{"protocol": "TCP", "first": 9090, "last": 9099}], "allPods": false}]}'
has '.workloads[0].ingress.world[1] == {"ranges": [{"first": "198.51.100.0", "last": "198.51.100.255"}],
	"connections": [{"ports": [{"protocol": "TCP", "first": 443, "last": 443},
		{"protocol": "TCP", "first": 8443, "last": 8443}], "allPods": true}]}'
has '.workloads[0].ingress.world[0].ranges == [{"first": "0.0.0.0", "last": "9.255.255.255"},
	{"first": "11.0.0.0", "last": "198.51.99.255"}, {"first": "198.51.101.0", "last": "255.255.255.255"}]'
jq '.workloads[0].ingress.node = "never"' "$tmp/doc.json" >"$tmp/wrong.json"
if /usr/bin/python3 -c 'import json, sys, jsonschema
jsonschema.validate(*(json.load(open(n)) for n in sys.argv[:0:-1]))' docs/schema/exposure.json \
	"$tmp/wrong.json" 2>/dev/null; then echo "the schema takes anything"; failed=1; fi

# A name that steers a terminal is written as text.
printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"n","ownerReferences":[{"apiVersion":"v1","kind":"X","name":"e\\u001b[2Jvil","uid":"u","controller":true}]},"status":{"podIP":"10.0.0.1"}}' \
	>"$tmp/evil.json"
expect 0 '^n/e\\x1b\[2Jvil, 1 pod$' -f "$tmp/evil.json" --lenient

expect 2 'exposure needs -f FILE or --kernel'
expect 2 "can't be had together" -f $world --kernel
expect 2 '"http" is no protocol and port' -f $world --ports http
expect 2 'no output form "yaml"' -f $world -o yaml
expect 3 'no-such-file' -f no-such-file
expect 3 'there are no pods' -f examples/dns-only.yaml
printf '{"apiVersion":"netpolctl/v1","kind":"Snapshot","formatVersion":1}\n' >"$tmp/snapshot"
expect 3 'the snapshot is damaged' -f "$tmp/snapshot"
exit $failed
