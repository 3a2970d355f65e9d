#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl apply as a command, without the module: which policies are observed instead of enforced,
# and what is said about it.
set -u
cd "$(dirname "$0")/../.." || exit 1
command='apply'
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

# policy NAME NAMESPACE [ANNOTATION]
policy()
{
	printf -- '---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n'
	printf '  name: %s\n  namespace: %s\n  annotations: {%s}\nspec: {podSelector: {}}\n' \
		"$1" "$2" "${3:-}"
}
says() # PATTERN WHAT; of what expect() ran last
{
	grep -Eq -- "$1" "$tmp/err" && return
	echo "$2: no line has $1"
	cat "$tmp/err"
	failed=1
}
says_nothing() # PATTERN WHAT
{
	grep -Eq -- "$1" "$tmp/err" || return
	echo "$2: a line has $1"
	cat "$tmp/err"
	failed=1
}
dry=(--dry-run=client -f)
asks='netpolctl/audit: "true"'

# What a tenant writes counts only by an option.
{ policy one shop "$asks"; policy two shop; } >"$tmp/one.yaml"
expect 0 '^netpolctl: note: 1 policy asks to be observed by the annotation netpolctl/audit and is enforced; --audit-annotations honours it$' \
	"${dry[@]}" "$tmp/one.yaml"
says_nothing 'instead of enforced' 'without an option'
expect 0 '^netpolctl: note: 1 policy is observed instead of enforced: what it would deny passes$' \
	"${dry[@]}" "$tmp/one.yaml" --audit-annotations
says_nothing 'honours' '--audit-annotations'
expect 0 '^netpolctl: note: 2 policies are observed instead of enforced: what they would deny passes$' \
	"${dry[@]}" "$tmp/one.yaml" --audit
says_nothing 'honours' '--audit'
policy plain shop >"$tmp/plain.yaml"
expect 0 'networkpolicy/shop/plain valid' "${dry[@]}" "$tmp/plain.yaml" --audit-annotations
says_nothing . 'a policy without the annotation'

# A Namespace asks for all but those that decline, whatever the file it is in.
{ policy three shop; policy four shop 'netpolctl/audit: "false"'; policy five other; } >"$tmp/more.yaml"
printf 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  annotations: {%s}\n' \
	"$asks" >"$tmp/ns.yaml"
expect 0 'note: 2 policies ask to be observed .* and are enforced' \
	"${dry[@]}" "$tmp/ns.yaml" -f "$tmp/more.yaml" -f "$tmp/plain.yaml"
expect 0 'note: 2 policies are observed' \
	"${dry[@]}" "$tmp/more.yaml" -f "$tmp/plain.yaml" -f "$tmp/ns.yaml" --audit-annotations

# Any other value is no reason to open anything.
policy odd shop 'netpolctl/audit: "True"' >"$tmp/odd.yaml"
expect 0 'odd.yaml:7:34: metadata.annotations.netpolctl/audit: "True" is neither "true" nor "false", so NetworkPolicy shop/odd does not ask for an audit$' \
	"${dry[@]}" "$tmp/odd.yaml" --audit-annotations
says_nothing 'instead of enforced' 'another value'
policy odd shop 'netpolctl/audit: true' >"$tmp/odd.yaml"
expect 0 'is a boolean and not the text "true" or "false" in quotes' \
	"${dry[@]}" "$tmp/odd.yaml" -f "$tmp/ns.yaml" --audit-annotations
says_nothing 'instead of enforced' 'a boolean'

# ClusterNetworkPolicies are enforced.
cluster()
{
	printf -- '---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n'
	printf 'metadata: {name: %s, annotations: {%s}}\n' "$1" "$asks"
	printf 'spec: {tier: Admin, priority: 1, subject: {namespaces: {}}}\n'
}
cluster first >"$tmp/cluster.yaml"
expect 0 'warning: ClusterNetworkPolicy first is enforced: --audit is for NetworkPolicies$' \
	"${dry[@]}" "$tmp/cluster.yaml" -f "$tmp/plain.yaml" --audit
says '1 policy is observed' 'beside a ClusterNetworkPolicy'
{ cluster first; cluster second; cluster third; } >"$tmp/cluster.yaml"
expect 0 'warning: ClusterNetworkPolicy first and 2 more are enforced: --audit' \
	"${dry[@]}" "$tmp/cluster.yaml" --audit
expect 0 'clusternetworkpolicy/first valid' "${dry[@]}" "$tmp/cluster.yaml" --audit-annotations
says_nothing . 'the annotation of a ClusterNetworkPolicy'
exit $failed
