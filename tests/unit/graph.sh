#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl graph as a command: exit statuses, its drawings as they were read once and found right,
# that the page says what exposure says, names that steer. Without the module. The page itself is
# tried in tests/browser/graph.py.
set -u
cd "$(dirname "$0")/../.." || exit 1
command='graph'
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

world=tests/unit/input/exposure.yaml

expect 0 '^digraph netpol \{$' -f $world -o dot
diff -u tests/unit/input/graph.dot "$tmp/out" || failed=1
expect 0 '^flowchart LR$' -f $world -o mermaid
diff -u tests/unit/input/graph.mermaid "$tmp/out" || failed=1
expect 0 '<title>netpol graph</title>' -f $world -o html
expect 0 'note: left out 1 pod' -f $world -o html
awk 'length > 80 { print FILENAME ": more than 80 columns: " $0; bad = 1 } END { exit bad }' \
	<("$tool" graph --help) || failed=1

# Without policies there is one arrow for all pods, and one each from and to the world.
expect 0 '^  all -->\|"all ports"\| all$' -f examples/cluster.yaml -o mermaid
[ "$(grep -c -e '--' "$tmp/out")" = 3 ] || { echo "not three arrows"; cat "$tmp/out"; failed=1; }

# Words choose: what is chosen is drawn, and all that it reaches or that reaches it.
expect 0 '^    w3\("db<br>1 pod"\):::closed$' shop/db -f $world -o mermaid
if grep -q gate "$tmp/out"; then echo "gate is drawn, which has nothing to do with db"; failed=1; fi
expect 0 '^  w4 -> a[0-9]+ \[dir=none\]$' shop/db -f $world -o dot
expect 0 '^    label="shop"$' shop/db -f $world -o dot
expect 3 '"shop/nothing" is no namespace, workload or pod' shop/nothing -f $world -o dot

# page FILE: the data of a page
page()
{
	sed -n 's,^<script type="application/json" id="data">\(.*\)</script>$,\1,p' "$1"
}

# The page has what exposure has: for each two workloads the same ports, and for the world.
same() # WORD...
{
	"$tool" graph "$@" -o html >"$tmp/page.html" 2>/dev/null
	"$tool" exposure "$@" -o json >"$tmp/exposure.json" 2>/dev/null
	page "$tmp/page.html" >"$tmp/page.json"
	/usr/bin/python3 - "$tmp/page.json" "$tmp/exposure.json" <<-'P' || { echo "graph $*"; failed=1; }
	import json
	import sys
	page, exposure = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:])
	names = [w["namespace"] + "/" + w["name"] for w in page["workloads"]]
	pods = [w["pods"] for w in page["workloads"]]

	def ports(list):
	    return tuple(sorted((p["protocol"], p.get("first"), p.get("last")) for p in list))

	have, world = set(), set()
	for arrow in page["arrows"]:
	    for a in arrow["from"]:
	        for b in arrow["to"]:
	            if a != b or pods[a] > 1:
	                entry = (names[a], names[b], ports(page["labels"][arrow["label"]]["ports"]))
	                assert entry not in have, entry
	                have.add(entry)
	for line in page["world"]:
	    for a in line["of"]:
	        world.add((names[a], line["leaves"], ports(page["labels"][line["label"]]["ports"])))

	def union(connections):
	    by = [p for c in connections for p in c["ports"]]
	    return ports([dict(t) for t in {tuple(sorted(p.items())) for p in by}])

	want, outside, chosen = set(), set(), set()
	for w in exposure["workloads"]:
	    name = w["namespace"] + "/" + w["name"]
	    chosen.add(name)
	    for side, leaves in (("egress", True), ("ingress", False)):
	        for peer in w[side]["otherNamespaces"] + w[side]["ownNamespace"]:
	            for other in peer["workloads"]:
	                ends = (name, other) if leaves else (other, name)
	                want.add((*ends, union(peer["connections"])))
	        for peer in w[side]["world"]:
	            outside.add((name, leaves, union(peer["connections"])))
	assert have == want, (sorted(have - want)[:3], sorted(want - have)[:3])
	assert world == outside, (world ^ outside)
	for w, name in zip(page["workloads"], names):
	    assert ("ingress" in w) == (name in chosen), name
	    for mine in [x for x in exposure["workloads"] if x["namespace"] + "/" + x["name"] == name]:
	        for side in ("ingress", "egress"):
	            assert w[side]["isolated"] == ["no", "some", "all"].index(mine[side]["isolated"])
	            assert w[side]["policies"] == mine[side]["policies"]
	print(len(have), "pairs")
	P
}
same -f $world >/dev/null
same -f examples/cluster.yaml -f examples/np-allow-ns-a.yaml -f examples/default-deny.yaml >"$tmp/pairs"
grep -qx '[1-9][0-9]* pairs' "$tmp/pairs" || { echo "no pairs were compared"; failed=1; }
same -f examples/shop >/dev/null
same shop/db -f $world >/dev/null
same shop/web-1 ops -f $world --ports tcp/9090,tcp/8080 >/dev/null

# Names that look like HTML, close a quote or steer a program are text.
cat >"$tmp/evil.json" <<'X'
{"apiVersion": "v1", "kind": "List", "items": [
 {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}},
 {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "a", "ownerReferences": [
  {"apiVersion": "v1", "kind": "X", "uid": "u", "controller": true,
   "name": "\"]; end%%{init: {}}%%</script><b>\\N&lt;`#quot;\u001b[2J\n"}]}, "status": {"podIP": "10.0.0.1"}},
 {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "q", "namespace": "a"}, "status": {"podIP": "10.0.0.2"}}]}
X
evil=(-f "$tmp/evil.json" --lenient)
expect 0 '^    w0 \[label="\\"\]; end%%\{init: \{\}\}%%</script><b>\\\\N&amp;lt;`#quot;\\\\x1b\[2J\\\\n\\n1 pod", ' \
	"${evil[@]}" -o dot
expect 0 '^    w0\("#34;#93;#59; end#37;#37;#123;init: #123;#125;#125;#37;#37;#60;/script#62;#60;b#62;#92;N#38;lt#59;#96;#35;quot#59;#92;x1b#91;2J#92;n<br>1 pod"\):::open$' \
	"${evil[@]}" -o mermaid
expect 0 'end%%\{init: \{\}\}%%\\u003c/script\\u003e\\u003cb\\u003e\\\\N\\u0026lt;' "${evil[@]}" -o html
[ "$(grep -c '</script>' "$tmp/out")" = 2 ] || { echo "a name closes a script"; failed=1; }
page "$tmp/out" | jq -e '.workloads[0].name | startswith("\"]; end%%{init: {}}%%</script><b>")' \
	>/dev/null || { echo "the page does not have the name as it is"; failed=1; }
if grep -q "$(printf '\033')" "$tmp/out"; then echo "a control character is in the page"; failed=1; fi

# More than can be drawn is refused, and so are more pairs than can be kept.
pods() # COUNT
{
	jq -n --argjson n "$1" '{apiVersion: "v1", kind: "List", items: [range($n) | {
		apiVersion: "v1", kind: "Pod", metadata: {name: "p\(.)", namespace: "n\(. % 50)"},
		status: {podIP: "10.\(. / 65536 | floor).\(. / 256 % 256 | floor).\(. % 256)"}}]}'
}
pods 1000 >"$tmp/many.json"
expect 0 '^  all -->\|"all ports"\| all$' -f "$tmp/many.json" -o mermaid
pods 1001 >"$tmp/many.json"
expect 3 'there are more than 1000 workloads' -f "$tmp/many.json" -o mermaid
expect 3 'there are more than 1000 workloads' n7 -f "$tmp/many.json" -o html
pods 4200 >"$tmp/many.json"
expect 3 '4200 workloads and 4200 other ends are more than 16777216 pairs' -f "$tmp/many.json" -o dot

expect 2 'graph needs -f FILE or --kernel' -o dot
expect 2 'graph needs -o html, -o dot or -o mermaid' -f $world
expect 2 "can't be had together" -f $world --kernel -o dot
expect 2 'no output form "svg"' -f $world -o svg
expect 2 'it has: html, dot, mermaid' -f $world -o json
expect 3 'no-such-file' -f no-such-file -o dot
expect 3 'there are no pods' -f examples/dns-only.yaml -o dot
exit $failed
