#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What limits on compiled programs do to pods, as an operator sees it: status, get pods, eval,
# explain and the kernel's log name the pod, the namespace and the limit.
#netpol-test: timeout=400
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
values=35	# of each of two labels
kinds=$((values * values))

policy() # NAME PRIORITY SUBJECT
{
	printf -- '---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n'
	printf 'metadata: {name: %s}\nspec:\n  tier: Admin\n  priority: %s\n  subject: %s\n' "$@"
	printf '  ingress:\n'
}

# A Deny of one label value at some ports.
rule() # KEY VALUE PORT...
{
	printf '  - {action: Deny, from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: '
	printf '{%s: v%s}}}}], protocols: [' "$1" "$2"
	printf '{tcp: {destinationPort: {number: %s}}},' "${@:3}"
	printf ']}\n'
}

{
	ns_yaml a
	ns_yaml t
	printf -- '---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: a}\n'
	printf 'spec: {containers: [{name: c, image: i}]}\nstatus: {podIP: 10.0.0.1}\n'
	printf -- '---\napiVersion: v1\nkind: Pod\nmetadata: {name: big, namespace: t, '
	printf 'labels: {size: big}}\nspec: {containers: [{name: c, image: i}]}\n'
	printf 'status: {podIP: 10.0.0.2}\n'
	# the policies below have a row for each of these
	for ((i = 0; i < kinds; i++)); do
		printf -- '---\napiVersion: v1\nkind: Pod\nmetadata: {name: p%s, namespace: t, ' $i
		printf 'labels: {x: v%s, y: v%s}}\n' $((i / values)) $((i % values))
		printf 'spec: {containers: [{name: c, image: i}]}\nstatus: {podIP: 10.1.%s.%s}\n' \
			$((i / 200)) $((i % 200 + 1))
	done
} >"$tmp/pods.yaml"
netpolctl apply --local all -f "$tmp/pods.yaml" >/dev/null 2>"$tmp/err" ||
	bail "apply: $(tail -n 3 "$tmp/err")"
is "$(netpolctl status -o json 2>/dev/null | jq .podsWithoutRoom)" 0 "at first no pod is closed"

# A pod whose policies make too many cells is closed; the policies are in force.
for ((i = 0; i < 4; i++)); do
	policy large$i $((10 + i)) '{pods: {namespaceSelector: {}, podSelector: {matchLabels: {size: big}}}}'
	for ((j = 0; j < 25; j++)); do
		mapfile -t ports < <(seq $((2000 + (i * 25 + j) * 50)) 2 $((2049 + (i * 25 + j) * 50)))
		key=x
		((j < 13)) || key=y
		rule $key $(((i * 13 + j) % values)) "${ports[@]}"
	done
done >"$tmp/large.yaml"
netpolctl apply -f "$tmp/large.yaml" >/dev/null 2>"$tmp/err" || bail "apply: $(tail -n 3 "$tmp/err")"
netpolctl status >"$tmp/out" 2>"$tmp/err" || bail status
is "$(netpolctl status -o json 2>/dev/null | jq .podsWithoutRoom)" 1 "a pod is closed"
check "status counts it" grep -qxF "no room     1 local pods are closed" "$tmp/out"
check "and names it, the namespace, the limit and what to do" \
	grep -qE "pod t/big is closed in ingress: policies of namespace t make more cells on it than limit cells-per-program leaves; use fewer" "$tmp/err"
check "get pods shows it" sh -c "netpolctl get pods -n t big | grep -qw no-room-ingress"
check "the log names it" sh -c "dmesg | grep -q 'such as t/big, are closed'"
netpolctl eval a/web t/big --protocol tcp/80 >"$tmp/out"
is "$?" 1 "eval: it is closed"
check "eval says why" grep -q "no room for its policies.*namespace t.*cells-per-program" "$tmp/out"
netpolctl explain a/web t/big --protocol tcp/80 -o json >"$tmp/out"
is "$(jq -r '.reason + " " + (.steps[] | select(.lack) | .lack.limit + " " + .lack.namespace)' "$tmp/out")" \
	"noRoom cells-per-program t" "explain too"
netpolctl delete clusternetworkpolicy/large0 clusternetworkpolicy/large1 >/dev/null || bail delete
is "$(netpolctl status -o json 2>/dev/null | jq .podsWithoutRoom)" 0 "with fewer policies it is open"
netpolctl eval a/web t/big --protocol tcp/80 >/dev/null
is "$?" 0 "and is judged"
finish
