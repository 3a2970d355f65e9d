#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl top: what it says of a round is what the counters have grown by, of pods, policies and
# rules; what is audited stands apart from what is denied; and its forms.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/web 10.244.1.10 fd00:244:1::10
pod_make n1 a/friend 10.244.1.11 fd00:244:1::11
pod_make n1 a/stranger 10.244.1.12 fd00:244:1::12
pod_info a/web app=web
pod_info a/friend app=friend
serve_on a/web a/friend -- tcp/80
control=n1,10.244.1.11,80
{
	ns_yaml a
	pods_yaml a/web a/friend a/stranger
	cat <<-X
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: web, namespace: a}
	spec:
	  podSelector: {matchLabels: {app: web}}
	  ingress:
	  - {from: [{podSelector: {matchLabels: {app: nobody}}}]}
	  - {from: [{podSelector: {matchLabels: {app: friend}}}]}
	X
} | apply

# between KIND [WANT]: connections between two rounds of top, and whether the one that the policy does
# not allow passes; $told is what the second round says, and $tmp/before and $tmp/after are the
# counters around it
between()
{
	local passes=${2:-no}
	netpolctl --netns n1 counters -o json >"$tmp/before"
	exec 8< <(exec netpolctl --netns n1 top "$1" -b 2 -i 4s -o jsonl)
	read -r told <&8 || bail "top $1"
	expect <<-X
	yes a/friend tcp a/web 80 while top $1 looks
	$passes a/stranger tcp a/web 80 while top $1 looks
	X
	read -r told <&8 || bail "top $1"
	exec 8<&-
	netpolctl --netns n1 counters -o json >"$tmp/after"
}

# same WHAT FILTER FILTER: what top tells of the round is what the counter has grown by
same()
{
	local want
	want=$(jq -n --slurpfile a "$tmp/before" --slurpfile b "$tmp/after" "(\$b[0] | $3) - (\$a[0] | $3)")
	check "$1: something has passed" test "$want" -gt 0
	is "$(jq "$2" <<<"$told")" "$want" "$1"
}

between pods
for way in ingressAllowed ingressDenied; do
	same "pods, a/web, $way" ".pods[] | select(.name == \"web\") | .$way" \
		".pods[] | select(.name == \"web\") | .$way"
	same "pods, total, $way" ".total.$way" ".total.$way"
done
is "$(jq -r '.pods[0].name' <<<"$told")" web "pods: most denied packets first"
between rules
same "rules, ingress[1]" '.rules[0].packets' '.policies[] | .rules[1].packets'
is "$(jq -c '.rules[0] | [.namespace, .name, .origin, .direction, .index]' <<<"$told")" \
	'["a","web","manual","ingress",1]' "rules: most packets first"
is "$(jq -c '.rules[1] | [.index, .packets]' <<<"$told")" '[0,0]' "rules: one that was not hit"
between policies
same "policies" '.policies[0].packets' '.policies[] | [.rules[].packets] | add'

is "$(jq -c '[.policies[].observed]' <<<"$told")" '[null]' "policies: none is observed"
netpolctl --netns n1 top -b 1 -i 200ms >"$tmp/out"
check "table: nothing was ever audited, and nothing is said of it" test -z "$(grep -i audited "$tmp/out")"

# What is audited is a part of what is allowed, and is not denied.
netpolctl --netns n1 audit a/web --for 1h >/dev/null 2>&1 || bail "audit a/web"
between pods yes
for way in ingressAllowed ingressAudited; do
	same "audit: pods, a/web, $way" ".pods[] | select(.name == \"web\") | .$way" \
		".pods[] | select(.name == \"web\") | .$way"
	same "audit: pods, total, $way" ".total.$way" ".total.$way"
done
is "$(jq -r '.pods[] | select(.name == "web") | .ingressDenied' <<<"$told")" 0 "audit: nothing is denied"
is "$(jq -r '.pods[] | select(.name == "web") | .ingressAudited < .ingressAllowed' <<<"$told")" true \
	"audit: what the policy would accept is not audited"
is "$(jq -r '.pods[0].name' <<<"$told")" web "audit: as nothing is denied, most audited packets first"
between rules yes
same "audit: rules, ingress[1]: what it would accept" '.rules[0].packets' '.policies[] | .rules[1].packets'
is "$(jq -c '[.rules[].observed]' <<<"$told")" '[true,true]' "audit: rules: they are observed"
netpolctl --netns n1 top -b 1 -i 200ms >"$tmp/out"
check "audit: table: a column" grep -qE '^NAMESPACE +POD +IN-ALLOWED/s.* AUDITED/s$' "$tmp/out"
check "audit: table: the head" grep -qE 'denied; [0-9.<]+ of the allowed audited$' "$tmp/out"
netpolctl --netns n1 top policies -b 1 -i 200ms >"$tmp/out"
check "audit: table: the state of a policy" grep -qE '^a +web +manual .* observed$' "$tmp/out"
netpolctl --netns n1 audit --end --all >/dev/null || bail "audit --end"
netpolctl --netns n1 top policies -b 1 -i 200ms >"$tmp/out"
check "audit: table: it is enforced again" grep -qE '^a +web +manual .* -$' "$tmp/out"
netpolctl --netns n1 counters --zero >/dev/null || bail "counters --zero"

netpolctl --netns n1 top -b 1 -i 200ms --rows 1 >"$tmp/out"
check "table: a head" grep -qE '^over [0-9.]+ s, a second: in .* denied; 1 of 3$' "$tmp/out"
check "table: titles" grep -qE '^NAMESPACE +POD +IN-ALLOWED/s' "$tmp/out"
is "$(wc -l <"$tmp/out")" 3 "table: one row, as asked for"
check "table: nothing for a terminal" test -z "$(grep $'\033' "$tmp/out")"
check "80 columns" test "$(awk '{ if (length > n) n = length } END { print n }' "$tmp/out")" -le 80
script -qec "netpolctl --netns n1 top -i 200ms" "$tmp/screen" >/dev/null 2>&1 &
pid=$!
pids+=("$pid")
check "a terminal: drawn over" eventually 20 grep -q $'\033\[H\033\[J.*over ' "$tmp/screen"
kill $pid
finish
