#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl audit with the module: begin, change, list, end by hand and by time; what it warns of; and
# what monitor, counters, status, get policies and get trie show meanwhile.
#netpol-test: timeout=600
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/web 10.244.1.10 fd00:244:1::10
pod_make n1 a/friend 10.244.1.11 fd00:244:1::11
pod_make n1 a/stranger 10.244.1.12 fd00:244:1::12
pod_make n1 b/other 10.244.1.13 fd00:244:1::13
pod_info a/web app=web
pod_info a/friend app=friend
serve_on a/web a/friend b/other -- tcp/80
control=n1,10.244.1.13,80
np() { netpolctl --netns n1 "$@"; }
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/web a/friend a/stranger b/other
	cat <<-X
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: deny, namespace: a}
	spec: {podSelector: {}, policyTypes: [Ingress]}
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: web, namespace: a}
	spec:
	  podSelector: {matchLabels: {app: web}}
	  ingress: [{from: [{podSelector: {matchLabels: {app: friend}}}]}]
	---
	apiVersion: policy.networking.k8s.io/v1alpha2
	kind: ClusterNetworkPolicy
	metadata: {name: base}
	spec:
	  tier: Baseline
	  priority: 1
	  subject: {namespaces: {matchLabels: {no: such}}}
	  ingress: [{action: Deny, from: [{namespaces: {}}]}]
	X
} >"$tmp/all.yaml"
apply "$tmp/all.yaml"

generation() { np status -o json | jq .generation; }
audits() { np audit -o json | jq -c '[.items[] | [.namespace, .policy, .pod]]'; }
none() { [ "$(audits)" = '[]' ]; }
# documented FILE: it has the members that docs/schema/audit.json allows, and those that it asks for
documented()
{
	note "$(cat "$1")"
	jq -se '
		def only($may): keys - $may == [];
		def members: ["action", "apiVersion", "generation", "kind", "namespace", "pod", "policies",
			"policy", "secondsLeft", "until"];
		all(.[]; .apiVersion == "netpolctl/v1" and (.kind == "Audit" or (.kind == "AuditList" and
			only(["apiVersion", "generation", "items", "kind", "policies"]) and has("items")))) and
		all(.[] | if .kind == "Audit" then . else .items[] end; only(members) and has("namespace") and
			(has("policy") and has("pod") | not) and has("until") == has("secondsLeft"))' "$1"
}

np audit >"$tmp/out" 2>"$tmp/err"
is "$?" 0 "nothing is observed: exit status"
is "$(cat "$tmp/out")" "" "nothing is observed: no line"
check "nothing is observed: a note" grep -q 'there is no audit' "$tmp/err"
check "at first there is none" none
expect <<-X
no a/stranger tcp a/web 80 enforced
yes a/friend tcp a/web 80 enforced
X

# A namespace.
before=$(generation)
np audit a --for 1h >"$tmp/out" 2>"$tmp/err"
is "$?" 0 "a namespace: exit status"
check "a namespace: what it prints" grep -qE \
	'^namespace a is observed until [0-9-]+ [0-9:]+, in (1 h|5[0-9] min); policies: 2$' "$tmp/out"
check "what nothing isolates any more" grep -qE \
	'warning: no NetworkPolicy isolates the ingress of these pods of this node any more: (a/(web|friend|stranger)(, )?){3}$' \
	"$tmp/err"
is "$(grep -c warning "$tmp/err")" 1 "no other warning"
is "$(generation)" $((before + 1)) "it is one commit"
is "$(np audit --no-headers | awk '{ print $1, $2, $3, $4 }')" "a * * 2" "the table"
np audit -o json >"$tmp/doc"
check "the JSON" documented "$tmp/doc"
check "which has the end" jq -e '.items[0] | .until | fromdateiso8601 - now | . > 3000 and . <= 3601' \
	"$tmp/doc"
is "$(jq -c '[.policies, .items[0].policies]' "$tmp/doc")" '[2,2]' "and how many policies"
np audit -o jsonl >"$tmp/doc"
check "the JSON lines" documented "$tmp/doc"
is "$(wc -l <"$tmp/doc")" 1 "one line for each"

# What would be denied passes, is counted and is shown.
expect <<-X
yes a/stranger tcp a/web 80 observed
yes a/friend tcp a/web 80 observed
X
# monitored FILE WORD...: true when a monitor has seen what it waits for; it may not listen yet
monitored()
{
	local file=$1 pid
	shift
	np monitor "$@" --count 1 >"$file" &
	pid=$!
	pids+=("$pid")
	knocked() { batch <<<"0 a.stranger tcp - 10.244.1.10 80" >/dev/null; [ -s "$file" ]; }
	eventually 60 knocked || kill $pid
	wait $pid
}
check "monitor audit" monitored "$tmp/line" audit --policy a/web
check "would be isolated, by both policies" grep -qE \
	'AUDIT ingress a/stranger(:[0-9]+)? -> a/web:80 tcp  would be isolated by (a/deny, a/web|a/web, a/deny)($|  \(x )' \
	"$tmp/line"
check "monitor all shows it too" monitored "$tmp/line" all --to a/web --color always
check "in a colour of its own" grep -q $'\033\\[33mAUDIT' "$tmp/line"
check "as JSON" monitored "$tmp/line" audit --port tcp/80 -o jsonl
is "$(jq -r '.verdict, .direction, .reason, .policyCount' "$tmp/line" | paste -sd' ')" \
	"AUDIT ingress isolated 2" "with its verdict"
np counters -o json >"$tmp/doc"
audited=$(jq .total.ingressAudited "$tmp/doc")
check "counters: in total" test "$audited" -gt 0
is "$(jq -c '[.pods[] | select(.ingressAudited > 0) | .name]' "$tmp/doc")" '["web"]' "and of the pod"
is "$(jq '.pods[] | select(.name == "web") | .ingressAudited <= .ingressAllowed' "$tmp/doc")" true \
	"as part of those allowed"
is "$(np counters | awk '$2 == "web" { print ($8 > 0), $9; exit }')" "1 0" "in the table"
is "$(np counters -o wide | awk 'NR == 1 { print $8, $9, $10 }')" "IN-AUDITED OUT-AUDITED HOOK-SENT" \
	"and in the wide one"
np status >"$tmp/out" 2>/dev/null
check "status: a line" grep -qE \
	'^audits      1; 2 policies are observed, not enforced; the next audit ends in (1 h|[0-9]+ min)$' "$tmp/out"
check "status: packets" grep -qE '^ingress .* of the allowed audited$' "$tmp/out"
is "$(np status -o json 2>/dev/null | jq -c '.audits | [.count, .policies, has("nextEnd"),
	.secondsLeft > 3000, .secondsLeft <= 3601]')" '[1,2,true,true,true]' "status: JSON"
is "$(np get policies -n a --no-headers | awk '{ print $2, $NF }' | paste -sd' ')" \
	"deny observed web observed" "get policies: the table"
np get policies -o json >"$tmp/doc"
is "$(jq -c '[.items[] | [.metadata.name, (.metadata.annotations["netpolctl/observed-until"] // "" | test("Z$"))]]' \
	"$tmp/doc")" '[["deny",true],["web",true],["base",false]]' "get policies: JSON"
before=$(generation)
is "$(np apply -f "$tmp/doc" | grep -vc unchanged)" 0 "which apply reads, and nothing is changed"
is "$(audits)" '[["a",null,null]]' "nor is the audit"
check "get trie: cells of observed policies" grep -qE '^ingress +audited +- +[0-9]+ +[0-9]+ +accept' \
	<(np get trie a/web)
check "get trie: JSON" jq -e 'any(.entries[]; .audited == true)' <(np get trie a/web -o json)

# Another end of the same one.
np audit a --for 2h -o json >"$tmp/doc" 2>/dev/null
check "changed: JSON" documented "$tmp/doc"
is "$(jq -c '[(.generation > 0), .items[0].action, .items[0].policies]' "$tmp/doc")" \
	'[true,"changed",2]' "it is changed"
is "$(np audit -o json | jq -c '[.items[] | .secondsLeft > 3700]')" '[true]' "and lasts longer"

# To end it.
is "$(np audit --end a)" "namespace a is enforced again" "ended"
check "there is none any more" none
expect <<-X
no a/stranger tcp a/web 80 enforced again
yes a/friend tcp a/web 80 enforced again
X
before=$(generation)
np audit --end a >"$tmp/out" 2>"$tmp/err"
is "$?" 1 "what is not observed can't end"
check "and that is said" grep -q 'error: there is no audit of namespace a$' "$tmp/err"
np audit --end a/web 2>/dev/null
is "$?" 1 "nor a policy"
np audit --end --pod a/web 2>/dev/null
is "$?" 1 "nor a pod"
is "$(generation)" "$before" "nothing was changed"
is "$(np get policies -n a --no-headers | awk '{ print $NF }' | paste -sd' ')" "- -" \
	"get policies has no mark any more"

# One policy, where another one isolates: its rules accept nothing.
np audit a/web --for ever >"$tmp/out" 2>"$tmp/err"
is "$(cat "$tmp/out")" "policy a/web is observed; policies: 1" "one policy, without an end"
check "what its rules accepted is denied now" grep -q \
	'warning: other policies still isolate the ingress of these pods of this node, so what only rules of an observed one accept is denied: a/web$' \
	"$tmp/err"
is "$(grep -c warning "$tmp/err")" 1 "no other warning"
is "$(np audit --no-headers | xargs)" "a web * 1 - never" "the table"
np audit -o json >"$tmp/doc"
check "the JSON" documented "$tmp/doc"
expect <<-X
no a/stranger tcp a/web 80 the other policy isolates
no a/friend tcp a/web 80 the other policy isolates
X
np audit --end a/web >/dev/null || bail "end a/web"

# One pod.
np audit --pod a/web --for 1h >"$tmp/out" 2>"$tmp/err"
check "one pod" grep -qE '^pod a/web is observed until .*; policies: 2$' "$tmp/out"
check "which nothing isolates" grep -q 'isolates the ingress of these pods of this node any more: a/web$' \
	"$tmp/err"
np audit -o json >"$tmp/doc"
check "the JSON" documented "$tmp/doc"
is "$(np get policies -n a --no-headers | awk '{ print $NF }' | paste -sd' ')" "- -" \
	"the policies are enforced for other pods"
expect <<-X
yes a/stranger tcp a/web 80 this pod
no a/stranger tcp a/friend 80 not another one
X

# By time, with nobody asking the kernel to: it commits the end by itself.
np audit --end --all >/dev/null || bail "end --all"
before=$(generation)
np audit a --for 2s -q >"$tmp/out" 2>/dev/null || bail "audit for 2s"
is "$(cat "$tmp/out")" "" "-q: no line"
grown() { [ "$(generation)" = $((before + 2)) ]; }
check "the kernel ends it when the time is over" eventually 60 grown
check "it is not listed any more" none
expect <<-X
no a/stranger tcp a/web 80 enforced after the time
yes a/friend tcp a/web 80 enforced after the time
X

# What is not loaded.
while read -r words; do
	read -r warning
	# shellcheck disable=SC2086 # words
	np audit $words --for 1h >/dev/null 2>"$tmp/err"
	is "$?" 0 "not loaded: $words"
	check "not loaded: $words: a warning" grep -qF "$warning" "$tmp/err"
	is "$(grep -c warning "$tmp/err")" 1 "not loaded: $words: no other one"
done <<-X
a/redis
no policy a/redis is loaded; it is observed once it is
--pod a/redis
no pod a/redis of this node is loaded; its policies are observed once it is
nowhere
no namespace nowhere is loaded; its policies are observed once they are
base
the ClusterNetworkPolicy of that name stays enforced
b
no policy of namespace b is loaded; each is observed once it is
X
is "$(audits)" \
	'[["a",null,"redis"],["a","redis",null],["b",null,null],["base",null,null],["nowhere",null,null]]' \
	"all are listed, in order"
sed 's/name: web, namespace: a}/name: redis, namespace: a}/' "$tmp/all.yaml" >"$tmp/redis.yaml"
netpol apply -f "$tmp/redis.yaml"
is "$(np audit --no-headers | awk '$2 == "redis" { print $4 }')" 1 "once it is loaded, it is counted"
netpol apply --replace -f "$tmp/all.yaml"
is "$(audits | jq length)" 5 "a full transaction takes none away"

# All of them.
np audit --end --all -o json >"$tmp/doc"
check "--end --all: JSON" documented "$tmp/doc"
is "$(jq -c '[.items[].action] | unique + [length]' "$tmp/doc")" '["ended",5]' "each has ended"
check "there is none" none
np audit --end --all >"$tmp/out" 2>"$tmp/err"
is "$?" 0 "--end --all without any"
check "is a note" grep -q 'there is no audit' "$tmp/err"

# A change that waits for its confirmation.
np delete policy/a/web --confirm 5m >/dev/null 2>&1 || bail "delete --confirm"
before=$(generation)
for words in "a --for 1h" "--end a" "--end --all"; do
	# shellcheck disable=SC2086 # words
	np audit $words >/dev/null 2>"$tmp/err"
	is "$?" 5 "while a change waits: audit $words"
	check "says what to do" grep -q "'netpolctl confirm' keeps it" "$tmp/err"
done
is "$(generation)" "$before" "nothing was changed"
check "a question is answered" np audit
np confirm --revert >/dev/null || bail "confirm --revert"

# Events about audits, and the end by flush.
knocked_change() { np audit a --for 1h >/dev/null 2>&1 && [ -s "$tmp/line" ]; }
np monitor change --count 1 >"$tmp/line" &
pid=$!
pids+=("$pid")
check "monitor change" eventually 60 knocked_change
wait $pid
check "is told of audits" grep -qE 'CHANGE generation [0-9]+ of audits$' "$tmp/line"
np flush --yes >/dev/null || bail flush
check "flush ends them" none
finish
