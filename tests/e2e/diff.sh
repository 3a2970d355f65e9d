#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/review.md, "On a node": what diff and apply --diff say of the kernel is what EVAL says
# before and after; a dry run changes nothing; snapshots; pods that another node judges.
#netpol-test: timeout=400
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib-verdicts.sh
. "$(dirname "$0")/lib-verdicts.sh"
examples=/tests/examples
cluster=$examples/cluster.yaml
deny=$examples/default-deny.yaml
range=$examples/port-range.yaml
ports=tcp/80,tcp/8005,udp/53,icmp

netpolctl apply --replace --local all -f "$cluster" -f "$range" >/dev/null 2>"$tmp/err" ||
	bail "apply: $(cat "$tmp/err")"
verdicts "$tmp/before"
netpolctl save "$tmp/before.snapshot" || bail save
generation=$(netpolctl status -o json | jq .generation)

# A dry run says what would change, and changes nothing.
netpolctl apply -f "$deny" --dry-run=kernel --diff --exit-code >"$tmp/out"
is "$?" 1 "apply --dry-run=kernel --diff --exit-code: it would change something"
check "the object" grep -qxF 'networkpolicy/namespace-b/default-deny created (dry run)' "$tmp/out"
check "and it is new" grep -qxF '  + networkpolicy/namespace-b/default-deny' "$tmp/out"
check "connections go" grep -qxE 'connections: 0 appear, [1-9][0-9]* go' "$tmp/out"
is "$(netpolctl status -o json | jq .generation)" "$generation" "nothing was changed"
netpolctl apply -f "$range" --dry-run=kernel --diff --exit-code >"$tmp/out"
is "$?" 0 "what is loaded already: exit status 0"
check "and no connection differs" grep -qxF 'connections: 0 appear, 0 go' "$tmp/out"

# What diff says beforehand is what the kernel's verdicts do. It needs all that is to be loaded.
netpolctl diff kernel "$deny" -f "$cluster" -f "$range" --ports $ports -o json >"$tmp/diff.json"
is "$?" 1 "diff kernel FILE: exit status 1"
netpolctl apply -f "$deny" --diff -o json >"$tmp/apply.json" || bail "apply --diff"
verdicts "$tmp/after"
flips "$tmp/before" "$tmp/after" >"$tmp/flips"
check "verdicts have changed" test -s "$tmp/flips"
is "$(told "$tmp/diff.json" "$tmp/before" | md5sum)" "$(md5sum <"$tmp/flips")" \
	"diff kernel FILE told each verdict that changed, and no other"
is "$(told "$tmp/apply.json" "$tmp/before" | md5sum)" "$(md5sum <"$tmp/flips")" \
	"and so did apply --diff"
is "$(jq -r '.diff.connectivity | [.appear, .go] | @text' "$tmp/apply.json")" \
	"$(netpolctl diff "$tmp/before.snapshot" kernel -o json |
		jq -r '.connectivity | [.appear, .go] | @text')" \
	"apply --diff told what a snapshot shows afterwards"
netpolctl diff "$tmp/before.snapshot" kernel --ports $ports -o json >"$tmp/diff.json"
is "$(told "$tmp/diff.json" "$tmp/before" | md5sum)" "$(md5sum <"$tmp/flips")" \
	"diff SNAPSHOT kernel tells the same"
is "$(jq -r '.objects.items[] | "\(.action) \(.object) \(.name)"' "$tmp/diff.json")" \
	"added networkpolicy default-deny" "and the object"
netpolctl diff "$tmp/before.snapshot" "$cluster" -f "$range" >"$tmp/out"
is "$?" 0 "a snapshot is equal to the files that it was made of"

# Another origin's policies stay, also with --replace.
netpolctl apply --replace --local all --origin other -f "$cluster" --diff --exit-code >"$tmp/out"
is "$?" 1 "another origin: objects are created"
check "but nothing is new in what is in force" grep -qxF \
	'objects: 0 added, 0 removed, 0 changed' "$tmp/out"
check "so no connection differs" grep -qxF 'connections: 0 appear, 0 go' "$tmp/out"
netpolctl apply --replace --local all -f "$cluster" -f "$range" --diff >"$tmp/out" || bail replace
check "--replace takes the policy away" grep -qxF '  - networkpolicy/namespace-b/default-deny' \
	"$tmp/out"
verdicts "$tmp/again"
is "$(flips "$tmp/before" "$tmp/again")" "" "and the verdicts are those from before"

# Pods of another node are not judged here.
netpolctl flush --yes >/dev/null || bail flush
netpolctl apply --replace --local none -f "$cluster" >/dev/null 2>&1 || bail "--local none"
netpolctl apply -f "$deny" --dry-run=kernel --diff >"$tmp/out" || bail "--diff, no local pod"
check "no local pod: nothing changes here" grep -qxF 'connections: 0 appear, 0 go' "$tmp/out"
check "and it is said" grep -qxF \
	"6 pods of other nodes: what their policies say is not judged" "$tmp/out"

netpolctl apply -f "$deny" --dry-run=client --diff 2>/dev/null
is "$?" 2 "--diff asks the kernel"
netpolctl flush --yes >/dev/null || bail flush
modprobe -r netpol || bail "modprobe -r netpol"
netpolctl diff kernel "$deny" 2>"$tmp/err"
is "$?" 4 "no module: exit status 4"
finish
