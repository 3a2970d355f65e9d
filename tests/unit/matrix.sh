#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl matrix as a command: exit statuses, forms, --expect as a gate, the gate of
# examples/. Without the module.
set -u
cd "$(dirname "$0")/../.." || exit 1
command='matrix'
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

cluster=(-f examples/cluster.yaml -f examples/dns-only.yaml)
expect 0 '"kind": "Matrix"' "${cluster[@]}" --ports tcp/80 -o json
expect 0 '^TCP/80  \(26 allowed, 10 denied\)' "${cluster[@]}" --ports tcp/80
expect 0 '^5 namespace-c/api  X X X X . X$' "${cluster[@]}" --ports tcp/80 --no-headers
expect 0 '^source,destination,TCP/80,UDP/53$' "${cluster[@]}" --ports tcp/80,udp/53 -o csv
expect 0 '^namespace-c/api,namespace-a/web,deny,allow$' "${cluster[@]}" --ports tcp/80,udp/53 \
	-o csv --no-headers
expect 0 '^\| namespace-c/api \| UDP/53 \| .*\| self \|' "${cluster[@]}" \
	--ports tcp/80,udp/53 -o md
expect 0 '<title>netpol matrix</title>' "${cluster[@]}" --ports tcp/80 -o html
expect 0 '"family": 6' "${cluster[@]}" --ports tcp/80 -o json --family 6
expect 0 '^TCP/80  \(2 allowed, 2 denied\)' "${cluster[@]}" --ports tcp/80 -n namespace-c

expect 2 'matrix needs -f FILE or --kernel' --ports tcp/80
expect 2 'matrix needs --ports' "${cluster[@]}"
expect 2 '"http" is no protocol and port' "${cluster[@]}" --ports http
expect 2 '"tcp/0" is no protocol and port' "${cluster[@]}" --ports tcp/80,tcp/0
expect 2 'has no output form "yaml"' "${cluster[@]}" --ports tcp/80 -o yaml
expect 2 '--family takes 4 or 6' "${cluster[@]}" --ports tcp/80 --family 5
expect 2 "can't be had together" "${cluster[@]}" --ports tcp/80 --kernel
expect 2 'a file is given as -f' "${cluster[@]}" --ports tcp/80 examples
expect 2 'no option --prots' "${cluster[@]}" --prots tcp/80
expect 2 'the output forms table and json' "${cluster[@]}" --expect /dev/null -o html
expect 3 'no-such-file' -f no-such-file --ports tcp/80
expect 3 'no pod of these namespaces has' "${cluster[@]}" --ports tcp/80 -n nowhere
expect 3 'there are no pods' -f examples/dns-only.yaml --ports tcp/80
cat >"$tmp/six.yaml" <<X
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: a}
status: {podIP: "fd00::1"}
X
expect 3 'no pod has an IPv4 address' --family 4 --ports tcp/80 -f "$tmp/six.yaml"

# The gate: what was written is what is expected, until a policy comes.
"$tool" matrix "${cluster[@]}" --ports tcp/80,udp/53 -o json >"$tmp/want.json"
expect 0 '^72 verdicts are as expected$' "${cluster[@]}" --expect "$tmp/want.json"
expect 1 '^TCP/80 namespace-a/api -> namespace-b/api: denied, expected allowed \(ingress of namespace-b/api: isolated, no rule accepts \(isolated by namespace-b/default-deny\)\)$' \
	"${cluster[@]}" -f examples/default-deny.yaml --expect "$tmp/want.json"
expect 1 '"kind": "MatrixDifference"' "${cluster[@]}" -f examples/default-deny.yaml \
	--expect "$tmp/want.json" -o json
expect 1 '^port TCP/443: asked for, not in what is expected$' "${cluster[@]}" \
	--ports tcp/443 --expect "$tmp/want.json"
expect 1 '^pod namespace-c/web: expected, not in the input$' "${cluster[@]}" -n namespace-a \
	--expect "$tmp/want.json"
printf '{"pods": ["a/b"],\n "allowed": {"TCP/80": ["11"]}}' >"$tmp/bad.json"
expect 3 "^netpolctl: error: $tmp/bad.json:2:25: allowed.TCP/80\[0\]: must be a string of 1 char" \
	"${cluster[@]}" --expect "$tmp/bad.json"
expect 3 'no protocol and port' "${cluster[@]}" \
	--expect <(echo '{"pods": ["a/b"], "allowed": {"HTTP/80": ["1"]}}')
expect 3 'all of them are \?' "${cluster[@]}" --expect <(jq '
	.allowed |= map_values(map(gsub("."; "?")))' "$tmp/want.json")
expect 3 'No such file' "${cluster[@]}" --expect "$tmp/none"
expect 0 '^36 verdicts are as expected$' "${cluster[@]}" --expect examples/matrix/dns-only.yaml

# Reasons of ClusterNetworkPolicies: a Pass is a step of its own. Everything is expected the other
# way round, so that every verdict is listed.
cat >"$tmp/tiers.yaml" <<'X'
{apiVersion: v1, kind: List, items: [
{apiVersion: v1, kind: Namespace, metadata: {name: a}},
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a, labels: {app: p}}, status: {podIP: 10.0.0.1}},
{apiVersion: v1, kind: Pod, metadata: {name: q, namespace: a, labels: {app: q}}, status: {podIP: 10.0.0.2}},
{apiVersion: v1, kind: Pod, metadata: {name: r, namespace: a, labels: {app: r}}, status: {podIP: 10.0.0.3}},
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np, namespace: a}, spec: {podSelector: {matchLabels: {app: r}}, ingress: [{ports: [{port: 53, protocol: UDP}]}]}},
{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: adm}, spec: {tier: Admin, priority: 5, subject: {namespaces: {}},
 egress: [{action: Deny, name: "no \"q\"", to: [{pods: {podSelector: {matchLabels: {app: q}}}}], protocols: [{tcp: {destinationPort: {number: 80}}}]}],
 ingress: [{name: first, action: Accept, from: [{pods: {podSelector: {matchLabels: {app: x}}}}]}, {action: Pass, name: later, from: [{namespaces: {}}]}]}},
{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: base}, spec: {tier: Baseline, priority: 7, subject: {namespaces: {}},
 ingress: [{action: Pass, from: [{pods: {podSelector: {matchLabels: {app: p}}}}], protocols: [{udp: {destinationPort: {number: 53}}}]}, {action: Deny, from: [{pods: {podSelector: {matchLabels: {app: r}}}}]}]}}]}
X
tiers=(-f "$tmp/tiers.yaml" --ports 'tcp/80,udp/53')
expect 0 '"kind": "Matrix"' "${tiers[@]}" -o json
schema
jq '.allowed |= map_values(map(gsub("1"; "x") | gsub("0"; "1") | gsub("x"; "0")))' "$tmp/out" \
	>"$tmp/inverse.json"
tiers+=(--expect "$tmp/inverse.json")
while read -r line; do
	expect 1 "^$line\$" "${tiers[@]}"
done <<'X'
TCP/80 a/p -> a/q: denied, expected allowed \(egress of a/p: egress\[0\] "no "q"" of Admin/adm denies\)
TCP/80 a/p -> a/r: denied, expected allowed \(ingress of a/r: passed on by ingress\[1\] "later" of Admin/adm; isolated, no rule accepts \(isolated by a/np\)\)
UDP/53 a/p -> a/r: allowed, expected denied \(ingress of a/r: passed on by ingress\[1\] "later" of Admin/adm; ingress\[0\] of a/np accepts\)
TCP/80 a/q -> a/p: allowed, expected denied \(ingress of a/p: passed on by ingress\[1\] "later" of Admin/adm; not isolated\)
TCP/80 a/r -> a/p: denied, expected allowed \(ingress of a/p: passed on by ingress\[1\] "later" of Admin/adm; ingress\[1\] of Baseline/base denies\)
UDP/53 a/p -> a/q: allowed, expected denied \(ingress of a/q: passed on by ingress\[1\] "later" of Admin/adm; passed on by ingress\[0\] of Baseline/base; not isolated\)
X
expect 1 '"kind": "MatrixDifference"' "${tiers[@]}" -o json
schema
steps() # PORT SOURCE DESTINATION FILTER
{
	jq -e --arg p "$1" --arg s "$2" --arg d "$3" '.differences[] | select(.port == $p and
		.source == $s and .destination == $d).steps | '"$4" "$tmp/out" >/dev/null && return
	echo "steps of $1 $2 -> $3 are not $4"
	failed=1
}
steps TCP/80 a/p a/q '. == [{"direction": "egress", "policy": "Admin/adm", "tier": "Admin",
	"rule": 0, "ruleName": "no \"q\"", "action": "Deny"}]'
steps TCP/80 a/p a/r 'map(.action) == ["Pass", "Isolate"]'
steps UDP/53 a/p a/r 'map([.policy, .rule, .action]) ==
	[["Admin/adm", 1, "Pass"], ["a/np", 0, "Accept"]]'
steps TCP/80 a/r a/p '.[1] == {"direction": "ingress", "policy": "Baseline/base",
	"tier": "Baseline", "rule": 1, "action": "Deny"}'
steps UDP/53 a/p a/q 'map([.tier, .action]) == [["Admin", "Pass"], ["Baseline", "Pass"]]'
steps TCP/80 a/p a/p '. == []'
expect 0 '"passes":\[{"policy":"Admin/adm","rule":1,"name":"later"},{"policy":"Baseline/base","rule":0}\]' \
	-f "$tmp/tiers.yaml" --ports tcp/80,udp/53 -o html

# Pods without a row are told of.
cat >"$tmp/odd.yaml" <<X
{apiVersion: v1, kind: PodList, items: [
 {metadata: {name: a, namespace: m}, status: {podIP: 10.0.0.1}},
 {metadata: {name: b, namespace: m}, status: {podIP: "fd00::1"}},
 {metadata: {name: c, namespace: m}, status: {podIP: 10.0.0.2, phase: Failed}},
 {metadata: {name: d, namespace: m}, spec: {hostNetwork: true}, status: {podIP: 10.0.0.3}}]}
X
expect 0 'left out 2 pods without an address, finished, or of the host' -f "$tmp/odd.yaml" \
	--ports tcp/80
expect 0 'left out 1 pod without an IPv4 address' -f "$tmp/odd.yaml" --ports tcp/80
expect 0 'left out 1 pod without an IPv6 address' -f "$tmp/odd.yaml" --ports tcp/80 --family 6
expect 0 '^1 m/a  .$' -f "$tmp/odd.yaml" --ports icmp --no-headers -q
[ ! -s "$tmp/err" ] || { echo "-q is not quiet"; failed=1; }

# A page of 1,000 pods is made; one more pod is refused before any work.
pods() # COUNT
{
	jq -n --argjson n "$1" '{apiVersion: "v1", kind: "List", items: [range($n) | {
		apiVersion: "v1", kind: "Pod", metadata: {name: "p\(.)", namespace: "a"},
		status: {podIP: "10.0.\(. / 256 | floor).\(. % 256)"}}]}'
}
expect 0 'Who reaches whom' -f <(pods 1000) --ports tcp/80 -o html
expect 3 '1001 pods and 1 port are more than a page can show' -f <(pods 1001) --ports tcp/80 \
	-o html
exit $failed
