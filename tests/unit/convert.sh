#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl convert as a command: what is written is read again by the other commands, what has no
# exact form is named and keeps everything from being written, exit statuses. Without the module.
# tests/unit/test_convert.c holds verdicts against the naive evaluator over random policies.
set -u
cd "$(dirname "$0")/../.." || exit 1
command='convert'
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

# empty: the last command wrote nothing to standard output
empty()
{
	[ ! -s "$tmp/out" ] || { echo "something was written"; cat "$tmp/out"; failed=1; }
}

cat >"$tmp/old.yaml" <<'X'
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata:
  name: default
  uid: 0a1b
  resourceVersion: "12"
  generation: 3
  creationTimestamp: "2026-01-01T00:00:00Z"
  labels: {team: "yes"}
  annotations: {note: "1", kubectl.kubernetes.io/last-applied-configuration: "{}"}
spec:
  priority: 10
  subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}
  ingress:
  - name: in
    action: Allow
    from: [{pods: {namespaceSelector: {matchLabels: {team: a}}, podSelector: {matchExpressions: [{key: a, operator: In, values: [b, "1"]}]}}}]
    ports: [{portNumber: {port: 80}}, {portRange: {protocol: UDP, start: 5, end: 5}}, {portRange: {protocol: SCTP, start: 5, end: 7}}, {namedPort: web}]
  egress:
  - {action: Pass, to: [{networks: [10.0.0.0/8, "fd00::/8"]}, {namespaces: {}}]}
  - {action: Deny, to: [{namespaces: {}}], ports: null}
status: {conditions: []}
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {name: default}
spec:
  subject: {namespaces: {}}
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
  egress: []
---
apiVersion: v1
kind: Namespace
metadata: {name: a}
X
expect 0 'BaselineAdminNetworkPolicy becomes default-baseline of tier Baseline, priority 1000' \
	-f "$tmp/old.yaml" -o json
holds '.kind == "List" and (.items | length) == 2'
holds '.items[0] == {"apiVersion": "policy.networking.k8s.io/v1alpha2",
	"kind": "ClusterNetworkPolicy",
	"metadata": {"name": "default", "labels": {"team": "yes"}, "annotations": {"note": "1"}},
	"spec": {"tier": "Admin", "priority": 10,
		"subject": {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}}},
		"ingress": [{"name": "in", "action": "Accept",
			"from": [{"pods": {"namespaceSelector": {"matchLabels": {"team": "a"}},
				"podSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "1"]}]}}}],
			"protocols": [{"tcp": {"destinationPort": {"number": 80}}},
				{"udp": {"destinationPort": {"number": 5}}},
				{"sctp": {"destinationPort": {"range": {"start": 5, "end": 7}}}},
				{"destinationNamedPort": "web"}]}],
		"egress": [{"action": "Pass", "to": [{"namespaces": {}}, {"networks": ["10.0.0.0/8", "fd00::/8"]}]},
			{"action": "Deny", "to": [{"namespaces": {}}]}]}}'
holds '.items[1].metadata == {"name": "default-baseline"} and (.items[1].spec | keys) ==
	["ingress", "priority", "subject", "tier"]'

# What is written is what the other commands take, from standard input and as a list as well.
"$tool" convert -f "$tmp/old.yaml" 2>/dev/null >"$tmp/new.yaml" || failed=1
"$tool" lint -f "$tmp/new.yaml" >"$tmp/lint" 2>&1
[ $? -le 1 ] || { echo "what is written can't be read"; cat "$tmp/lint"; failed=1; }
/usr/bin/python3 -c '
import json, sys, yaml
old = list(yaml.safe_load_all(open(sys.argv[1])))
json.dump({"apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicyList",
           "items": [{k: v for k, v in old[0].items() if k not in ("apiVersion", "kind")}]},
          sys.stdout, default=str)' "$tmp/old.yaml" >"$tmp/list.json"
expect 0 'name: default$' -f "$tmp/list.json"
"$tool" convert -f - <"$tmp/list.json" >"$tmp/piped.yaml" || failed=1
cmp "$tmp/out" "$tmp/piped.yaml" || failed=1

# More than 25 rules, peers and ports.
many() # COUNT TEXT, in which each @ is the number
{
	local i

	for ((i = 1; i <= $1; i++)); do
		printf '%s%s' "$([ "$i" = 1 ] || echo ', ')" "${2//@/$i}"
	done
}
head() # NAME PRIORITY
{
	printf '%s\n' '---' 'apiVersion: policy.networking.k8s.io/v1alpha1' 'kind: AdminNetworkPolicy' \
		"metadata: {name: $1}" 'spec:' "  priority: $2" '  subject: {namespaces: {}}'
}
{
	head many 7
	echo "  ingress: [$(many 60 '{name: r@, action: Allow, from: [{namespaces: {matchLabels: {team: v@}}}]}')]"
	echo "  egress: [{action: Deny, to: [$(many 30 '{networks: [10.@.0.0/16]}'), {namespaces: {}}], ports: [$(many 26 '{portNumber: {port: @}}')]}]"
} >"$tmp/many.yaml"
expect 0 'AdminNetworkPolicy many becomes 3 policies of one priority' -f "$tmp/many.yaml" -o json
holds '[.items[].metadata.name] == ["many-part-01", "many-part-02", "many-part-03"]'
holds '[.items[].spec.ingress | length] == [25, 25, 10] and
	[.items[].spec.ingress[].name] == [range(1; 61) | "r\(.)"]'
holds '[.items[0].spec.egress[] | [(.to | length), (.protocols | length)]] ==
	[[25, 25], [6, 25], [25, 1], [6, 1]]'
# A rule that denies has the peer that selects pods in its first part.
holds '.items[0].spec.egress[0].to[0] == {"namespaces": {}} and (.items[1].spec | has("egress") | not)'
# In the order of their names, also if there are more than nine.
{
	head most 7
	rule="{action: Deny, from: [$(many 100 '{namespaces: {matchLabels: {team: v@}}}')], ports: [$(many 100 '{portNumber: {port: @}}')]}"
	echo "  ingress: [$(many 20 "$rule" | sed 's/action: Deny/action: Allow/2')]"
} >"$tmp/most.yaml"
expect 0 'becomes 13 policies' -f "$tmp/most.yaml" -o json
holds '([.items[].metadata.name] | . == sort and length == 13) and
	([.items[].spec.ingress[]] | length == 320 and
		(to_entries | map(select(.value.action == "Accept") | .key) == [range(16; 32)]))'
{ cat "$tmp/many.yaml"; head many-part-01-x 7; } >"$tmp/between.yaml"
expect 3 'another policy of its priority would stand between its parts: AdminNetworkPolicy many-part-01-x' \
	-f "$tmp/between.yaml"
empty
{ cat "$tmp/many.yaml"; head many-part-02 9; } >"$tmp/same.yaml"
expect 3 'two policies would have one name: many-part-02' -f "$tmp/same.yaml"
{ head a 5; head b 5; head c 6; } >"$tmp/equal.yaml"
expect 0 'AdminNetworkPolicy a and AdminNetworkPolicy b have tier Admin and priority 5' \
	-f "$tmp/equal.yaml"
{ head "$(printf 'n%.0s' {1..250})" 5; sed -n '/ingress/p' "$tmp/many.yaml"; } >"$tmp/long.yaml"
expect 3 'its name is too long to number them' -f "$tmp/long.yaml"

# What has no exact form: all of it is named, and nothing is written.
{
	head names 1
	echo '  egress: [{action: Allow, to: [{domainNames: [a.io]}]}]'
	head mixed 2
	echo '  egress: [{action: Allow, to: [{namespaces: {}}, {networks: [10.0.0.0/8]}], ports: [{namedPort: web}]}]'
	head good 3
} >"$tmp/bad.yaml"
expect 3 ':8:34: AdminNetworkPolicy names: spec\.egress\[0\]\.to\[0\]\.domainNames: is not enforced$' \
	-f "$tmp/bad.yaml"
empty
grep -q 'AdminNetworkPolicy mixed: spec.egress\[0\].ports\[0\].namedPort: has no exact form beside networks' \
	"$tmp/err" || { echo "the second one is not named"; failed=1; }
grep -q '2 of 3 policies .* nothing is written' "$tmp/err" || { echo "no count"; failed=1; }
expect 1 '2 of 3 policies are not converted' -f "$tmp/bad.yaml" --partial -o json
holds '[.items[].metadata.name] == ["good"]'
# One that is refused for two fields that nobody knows keeps the others no more than any other.
{ head unknown 4; printf '  ingres: []\n  egres: []\n'; head good 3; } >"$tmp/unknown.yaml"
expect 3 'AdminNetworkPolicy unknown: spec.ingres: ' -f "$tmp/unknown.yaml"
expect 1 '1 of 2 policies .* not converted' -f "$tmp/unknown.yaml" --partial -o json
holds '[.items[].metadata.name] == ["good"]'

# The page shows what is written: its second block of YAML is made of the first one.
awk '/^```yaml/ { n++; on = 1; next } /^```/ { on = 0 } on { print > dir "/page" n ".yaml" }' \
	dir="$tmp" docs/convert.md
expect 0 'name: tenants' -f "$tmp/page1.yaml"
cmp "$tmp/out" "$tmp/page2.yaml" || failed=1

expect 2 'convert needs -f FILE'
expect 2 'a file is given as -f' -f "$tmp/old.yaml" "$tmp/new.yaml"
expect 2 'has no output form "table"' -f "$tmp/old.yaml" -o table
expect 3 'no-such-file' -f no-such-file
expect 3 'has no AdminNetworkPolicy and no BaselineAdminNetworkPolicy' -f "$tmp/new.yaml"
expect 3 'mapping values are not allowed' -f <(echo 'a: b: c')
# Other commands point here.
"$tool" lint -f "$tmp/old.yaml" 2>&1 | grep -q "^hint: 'netpolctl convert -f FILE' writes it" ||
	{ echo "lint does not name convert"; failed=1; }
exit $failed
