#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl lint as a command: exit statuses, forms, and what it finds in examples/ and in the
# examples of docs/lint.md.
set -u
cd "$(dirname "$0")/../.." || exit 1
command='lint'
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

cluster=(-f examples/cluster.yaml)
expect 0 '^no findings$' "${cluster[@]}" -f examples/default-deny.yaml -f examples/named-port.yaml
cat >"$tmp/no-dns.yaml" <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: no-dns, namespace: namespace-a}
spec: {egress: [{ports: [{port: 443}]}]}
X
expect 1 '/no-dns.yaml:1: NP003 namespace-a/no-dns: spec.egress: namespace-a/web may not ask any' \
	"${cluster[@]}" -f "$tmp/no-dns.yaml"
expect 0 '^no findings$' "${cluster[@]}" -f "$tmp/no-dns.yaml" -f examples/np-allow-ns-a.yaml
expect 1 '^examples/dual-stack.yaml:[0-9]+: NP005 .* holds an address of pod namespace-a/' \
	"${cluster[@]}" -f examples/dual-stack.yaml
expect 0 '^no findings$' "${cluster[@]}" -f examples/dual-stack.yaml --disable NP005
expect 0 '^no findings$' "${cluster[@]}" -f examples/dual-stack.yaml --disable block-of-pods
expect 1 '"kind": "LintReport"' "${cluster[@]}" -f examples/dual-stack.yaml -o json
holds '.findings | length > 0 and all(.id == "NP005" and .line > 0 and .path != "")'
expect 1 '"version": "2.1.0"' "${cluster[@]}" -f examples/dual-stack.yaml -o sarif
# what a reader of SARIF relies on
holds '.runs[0] as $r | ($r.tool.driver.rules | length) == 22 and
	($r.results | length > 0 and all(. as $f |
		$r.tool.driver.rules[$f.ruleIndex].id == $f.ruleId and $f.message.text != "" and
		$f.locations[0].physicalLocation.artifactLocation.uri ==
			"examples/dual-stack.yaml" and
		$f.locations[0].physicalLocation.region.startLine > 0))'
expect 0 '"results": \[\]' "${cluster[@]}" -f examples/default-deny.yaml -o sarif
expect 0 'the input has no pods' -f examples/default-deny.yaml
expect 2 'lint needs -f FILE'
expect 2 'no check "NP099"' -f examples --disable NP099
expect 2 'no output form "yaml"' -f examples -o yaml
expect 2 'a file is given as -f' examples
expect 3 'no network policy' "${cluster[@]}"
expect 3 'cannot be opened' -f no-such-file

# Messages: what was given again, what is a template, and no hint about changes, as lint makes none.
expect 0 'Namespace namespace-a is given again, .* the last one counts; so it is with 8 others$' \
	"${cluster[@]}" "${cluster[@]}" -f examples/default-deny.yaml
echo '{{- if .Values.policies }}' >"$tmp/template.yaml"
expect 3 'template.yaml:1:1: this is a template' -f "$tmp/template.yaml"
expect 3 '^hint: render it first: helm template CHART ' -f - <"$tmp/template.yaml"
echo '[' >"$tmp/broken.yaml"
expect 3 'broken.yaml:2:1: did not find' -f "$tmp/broken.yaml"
! grep -q 'nothing was changed' "$tmp/err" || { echo "lint has nothing to change"; failed=1; }
for dry in none client; do
	"$tool" apply -f "$tmp/broken.yaml" --dry-run=$dry 2>&1 | grep -c 'nothing was changed'
done >"$tmp/hints"
[ "$(tr '\n' ' ' <"$tmp/hints")" = "1 0 " ] ||
	{ echo "apply says that nothing was changed only where something could be"; failed=1; }

# Fixes: the patch applies, the findings are gone, and all other bytes are as they were.
head='apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a, namespace: s}
spec:
  podSelector: {}
'
mkdir "$tmp/a b"
printf '%s' "$head" >"$tmp/a b/fix.yaml"
cat >>"$tmp/a b/fix.yaml" <<'X'
  ingress: # é
  - from:
    - ipBlock: {cidr: 10.3.4.5/24}   # why
    - ipBlock:
        cidr: '10.5.0.0/16'
        except: ["10.5.3.1/24"]
    # before the one that goes
    - ipBlock:
        # inside of it
        cidr: 10.3.4.9/24

    # behind it
    - podSelector: {}
    ports:
    - port: 80
    - {protocol: TCP, port: 80}
    - port: 81
  - ports: [{port: 90}]
  -   ports:
      - port: 90
  - from:
      - ipBlock: { cidr: 0.0.0.0/24 }
      - ipBlock: { cidr: "::/64" }
    ports: [{port: 7}]
X
truncate -s -1 "$tmp/a b/fix.yaml"
grep -v -e inside -e 10.3.4.9 -e 'protocol: TCP' -e '-   ports:' -e '^      - port: 90' \
	<"$tmp/a b/fix.yaml" | awk '/before the one/ { print; getline; next } 1' |
	sed -e 's,10.3.4.5/24,10.3.4.0/24,; s,10.5.3.1/24,10.5.3.0/24,' >"$tmp/fixed"
truncate -s -1 "$tmp/fixed"
cp "$tmp/a b/fix.yaml" "$tmp/before"
expect 1 '^8 findings, 6 with a fix: --diff prints it as a patch$' -f "$tmp/a b/fix.yaml"
expect 1 '^@@ ' -f "$tmp/a b/fix.yaml" --diff
cmp "$tmp/a b/fix.yaml" "$tmp/before" || { echo "lint changed a file"; failed=1; }
if ! patch -s -p1 -d / <"$tmp/out" || ! cmp "$tmp/a b/fix.yaml" "$tmp/fixed"; then
	echo "the patch does not do what it should"
	cat "$tmp/out"
	failed=1
fi
# What opens more is nothing for a patch.
expect 1 '^2 findings$' -f "$tmp/a b/fix.yaml"
[ "$(grep -c ' NP012 ' "$tmp/out")" = 2 ] || { echo "others than NP012 are left"; failed=1; }
expect 1 '' -f "$tmp/a b/fix.yaml" --diff
[ ! -s "$tmp/out" ] || { echo "a patch of nothing is not empty"; failed=1; }
expect 2 'diff has a form of its own' -f "$tmp/a b/fix.yaml" --diff -o json

# The same places in JSON and SARIF, and in files of JSON.
cp "$tmp/before" "$tmp/fix.yaml"
expect 1 '"fix"' -f "$tmp/fix.yaml" -o json
holds '[.findings[].fix | values | [.startLine, .endLine, .startColumn, .old, .new]] | sort ==
	[[8, 8, 23, "10.3.4.5/24", "10.3.4.0/24"], [11, 11, 19, "10.5.3.1/24", "10.5.3.0/24"],
	 [13, 15, null, null, ""], [15, 15, 15, "10.3.4.9/24", "10.3.4.0/24"],
	 [21, 21, null, null, ""], [24, 25, null, null, ""]]'
expect 1 '"fixes"' -f "$tmp/fix.yaml" -o sarif
holds '.runs[0] | .columnKind == "unicodeCodePoints" and ([.results[].fixes | values | .[0].artifactChanges[0] |
	.artifactLocation.uri | endswith("/fix.yaml")] | all) and
	([.results[].fixes | values | .[0].artifactChanges[0].replacements[0] | .deletedRegion as $r |
	  [$r.startLine, $r.startColumn, $r.endLine, $r.endColumn, .insertedContent.text]] | sort)[:3] ==
	[[8, 23, 8, 34, "10.3.4.0/24"], [11, 19, 11, 30, "10.5.3.0/24"], [13, 1, 16, 1, ""]]'
/usr/bin/python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout, indent=1)' \
	<"$tmp/before" >"$tmp/fix.json"
expect 1 '^\+.*"cidr": "10.3.4.0/24"' -f "$tmp/fix.json" --diff
patch -s -p1 -d / <"$tmp/out"
expect 1 ' NP016 ' -f "$tmp/fix.json"
! grep -q ' NP014 ' "$tmp/out" || { echo "findings of JSON are not mended"; failed=1; }

# Columns are those of characters.
echo "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a, annotations: {x: é€}}," \
	'spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.3.4.5/24}}]}]}}' >"$tmp/fix.yaml"
expect 1 '^[+].*é€.*cidr: 10.3.4.0/24}}]}]}}$' -f "$tmp/fix.yaml" --diff

# No fix where the place is not sure: a list in brackets, anchors, brackets that end elsewhere, a
# block that is not spelt as it is read, and what cannot be read again.
none()
{
	printf '%s%s\n' "$head" "$1" >"$tmp/none.yaml"
	expect 1 '^1 finding$' -f "$tmp/none.yaml"
}
none '  ingress: [{ports: [{port: 80}, {port: 80}]}]'
none '  ingress:
  - ports: [{port: 80}, {port: 80}]'
none '  ingress:
  - from: [{podSelector: {}}, {podSelector: {}}]'
none '  ingress:
  - ports:
    - port: 80
    - port: &p 80'
none '  ingress:
  - ports:
    - port: 80
    -
      port: 80'
none '  ingress:
  - ports:
    - port: 80
    - {port: 80
 }'
none '  ingress:
  - ports:
    - port: 80
    - port: 80 # é &'
none '  ingress:
  - from:
    - ipBlock: {cidr: "10.3.4.\x35/24"}'
expect 1 '^8 findings$' -f - <"$tmp/before"
expect 1 '^8 findings$' -f <(cat "$tmp/before")

# An identifier never changes, so each has its name, its section, its line of help and its place in
# the man page. The examples of the section have the finding, and none at all.
block()
{
	awk -v section="## $1" -v number="$2" '
		/^## / { inside = $0 == section }
		inside && /^```yaml$/ { n++; copy = 1; next }
		/^```$/ { copy = 0 }
		inside && copy && n == number' docs/lint.md
}

block "The cluster of the examples" 1 >"$tmp/cluster.yaml"
"$tool" lint "${cluster[@]}" -f examples/default-deny.yaml -o sarif |
	jq -r '.runs[0].tool.driver.rules[] | "\(.id) \(.name)"' >"$tmp/checks"
"$tool" lint --help >"$tmp/help"
while read -r id name; do
	block "$id $name" 1 >"$tmp/wrong.yaml"
	block "$id $name" 2 >"$tmp/right.yaml"
	expect 1 ": $id (shop/|[a-z-]+: spec)" -f "$tmp/cluster.yaml" -f "$tmp/wrong.yaml"
	expect 0 '^no findings$' -f "$tmp/cluster.yaml" -f "$tmp/right.yaml"
	grep -q "^  $id $name " "$tmp/help" || { echo "lint --help has no $id $name"; failed=1; }
	grep -qx ".It $id $name" docs/man/netpolctl-lint.1 ||
		{ echo "the man page has no $id $name"; failed=1; }
done <"$tmp/checks"
[ "$(grep -c '^## NP' docs/lint.md)" = "$(wc -l <"$tmp/checks")" ] ||
	{ echo "docs/lint.md has sections of no check"; failed=1; }

# In the samples only what is meant to be found, with and without the cluster.
for sample in examples/*.yaml; do
	case $sample in
	*/cluster.yaml | */dual-stack.yaml) continue ;;
	*/network-policy-namespace-a.yaml)
		expect 1 ': NP015 namespace-a/network-policy-namespace-a: ' "${cluster[@]}" -f "$sample"
		continue ;;
	esac
	expect 0 '^no findings$' "${cluster[@]}" -f "$sample"
	expect 0 '^no findings$' -f "$sample"
done
exit $failed
