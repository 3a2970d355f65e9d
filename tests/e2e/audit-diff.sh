#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves what docs/audit.md, docs/review.md and docs/graph.md say of audits that run: exposure, graph,
# diff with the kernel as a side and apply --diff say what EVAL says, without an audit, and while a
# namespace, a policy, a pod or all of them are observed.
#netpol-test: timeout=600
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib-verdicts.sh
. "$(dirname "$0")/lib-verdicts.sh"
examples=/tests/examples
ports=tcp/80,tcp/8005,udp/53,icmp
files=(-f "$examples/cluster.yaml" -f "$examples/default-deny.yaml" -f "$examples/port-range.yaml"
	-f "$examples/dns-only.yaml")
cat >"$tmp/change.yaml" <<'X'
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: allow-a, namespace: namespace-b}
spec:
  podSelector: {}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: namespace-a}}}]
    ports: [{protocol: TCP, port: 80}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: namespace-c}
spec: {podSelector: {}, policyTypes: [Ingress]}
X

# load: what all stages begin with; the audits stay
load()
{
	netpolctl apply --replace --local all "${files[@]}" >/dev/null 2>"$tmp/err" ||
		bail "apply: $(cat "$tmp/err")"
}

# stage WHAT: compares everything in the state that the kernel is in
stage()
{
	local what=$1 way words
	verdicts "$tmp/now"
	passing "$tmp/now" >"$tmp/want"
	netpolctl exposure --kernel -o json >"$tmp/json" || bail "exposure --kernel"
	for way in ingress egress; do
		is "$(exposed "$tmp/json" "$tmp/now" $way)" "$(cat "$tmp/want")" \
			"$what: exposure, $way, is what EVAL says"
	done
	netpolctl graph --kernel -o html >"$tmp/html" || bail "graph --kernel"
	is "$(drawn "$tmp/html" "$tmp/now")" "$(cat "$tmp/want")" "$what: so is the page of graph"
	# no rule here has a block, so the world is one address
	netpolctl get pods -o json | jq -r '.items[].metadata | "\(.namespace)/\(.name)"' | sort |
		while read -r words; do
			netpolctl eval 192.0.2.7 "$words" -p tcp/80 >/dev/null
			echo "$words $?"
		done >"$tmp/want.world"
	is "$(jq -r "$verdicts_jq"'.workloads[] | "\(.namespace)/\(.name) \(if any(.ingress.world[].connections[] |
		.ports[]; covers("TCP/80")) then 0 else 1 end)"' "$tmp/json" | sort)" \
		"$(cat "$tmp/want.world")" "$what: and what reaches each pod from the world"

	netpolctl diff kernel "$examples/cluster.yaml" "${files[@]:2}" -o json >"$tmp/diff.json"
	[ $? -le 1 ] || bail "diff kernel FILE"
	is "$(told "$tmp/diff.json" "$tmp/now")" "$(flips "$tmp/now" "$tmp/enforced")" \
		"$what: diff kernel FILE tells what is enforced when the audits are over"

	netpolctl apply -f "$tmp/change.yaml" --dry-run=kernel --diff -o json >"$tmp/dry.json" ||
		bail "apply --dry-run=kernel --diff"
	netpolctl apply -f "$tmp/change.yaml" --diff -o json >"$tmp/apply.json" || bail "apply --diff"
	verdicts "$tmp/then"
	flips "$tmp/now" "$tmp/then" >"$tmp/flips"
	is "$(told "$tmp/dry.json" "$tmp/now")" "$(cat "$tmp/flips")" \
		"$what: apply --dry-run=kernel --diff tells what the change does"
	is "$(told "$tmp/apply.json" "$tmp/now")" "$(cat "$tmp/flips")" "$what: so does apply --diff"
	is "$(jq -c '[.diff.audits[]? | select(.was and .is) | [.namespace, .policy, .pod]]' "$tmp/apply.json")" \
		"$(netpolctl audit -o json | jq -c '[.items[] | [.namespace, .policy, .pod]]')" \
		"$what: it lists the audits"
	load
	verdicts "$tmp/again"
	is "$(passing "$tmp/again")" "$(cat "$tmp/want")" "$what: the change is taken back, the audits go on"
}

# observed WHAT WORD...: a stage with audits; a word is NAMESPACE, NAMESPACE/POLICY or pod:NAMESPACE/POD
observed()
{
	local what=$1 word
	shift
	for word; do
		case "$word" in
		pod:*) netpolctl audit --pod "${word#pod:}" --for 1h ;;
		*) netpolctl audit "$word" --for 1h ;;
		esac >/dev/null 2>"$tmp/err" || bail "audit $word: $(cat "$tmp/err")"
	done
	stage "$what"
	check "$what: more passes than is enforced" grep -qE ' 1 0$' <(flips "$tmp/now" "$tmp/enforced")
	netpolctl audit --end --all >/dev/null || bail "audit --end --all"
}

load
verdicts "$tmp/enforced"
stage "no audit"
check "no audit: the change opens something" grep -qE ' 0 1$' "$tmp/flips"
check "no audit: and closes something" grep -qE ' 1 0$' "$tmp/flips"
is "$(jq -c .audits "$tmp/diff.json")" null "no audit: diff lists none"

observed "a namespace" namespace-b
check "a namespace: the change opens nothing in it" \
	test -z "$(grep -E ' namespace-b/[a-z]+ 0 1$' "$tmp/flips")"
observed "a policy" namespace-c/port-range
observed "a pod" pod:namespace-b/web
observed "all of them" namespace-b namespace-c/port-range pod:namespace-b/api pod:namespace-c/web

# In words, for one pod whose policies are observed beside one whose are not.
netpolctl audit --pod namespace-b/web --for 1h >/dev/null 2>&1 || bail "audit --pod"
netpolctl exposure --kernel namespace-b >"$tmp/out"
is "$(grep -cxF '  ingress: not isolated; observed and not enforced: namespace-b/default-deny' "$tmp/out")" 1 \
	"exposure names what is observed"
is "$(grep -cxF '  ingress: isolated by namespace-b/default-deny' "$tmp/out")" 1 "and what is enforced"
netpolctl diff kernel "$examples/cluster.yaml" "${files[@]:2}" >"$tmp/out"
is "$?" 1 "diff: what the end of the audit closes is a difference"
check "diff lists the audit" grep -qxF '    pod namespace-b/web, only of kernel' "$tmp/out"
netpolctl audit --end --all >/dev/null || bail "audit --end --all"
netpolctl diff kernel "$examples/cluster.yaml" "${files[@]:2}" >"$tmp/out"
is "$?" 0 "and there is none when it is over"

# A policy that is observed for all pods is an object that differs.
netpolctl audit namespace-b/default-deny --for 1h >/dev/null 2>&1 || bail "audit of a policy"
netpolctl diff kernel "$examples/cluster.yaml" "${files[@]:2}" --objects >"$tmp/out"
is "$(grep -A1 -F '~ networkpolicy/namespace-b/default-deny' "$tmp/out" | tail -n 1)" \
	"      ~ audit observed -> enforced" "diff: the policy is observed on one side"
finish
