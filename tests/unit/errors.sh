#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Errors of files, as each command that reads some shows them: all at once, with file, line, object
# and hint, up to a limit; the exit status; the form for programs; no word of changes where there
# could be none. Without the module.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

policy()
{
	printf -- '---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n'
	printf 'metadata: {name: %s, namespace: shop}\nspec: %s\n' "$1" "$2"
}

mkdir "$tmp/all"
{ policy A '{}'; policy b '{ingres: [], egress: [{port: []}]}'; policy good '{}'; } >"$tmp/all/a.yaml"
policy good '{}' >"$tmp/all/b.yaml"
{ policy c '{policyTypes: [In]}'; policy d '{}'; echo 'spec: {}'; policy e '{x: 1}'; } >"$tmp/all/c.yaml"
echo '{"apiVersion": "v1", "kind": "Pod", "metadata": {}}' >"$tmp/all/d.json"

# has PATTERN...: lines of the last command's errors, in this order, and no other error
has()
{
	local pattern line=0
	grep -c '^netpolctl: error: ' "$tmp/err" >"$tmp/count"
	[ "$(cat "$tmp/count")" = $# ] || { echo "$command: not $# errors"; cat "$tmp/err"; failed=1; }
	for pattern; do
		line=$((line + 1))
		grep '^netpolctl: error: ' "$tmp/err" | sed -n "${line}p" | grep -Eq -- "$pattern" && continue
		echo "$command: error $line has no $pattern"
		failed=1
	done
}

every=(
	"^netpolctl: error: $tmp/all/a.yaml:4:18: metadata.name: \"A\" must be"
	"^netpolctl: error: $tmp/all/a.yaml:10:8: NetworkPolicy shop/b: spec.ingres: unknown field$"
	"^netpolctl: error: $tmp/all/a.yaml:10:30: NetworkPolicy shop/b: spec.egress\[0\].port: unknown"
	"^netpolctl: error: $tmp/all/c.yaml:5:22: NetworkPolicy shop/c: spec.policyTypes\[0\]: \"In\" must"
	"^netpolctl: error: $tmp/all/c.yaml:11:1: key \"spec\" is given twice"
	"^netpolctl: error: $tmp/all/d.json:1:49: metadata.name: is missing"
	"^netpolctl: error: $tmp/none: cannot be opened"
)
check()
{
	command=$1
	shift
	expect 3 'did you mean ingress\?' "$@"
	has "${every[@]}"
}

files=(-f "$tmp/all" -f "$tmp/none")
check lint "${files[@]}"
check matrix --ports tcp/80 "${files[@]}"
check eval shop/a shop/b -p tcp/80 "${files[@]}"
check explain shop/a shop/b -p tcp/80 "${files[@]}"
check convert "${files[@]}"
check diff "$tmp/all" "$tmp/none"
check apply --dry-run=client "${files[@]}"
for command in lint convert; do
	expect 3 unknown "${files[@]}"
	! grep -q 'nothing was' "$tmp/err" || { echo "$command changes nothing"; failed=1; }
done
# What is to be deleted is read leniently.
command=delete
expect 3 'metadata.name' "${files[@]}"
[ "$(grep -c '^hint: nothing was changed' "$tmp/err")" = 1 ] || { echo "delete has no hint"; failed=1; }
check apply "${files[@]}"
[ "$(tail -n 1 "$tmp/err")" = 'hint: nothing was changed; mend them and run it again' ] ||
	{ echo "apply has no hint"; failed=1; }

# For programs one document, which begins as that of one error does.
command=lint
expect 3 '"kind":"Error"' "${files[@]}" -o json
jq -es 'length == 1 and (.[0] | .exitStatus == 3 and .line == 4 and .path == "metadata.name" and
	.notListed == 0 and (.errors | length == 7 and all(.exitStatus == 3 and .file != "") and
		.[1].object == "NetworkPolicy shop/b" and .[1].hint == "did you mean ingress?"))' \
	"$tmp/out" >/dev/null || { echo "errors for programs:"; cat "$tmp/out"; failed=1; }
expect 3 '"kind":"Error"' -f "$tmp/all/d.json" -o json
jq -es 'length == 1 and (.[0] | has("errors") | not)' "$tmp/out" >/dev/null ||
	{ echo "one error for programs:"; cat "$tmp/out"; failed=1; }

# No more than 20, and how many more.
for ((i = 0; i < 33; i++)); do policy "x$i" '{x: 1}'; done >"$tmp/many.yaml"
expect 3 '^netpolctl: error: and 13 more$' -f "$tmp/many.yaml"
[ "$(grep -c 'spec.x: unknown field$' "$tmp/err")" = 20 ] || { echo "not 20 errors"; failed=1; }
expect 3 '"notListed":13}$' -f "$tmp/many.yaml" -o json
# Of files that are read leniently the errors that are left.
expect 3 'metadata.name: "A" must' "${files[@]}" --lenient
[ "$(grep -c '^netpolctl: error' "$tmp/err")" = 5 ] || { echo "lenient errors"; cat "$tmp/err"; failed=1; }

# Errors that show only when all files are read: rules that name Nodes, and limits.
for name in one two; do
	printf -- '---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n'
	printf 'metadata: {name: %s}\nspec: {tier: Admin, priority: 1, subject: {namespaces: {}}, ' $name
	echo 'egress: [{action: Deny, to: [{nodes: {}}]}]}'
done >"$tmp/nodes.yaml"
for ((i = 0; i < 300; i++)); do echo "    l$i: x"; done >"$tmp/labels"
for name in wide broad; do
	printf -- '---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: %s\n  labels:\n' $name
	cat "$tmp/labels"
done >"$tmp/wide.yaml"
command=matrix
expect 3 'has no Node object' --ports tcp/80 -f "$tmp/nodes.yaml" -f "$tmp/wide.yaml"
has 'nodes.yaml:5:.*: ClusterNetworkPolicy one: spec.egress\[0\].to\[0\].nodes: ' \
	'nodes.yaml:10:.*: ClusterNetworkPolicy two: ' \
	'wide.yaml:2:1: Namespace wide: has 301 labels, the kernel takes at most 256$' \
	'wide.yaml:[0-9]*:1: Namespace broad: has 301 labels'
exit $failed
