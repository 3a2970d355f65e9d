#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl diff as a command: exit statuses, forms, its schema, what a side may be, and the
# commands of docs/review.md. Without the module.
set -u
cd "$(dirname "$0")/../.." || exit 1
command='diff'
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

cluster=examples/cluster.yaml
deny=examples/default-deny.yaml
ranges=examples/port-range.yaml
dual=examples/dual-stack.yaml

expect 0 '^connections: 0 appear, 0 go$' $cluster $cluster
expect 0 '^objects: 0 added, 0 removed, 0 changed$' $deny $deny -f $cluster
expect 1 '^connections: 0 appear, 18 go$' $cluster $deny -f $cluster
expect 1 '^connections: 18 appear, 0 go$' $deny $cluster -f $cluster
expect 1 '^  \+ networkpolicy/namespace-b/default-deny$' $cluster $deny -f $cluster
expect 1 '^      allowed -> denied: isolated by namespace-b/default-deny \(ingress\)$' \
	$cluster $deny -f $cluster
expect 1 '^  - namespace-c/web -> namespace-b/web  all ports over IPv4$' $ranges $dual -f $cluster
expect 1 '^  \+ namespace-c/api -> namespace-c/web  all but tcp/8000-8010$' $ranges $dual -f $cluster

# What is compared.
expect 1 '^objects: 1 added, 0 removed, 0 changed$' $cluster $deny -f $cluster --objects
if grep -q '^connections' "$tmp/out"; then echo "--objects: connections too"; failed=1; fi
expect 1 '^connections: 0 appear, 18 go$' $cluster $deny -f $cluster --connectivity
if grep -q '^objects' "$tmp/out"; then echo "--connectivity: objects too"; failed=1; fi
expect 1 '^connections: 1 appear' $ranges $dual -f $cluster -n namespace-c
expect 0 '^connections: 0 appear, 0 go, of the ports asked for$' $ranges $cluster -f $cluster \
	--connectivity --ports tcp/8005
expect 1 '^connections: 5 appear, 0 go, of the ports asked for$' $ranges $cluster -f $cluster \
	--connectivity --ports tcp/80,tcp/8005,udp/53

# A side without pods or namespaces has those of the other one.
expect 1 '^connections: 0 appear, 18 go$' $cluster $deny
expect 1 'note: examples/default-deny.yaml has no pods: those of examples/cluster.yaml count' \
	$cluster $deny
expect 1 'neither side has a pod, so connections are not compared' $ranges $dual
expect 1 '^connections: 0 appear, 18 go$' $cluster - <$deny

# A label may have any word for its name, so none of them is what selects all pods.
sed 's/podSelector: {}/podSelector: {matchExpressions: [{key: everything, operator: Exists}]}/' \
	$deny >"$tmp/everything.yaml"
expect 1 '^      ~ podSelector \{\} -> everything$' $deny "$tmp/everything.yaml"

# Forms.
expect 1 '^\*\*Network policies:\*\* 1 object added.*; \*\*0 connections appear, 18 go\*\*; \*\*with addresses outside 0 appear, 8 go\*\*$' \
	$cluster $deny -o md
expect 1 '^\| goes \| namespace-a/api \| namespace-b/api \| all ports \| allowed, now denied \|' \
	$cluster $deny -o md
expect 1 '"kind": "Diff"' $ranges $dual -f $cluster -o json
awk 'length > 80 { print FILENAME ": more than 80 columns: " $0; bad = 1 } END { exit bad }' \
	<("$tool" diff $ranges $dual -f $cluster) <("$tool" diff --help) || failed=1

# A policy that is observed on one side only differs. The annotation of a manifest says nothing.
snapshot() # FILE ANNOTATIONS: of 'netpolctl save', with a policy
{
	/usr/bin/python3 - "$1" "$2" <<-'P'
	import sys
	policy = ('{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":'
	          '"default-deny","namespace":"namespace-b"%s},"spec":{"podSelector":{},'
	          '"policyTypes":["Ingress","Egress"]}}' % sys.argv[2])
	text = ('{"apiVersion":"netpolctl/v1","kind":"Snapshot","formatVersion":1}\n{"settings":{}}\n'
	        '{"origin":"manual","generation":1}\n{"origin":"manual","object":%s}\n' % policy)
	crc = 2 ** 64 - 1
	for byte in text.encode():
	    crc ^= byte
	    for _ in range(8):
	        crc = crc >> 1 ^ (0xc96c5795d7870f42 if crc & 1 else 0)
	text += '{"checksum":"crc64:%016x"}\n' % (crc ^ (2 ** 64 - 1))
	open(sys.argv[1], "w", encoding="utf-8").write(text)
	P
}
snapshot "$tmp/enforced" ''
snapshot "$tmp/observed" ',"annotations":{"netpolctl/audit":"true"}'
expect 0 '^objects: 0 added, 0 removed, 0 changed$' --objects "$tmp/enforced" "$tmp/enforced"
expect 1 '^  ~ networkpolicy/namespace-b/default-deny$' --objects "$tmp/enforced" "$tmp/observed"
expect 1 '^      ~ audit enforced -> observed$' --objects "$tmp/enforced" "$tmp/observed"
expect 1 '^      ~ audit observed -> enforced$' --objects "$tmp/observed" $deny
expect 1 '^connections: 0 appear, 18 go$' --connectivity $cluster "$tmp/enforced"
expect 0 '^connections: 0 appear, 0 go$' --connectivity $cluster "$tmp/observed"
sed 's/name: default-deny/&\n  annotations: {netpolctl\/audit: "true"}/' $deny >"$tmp/asks.yaml"
expect 0 '^objects: 0 added, 0 removed, 0 changed$' --objects "$tmp/enforced" "$tmp/asks.yaml"

# A cluster (tests/kube/client_once.py reads one): what can't be meant, and one that is not configured.
expect 2 'cluster: is followed by the name of a context' cluster: $deny
expect 2 '--kubeconfig, --in-cluster and --api-server are for the side cluster' $deny $cluster \
	--kubeconfig "$tmp/none"
expect 2 'no context: write cluster instead of cluster:x' cluster:x $deny --in-cluster
expect 2 'no context: write cluster instead of cluster:x' cluster:x cluster --in-cluster
expect 7 "$tmp/none" $deny cluster --kubeconfig "$tmp/none"

# What is written is what the schema says, whatever differs and whatever is asked.
cat >"$tmp/more.yaml" <<X
{apiVersion: v1, kind: List, items: [
 {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: namespace-a, labels: {app: web}},
  status: {podIPs: [{ip: 10.0.9.9}, {ip: "fd00::99"}]}},
 {apiVersion: v1, kind: Pod, metadata: {name: new, namespace: namespace-a},
  status: {podIP: 10.0.9.8}},
 {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,
  metadata: {name: port-range, namespace: namespace-c},
  spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}}]}
X
for args in "$cluster $cluster" "$ranges $dual -f $cluster" "$ranges $tmp/more.yaml -f $cluster" \
	"$deny $ranges -f $cluster --ports tcp/80,icmp,47" "$deny $ranges --objects" \
	"$ranges $tmp/more.yaml" "--objects $tmp/enforced $tmp/observed"; do
	# shellcheck disable=SC2086 # words
	"$tool" diff $args -o json >"$tmp/out" 2>/dev/null
	schema "$args"
done
jq '.connectivity.appear = "2"' "$tmp/out" >"$tmp/wrong.json"
if by_schema "$tmp/wrong.json" 2>/dev/null; then echo "the schema takes anything"; failed=1; fi

# Errors.
expect 2 'diff takes two words' $cluster
expect 2 'diff takes two words' $cluster $deny $ranges
expect 2 'standard input can be one of A and B' - -
expect 2 'standard input can be one of A and B' $cluster $deny -f -
expect 2 '"http" is no protocol and port' $cluster $deny --ports http
expect 2 'no output form "yaml"' $cluster $deny -o yaml
expect 3 'no-such-file' $cluster no-such-file
expect 3 'there are no pods, so there are no connections' $ranges $dual --connectivity
expect 3 'there are no pods of these namespaces' $cluster $deny -n nowhere
printf '{"apiVersion":"netpolctl/v1","kind":"Snapshot","formatVersion":1}\n' >"$tmp/snapshot"
expect 3 'the snapshot is damaged' $cluster "$tmp/snapshot"

# docs/review.md: its commands do what it says. Those that need the module or an API server are not run.
mkdir "$tmp/doc" "$tmp/doc/main" "$tmp/doc/branch"
cp $cluster "$tmp/doc/cluster.yaml"
cp $ranges "$tmp/doc/main"
cp $dual "$tmp/doc/branch"
awk '/^```/ { on = !on; next } on && /^netpolctl diff/ && !/kernel|diff cluster/' docs/review.md \
	>"$tmp/commands"
[ "$(wc -l <"$tmp/commands")" -ge 3 ] || { echo "docs/review.md has no commands"; failed=1; }
# Addresses that are no pod's: what opens for them is told, once for all that no rule tells apart.
opened() # SED-SCRIPT: the policy that denies all, with a rule
{
	sed "s/podSelector: {}/&\n  ingress: [{from: [$1]}]/" $deny >"$tmp/open.yaml"
}
opened '{ipBlock: {cidr: 203.0.113.0\/24}}'
expect 1 '^connections: 0 appear, 0 go$' $deny "$tmp/open.yaml" -f $cluster --connectivity
expect 1 '^  \+ \(outside\)/203.0.113.0/24 -> namespace-b/web  all ports' $deny "$tmp/open.yaml" \
	-f $cluster --connectivity
expect 1 '^connections with addresses outside: 2 appear, 0 go$' $deny "$tmp/open.yaml" -f $cluster
opened '{ipBlock: {cidr: 203.0.113.0\/24, except: [203.0.113.128\/25, 203.0.113.8\/30]}}'
expect 1 '^  \+ \(outside\)/203.0.113.0/29 \+1 -> namespace-b/web  all ports' \
	$deny "$tmp/open.yaml" -f $cluster --connectivity
opened '{ipBlock: {cidr: 0.0.0.0\/0}}, {ipBlock: {cidr: \"::\/0\", except: [\"fd00::\/8\"]}}'
expect 1 '^  \+ \(outside\)/0.0.0.0/0 -> namespace-b/web' $deny "$tmp/open.yaml" -f $cluster
# the first of those that no rule tells apart has no pod, whatever pods there are
opened '{ipBlock: {cidr: 127.0.0.0\/8}}, {ipBlock: {cidr: 224.0.0.0\/4}}, {ipBlock: {cidr: \"::\/128\"}}'
expect 1 '^  \+ \(outside\)/127.0.0.0/8 \+1 -> ' $deny "$tmp/open.yaml" -f $cluster
opened '{namespaceSelector: {}}'
expect 1 '^connections: [1-9][0-9]* appear' $deny "$tmp/open.yaml" -f $cluster --connectivity
if grep -q outside "$tmp/out"; then echo "a selector opens for an address outside"; failed=1; fi
while read -r line; do
	if (cd "$tmp/doc" && bash -c "netpolctl() { '$tool' \"\$@\"; }; $line") >"$tmp/out" 2>&1; then
		status=0
	else
		status=$?
	fi
	[ $status = 1 ] || { echo "docs/review.md: $line: $status"; cat "$tmp/out"; failed=1; }
done <"$tmp/commands"

# apply --diff asks the kernel, and has forms in which it can be told.
command=apply
expect 2 "can't be had with them" -f $deny --dry-run=client --diff
expect 2 "can't be had with them" -f $deny --dry-run=client --exit-code
expect 2 '--diff has the output forms table, json and yaml' -f $deny --diff -o name
expect 2 'a file is given as -f examples' examples
expect 2 'apply needs -f FILE' --diff
exit $failed
