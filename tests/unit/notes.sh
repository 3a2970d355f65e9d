#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What every command that reads files says of them: kinds of policy that are not enforced, once
# each; objects that are given twice, of which the last one counts; templates; and that nothing was
# changed, where something could have been. Without the module.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

fail()
{
	echo "$command: $*"
	cat "$tmp/err"
	failed=1
}

# Each command with the words that make it read files. apply and delete then ask the module, which
# need not be there.
commands=(
	"lint" "matrix --ports tcp/80" "eval shop/a shop/b -p tcp/80" "explain shop/a shop/b -p tcp/80"
	"apply --dry-run=client" "apply --dry-run=kernel" "apply" "delete" "delete --dry-run=kernel"
)
# reads FILE...: runs the command on them
reads()
{
	local files=() file
	for file; do files+=(-f "$file"); done
	# shellcheck disable=SC2086 # words
	"$tool" $command "${files[@]}" >"$tmp/out" 2>"$tmp/err"
}
# once WHAT PATTERN
once()
{
	[ "$(grep -Ec -- "$2" "$tmp/err")" = 1 ] || fail "not once: $1"
}

kinds=(
	"cilium.io/v2 CiliumNetworkPolicy" "cilium.io/v2 CiliumClusterwideNetworkPolicy"
	"crd.projectcalico.org/v1 NetworkPolicy" "projectcalico.org/v3 GlobalNetworkPolicy"
	"crd.antrea.io/v1beta1 ClusterNetworkPolicy" "crd.antrea.io/v1alpha1 NetworkPolicy"
	"k8s.cni.cncf.io/v1beta1 MultiNetworkPolicy" "network.openshift.io/v1 EgressNetworkPolicy"
)
for kind in "${kinds[@]}"; do
	for name in one two; do
		printf -- '---\napiVersion: %s\nkind: %s\nmetadata: {name: %s}\n' "${kind% *}" "${kind#* }" $name
	done
done >"$tmp/others.yaml"
policy='{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: shop}, spec:'
cat >"$tmp/cluster.yaml" <<'X'
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, status: {podIP: 10.0.0.1, phase: Running}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: shop}, status: {podIP: 10.0.0.2, phase: Running}}
X
echo "$policy {podSelector: {}, policyTypes: [Ingress]}}" >"$tmp/deny.yaml"
echo "$policy {podSelector: {}, ingress: [{}]}}" >"$tmp/allow.yaml"
cat >"$tmp/admin.yaml" <<'X'
{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: a}, spec: {}}
X
echo 'a: {{ .Values.a }}' >"$tmp/template.yaml"

for command in "${commands[@]}"; do
	reads "$tmp/cluster.yaml" "$tmp/others.yaml" "$tmp/allow.yaml"
	for kind in "${kinds[@]}"; do
		once "$kind" "others.yaml:[0-9]*:1: ${kind#* } of ${kind% *} is not enforced, skipped$"
	done
	# the last one counts, in the order of the files
	reads "$tmp/cluster.yaml" "$tmp/deny.yaml" "$tmp/allow.yaml"
	once "given twice" "allow.yaml:1:1: NetworkPolicy shop/p is given again, before at .*deny.yaml:1; the last one counts$"
	case $command in
	eval* | explain*)
		grep -q '^ALLOW' "$tmp/out" || fail "the last one does not count"
		reads "$tmp/cluster.yaml" "$tmp/allow.yaml" "$tmp/deny.yaml"
		grep -q '^DENY' "$tmp/out" || fail "the last one does not count" ;;
	esac
	reads "$tmp/cluster.yaml" "$tmp/template.yaml"
	once "a template" '^netpolctl: error: .*template.yaml:1:4: this is a template'
	case $command in
	apply | delete)
		once "a template" '^hint: nothing was changed; render it first' ;;
	*)	once "a template" '^hint: render it first' ;;
	esac
	reads "$tmp/none"
	case $command in
	apply | delete)
		once "no such file" '^hint: nothing was changed; mend it' ;;
	*)	! grep -q 'nothing was' "$tmp/err" || fail "it changes nothing" ;;
	esac
	# To leave out what such a policy denies is refused, and deleting is not.
	reads "$tmp/admin.yaml"
	case $command in
	delete*) once "AdminNetworkPolicy" ' AdminNetworkPolicy of .* is not enforced, skipped$' ;;
	*)	once "AdminNetworkPolicy" '^netpolctl: error: .*AdminNetworkPolicy is not enforced: ' ;;
	esac
done

# Both sides of diff read the files of -f, and what they say is said once.
command='diff'
expect 1 'objects: ' "$tmp/deny.yaml" "$tmp/allow.yaml" -f "$tmp/others.yaml" -f "$tmp/cluster.yaml"
for kind in "${kinds[@]}"; do
	once "$kind" ": ${kind#* } of ${kind% *} is not enforced"
done
"$tool" diff "$tmp/none" "$tmp/allow.yaml" 2>"$tmp/err" >/dev/null
! grep -q 'nothing was' "$tmp/err" || fail "it changes nothing"
command=convert
reads "$tmp/others.yaml" "$tmp/admin.yaml" "$tmp/allow.yaml" "$tmp/allow.yaml"
for kind in "${kinds[@]}"; do
	once "$kind" ": ${kind#* } of ${kind% *} is not enforced"
done
reads "$tmp/template.yaml"
once "a template" '^hint: render it first'
for priority in 1 2; do
	printf 'apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n'
	printf 'metadata: {name: a}\nspec: {priority: %s, subject: {namespaces: {}}, ' $priority
	echo 'ingress: [{action: Deny, from: [{namespaces: {}}]}]}'
	echo '---'
done >"$tmp/twice.yaml"
expect 0 '^  priority: 2$' -f "$tmp/twice.yaml"
once "given twice" 'twice.yaml:6:1: AdminNetworkPolicy a is given again, before at .*twice.yaml:1; the last one counts$'
[ "$(grep -c '^kind: ' "$tmp/out")" = 1 ] || fail "not one policy"

# matrix without pods says so, whatever else there is.
command=matrix
expect 3 'there are no pods, so there is nobody to reach' -f "$tmp/allow.yaml" --ports tcp/80
grep -q '^hint: give them as well: kubectl get ' "$tmp/err" || fail "no hint"
exit $failed
