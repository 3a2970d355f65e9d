#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl explain -f as a command: the ends, the words, the change that it proposes, exit
# statuses, JSON and YAML by their schema, and the commands of docs/explain.md. Without the module.
# tests/truth/explain.c holds words and changes against the core over random worlds.
set -u
cd "$(dirname "$0")/../.." || exit 1
command='explain'
# shellcheck source=tests/run/command.sh
. tests/run/command.sh
top=$PWD

# line PATTERN: a line of what the last command wrote
line()
{
	grep -Eq -- "$1" "$tmp/out" && return
	echo "no line has $1"
	cat "$tmp/out"
	failed=1
}

# says TEXT: in what the last command wrote, wherever its lines are broken
says()
{
	sed 's/^# / /' "$tmp/out" | tr -s '\n ' '  ' | tr -s ' ' | grep -qF -- "$1" && return
	echo "the output does not say: $1"
	cat "$tmp/out"
	failed=1
}

shop=(-f examples/shop)
expect 1 '^DENY ingress shop/redis-0 \(policies that isolate: shop/default-deny, shop/redis-in\)   from files$' \
	shop/cart shop/redis -p tcp/6379 "${shop[@]}"
line '^1 egress  of shop/cart-5d4c8-7kq2p   isolated by shop/cart-egress   ALLOW by egress\[1\]$'
line '^    egress\[1\] \(to podSelector app=redis, tcp/6379\): matches$'
[ "$(grep -v '^[0-9D]' "$tmp/out" | wc -L)" -le 80 ] || { echo "wider than 80 columns"; failed=1; }
expect 0 'egress by shop/cart-egress egress\[0\]; ingress not isolated\)   from files$' \
	shop/cart monitoring/exporter-0 -p udp/53 "${shop[@]}"
expect 0 '^ALLOW shop/redis-0 -> shop/redis-0 tcp/1 \(a pod to itself\)   from files$' \
	shop/redis-0 shop/redis-0 -p tcp/1 "${shop[@]}"

# Errors and their statuses.
expect 2 'explain takes a source and a destination' shop/cart -p tcp/1 "${shop[@]}"
expect 2 'explain needs -p' shop/cart shop/redis "${shop[@]}"
expect 2 '"cart" is no NAMESPACE/POD, address, world, host or label' cart shop/redis -p tcp/1 "${shop[@]}"
expect 2 'a pod that does not exist' label:a=b@shop shop/redis -p tcp/1
expect 2 '--verify compares files with the kernel' shop/cart shop/redis -p tcp/1 --verify
expect 2 '--verify takes no host' host shop/redis -p tcp/1 --verify "${shop[@]}"
expect 2 '"app" is no label' label:app@shop shop/redis -p tcp/1 "${shop[@]}"
expect 2 '"app" is there twice' label:app=a,app=b@shop shop/redis -p tcp/1 "${shop[@]}"
expect 2 'is no NAMESPACE/POD' label:app=a shop/redis -p tcp/1 "${shop[@]}"
expect 2 '-R and --lenient belong to files' shop/cart shop/redis -p tcp/1 -R
expect 2 'has no output form "csv"' shop/cart shop/redis -p tcp/1 "${shop[@]}" -o csv
expect 3 'there is no namespace nowhere in the input' label:a=b@nowhere shop/redis -p tcp/1 "${shop[@]}"
expect 3 'there is no pod shop/nobody in the input' shop/nobody shop/redis -p tcp/1 "${shop[@]}"
expect 3 'does not say which address the node of shop/cart has' shop/cart host -p tcp/1 "${shop[@]}"
expect 3 'neither address is that of a pod' world 203.0.113.9 -p tcp/1 "${shop[@]}"
expect 3 'no-such-file' shop/cart shop/redis -p tcp/1 -f no-such-file

# Everything that semantics has to say, in one rule of one policy after the other.
cat >"$tmp/world.yaml" <<'X'
{apiVersion: v1, kind: List, items: [
{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {team: x}}},
{apiVersion: v1, kind: Namespace, metadata: {name: b}},
{apiVersion: v1, kind: Pod, metadata: {name: c, namespace: a, labels: {app: c}}, spec: {nodeName: n1}, status: {podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}},
{apiVersion: v1, kind: Pod, metadata: {name: far, namespace: b, labels: {app: c}}, spec: {nodeName: n1}, status: {podIP: 10.0.1.1}},
{apiVersion: v1, kind: Pod, metadata: {name: lost, namespace: nowhere, labels: {app: c}}, status: {podIP: 10.0.2.1}},
{apiVersion: v1, kind: Pod, metadata: {name: node, namespace: a}, spec: {nodeName: n1, hostNetwork: true}, status: {podIP: 192.168.0.1}},
{apiVersion: v1, kind: Pod, metadata: {name: s, namespace: a, labels: {app: s}}, spec: {nodeName: n1, containers: [{ports: [{name: http, containerPort: 8080}]}]}, status: {podIPs: [{ip: 10.0.0.2}, {ip: "fd00::2"}]}},
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: in, namespace: a}, spec: {podSelector: {matchLabels: {app: s}}, ingress: [
 {from: [{podSelector: {}}], ports: [{port: http}, {port: 53, protocol: UDP}, {port: 90, endPort: 99}, {port: dns}, {port: 7, protocol: SCTP}, {protocol: UDP}]},
 {from: [{namespaceSelector: {matchLabels: {team: "y"}}}, {podSelector: {matchExpressions: [{key: app, operator: In, values: [d, e]}]}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/24, 10.0.1.0/24, 10.0.2.0/24]}}, {ipBlock: {cidr: 172.16.0.0/12}}, {ipBlock: {cidr: "::/0"}}, {namespaceSelector: {}, podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}]},
 {from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}},
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: out, namespace: a}, spec: {podSelector: {matchLabels: {app: c}}, policyTypes: [Egress, Ingress], egress: [{ports: [{port: http}]}, {to: [{podSelector: {}}]}]}}]}
X
world=(-f "$tmp/world.yaml" -v)
expect 1 '^    ingress\[0\] \(from podSelector \{\}, tcp/http or udp/53 or tcp/90-99 or' \
	a/c a/s -p tcp/80 "${world[@]}"
for text in 'ports[0] (tcp/http): http is tcp/8080 on a/s' 'ports[1] (udp/53): tcp/80 is not udp/53' \
	'ports[2] (tcp/90-99): tcp/80 is not in tcp/90-99' \
	'ports[3] (tcp/dns): a/s has no port of this protocol that is named dns' \
	'ports[4] (sctp/7): tcp/80 is not sctp/7' 'ports[5] (every udp port): tcp/80 is no udp port' \
	'from[0] (namespaceSelector team=y): namespace a has team=x, not y' \
	'from[1] (podSelector app in (d, e)): a/c has app=c, and the rule wants: app in (d, e)' \
	'10.0.0.1 is in the except 10.0.0.0/24' \
	'from[3] (ipBlock 172.16.0.0/12): 10.0.0.1 is not in 172.16.0.0/12' \
	'from[4] (ipBlock ::/0): 10.0.0.1 is IPv4, and the block is IPv6' \
	'a/c has app=c, and the rule wants: app does not exist'; do
	says "$text"
done
expect 0 'ingress by a/in ingress\[0\]\)   from files$' a/c a/s -p tcp/8080 "${world[@]}"
expect 0 'egress\[1\]; ingress by a/in ingress\[1\]\)' a/c a/s -p tcp/80 --family 6 "${world[@]}"

# ClusterNetworkPolicies: the place of each network and protocol, and which of them matches.
cat >"$tmp/cluster.yaml" <<'X'
{apiVersion: v1, kind: List, items: [
{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {team: x}}},
{apiVersion: v1, kind: Namespace, metadata: {name: b}},
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a, labels: {app: p}}, status: {podIP: 10.0.0.1}},
{apiVersion: v1, kind: Pod, metadata: {name: q, namespace: b, labels: {app: q}}, spec: {containers: [{ports: [{name: web, containerPort: 8080}]}]}, status: {podIP: 10.0.0.2}},
{apiVersion: v1, kind: Pod, metadata: {name: lost, namespace: nowhere}, status: {podIP: 10.0.0.3}},
{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: adm}, spec: {tier: Admin, priority: 5,
 subject: {namespaces: {}},
 egress: [
  {name: names, action: Deny, to: [{namespaces: {matchLabels: {team: w}}}, {pods: {podSelector: {matchLabels: {app: z}}}}],
   protocols: [{destinationNamedPort: metrics}, {tcp: {destinationPort: {number: 8080}}}]},
  {name: nets, action: Pass, to: [{networks: [192.168.0.0/16, 172.16.0.0/12]}, {pods: {podSelector: {}, namespaceSelector: {matchLabels: {team: w}}}}, {networks: [11.0.0.0/8, 10.0.0.0/24]}],
   protocols: [{udp: {destinationPort: {number: 53}}}, {tcp: {destinationPort: {range: {start: 80, end: 9000}}}}]}],
 ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{destinationNamedPort: web}]}]}}]}
X
cluster=(-f "$tmp/cluster.yaml" -v)
expect 1 '^DENY ingress b/q \(by ingress\[0\] of Admin/adm\)' a/p b/q -p tcp/8080 "${cluster[@]}"
line '^1 egress  of a/p   selected by Admin/adm   passed on by egress\[1\], nets$'
says 'to[0] (namespaces team=w): namespace b has no label team'
says 'to[1] (pods app=z): b/q has app=q, not z'
says 'matches by to[2].networks[1] and protocols[1].tcp.destinationPort'
says 'matches by from[0] and protocols[0].destinationNamedPort'
expect 0 '^ALLOW' a/p b/q -p udp/7 "${cluster[@]}"
says 'protocols[0].udp.destinationPort (udp/53): udp/7 is not udp/53'
says 'protocols[1].tcp.destinationPort (tcp/80-9000): udp/7 is not tcp/80-9000'
expect 1 '"Explanation"' a/p b/q -p tcp/8080 "${cluster[@]}" -o json
schema cluster
holds '.steps[0].rules[1] | .path == "spec.egress[1]" and
	([.peers[] | select(.matches) | .path] == ["to[2].networks[1]"]) and
	([.ports[] | select(.matches) | .path] == ["protocols[1].tcp.destinationPort"])'
# Nobody knows whether the pod of a namespace that is not loaded is one that a Pass means.
expect 1 '^DENY egress a/p' a/p nowhere/lost -p tcp/80 "${cluster[@]}"
says 'matches by to[1] and protocols[1].tcp.destinationPort; the labels of nowhere/lost are not known, so it counts as one that the rule means, and is denied'
expect 1 '"Explanation"' a/p nowhere/lost -p tcp/80 "${cluster[@]}" -o json
schema lost
holds '.steps[0].rules[1].note | startswith("the labels of nowhere/lost")'

# Addresses of Nodes: the entry that names them, or none if several do.
cat >"$tmp/nodes.yaml" <<'X'
{kind: List, apiVersion: v1, items: [
{kind: Namespace, apiVersion: v1, metadata: {name: a}},
{kind: Pod, apiVersion: v1, metadata: {name: p, namespace: a}, spec: {}, status: {podIPs: [{ip: 10.1.0.5}]}},
{kind: Node, apiVersion: v1, metadata: {name: n1, labels: {role: w}}, status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}},
{kind: ClusterNetworkPolicy, apiVersion: policy.networking.k8s.io/v1alpha2, metadata: {name: one}, spec: {tier: Admin, priority: 1,
 subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [10.9.0.0/16]}, {nodes: {matchLabels: {role: w}}}]}]}},
{kind: ClusterNetworkPolicy, apiVersion: policy.networking.k8s.io/v1alpha2, metadata: {name: two}, spec: {tier: Baseline, priority: 1,
 subject: {namespaces: {}}, egress: [{action: Deny, to: [{nodes: {}}, {nodes: {matchLabels: {role: w}}}]}]}}]}
X
expect 1 '^DENY egress a/p \(by egress\[0\] of Admin/one\)' a/p 192.168.0.1 -p tcp/22 -f "$tmp/nodes.yaml"
says 'matches by to[1].nodes'
sed '/name: one/,+1d' "$tmp/nodes.yaml" >"$tmp/two.yaml"
expect 1 '^DENY egress a/p \(by egress\[0\] of Baseline/two\)' a/p 192.168.0.1 -p tcp/22 -f "$tmp/two.yaml"
says 'matches by nodes'
expect 1 '"Explanation"' a/p 192.168.0.1 -p tcp/22 -f "$tmp/nodes.yaml" -o json
schema nodes
holds '[.steps[0].rules[] | .peers[]? | select(.matches) | .path] == ["to[1].nodes"]'

# Where a ClusterNetworkPolicy denies, no NetworkPolicy is proposed, and it is said why.
expect 1 '^DENY ingress b/q' a/p b/q -p tcp/8080 "${cluster[@]}"
says 'No rule can be proposed: ingress[0] of ClusterNetworkPolicy adm denies it, in tier Admin, which no NetworkPolicy can change'
expect 1 '^DENY egress a/p' a/p nowhere/lost -p tcp/80 "${cluster[@]}"
says 'egress[0] of ClusterNetworkPolicy adm denies it only because namespace nowhere is not in the input'
expect 1 '^DENY egress nowhere/lost' nowhere/lost b/q -p tcp/80 "${cluster[@]}"
says 'namespace nowhere is not in the input, so nobody knows which ClusterNetworkPolicies select nowhere/lost, and it is closed'
sed 's/tier: Admin/tier: Baseline/' "$tmp/cluster.yaml" >"$tmp/baseline.yaml"
expect 1 '^DENY ingress b/q' a/p b/q -p tcp/8080 -f "$tmp/baseline.yaml"
says 'ingress[0] of ClusterNetworkPolicy adm denies it, in tier Baseline. A NetworkPolicy that selects b/q for ingress is asked before it, but it also isolates the pod, so it would have to allow all else that the pod needs'
sed 's/from: \[{namespaces: {}}\]/from: [{fqdns: [x]}]/' "$tmp/cluster.yaml" >"$tmp/unreadable.yaml"
expect 1 '^DENY ingress b/q' a/p b/q -p udp/9 -f "$tmp/unreadable.yaml" --lenient
says 'ingress[0] of ClusterNetworkPolicy adm could not be read, so it denies everything; it has to be corrected'
# A NetworkPolicy that a Pass leads to can be helped.
cat >"$tmp/passed.yaml" <<'X'
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: none, namespace: a}, spec: {podSelector: {}, policyTypes: [Egress]}}
X
expect 1 '^DENY egress a/p \(policies that isolate: a/none\)' a/p b/q -p tcp/80 "${cluster[@]}" \
	-f "$tmp/passed.yaml"
says 'This policy would allow it.'

# Nobody gets the address of the other end.
expect 3 'neither address' world 203.0.113.1 -p tcp/1 "${shop[@]}"
expect 0 '^source label:app=q@shop: .*203.0.113.2' label:app=q@shop 203.0.113.1 -p tcp/1 \
	-f examples/shop/cluster.yaml
# The proposal is for the pods of the policy that isolates, whatever else their labels say.
expect 1 '"Explanation"' label:app=c,tier=t,n=9@a 198.51.100.1 -p udp/9 "${world[@]}" -o json
holds '.change.policies | length == 1 and .[0].spec.podSelector == {"matchLabels": {"app": "c"}}'
# The other end is named by all of its labels that stay.
expect 1 '"Explanation"' label:app=c,tier=t,pod-template-hash=7@b a/s -p tcp/80 "${world[@]}" -o json
holds '.change.policies[0].spec.ingress[0].from == [{
	"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "b"}},
	"podSelector": {"matchLabels": {"app": "c", "tier": "t"}}}]'
expect 1 '^DENY' a/c a/s -p icmp "${world[@]}"
says 'icmp has no ports, so only a rule without ports matches it'
says 'A rule cannot name icmp, so this opens every port and protocol;'
expect 1 '^DENY' b/far a/s -p tcp/8080 "${world[@]}"
says 'a podSelector alone is about namespace a, and b/far is not there'
expect 1 '^DENY' nowhere/lost a/s -p tcp/8080 "${world[@]}"
says 'the labels of namespace nowhere are not known, so no selector matches its pods'
says 'No rule can be proposed: namespace nowhere is not in the input'
expect 1 '^destination host: 192.168.0.1, the address of node n1$' a/c host -p tcp/80 "${world[@]}"
says '192.168.0.1 is the address of the host of a/node, and selectors match no pod on the network'
says '192.168.0.1 is no pod, so no port of it is named http'
expect 0 '^ALLOW host -> a/s tcp/80 \(sent by this node\)' host a/s -p tcp/80 "${world[@]}"
expect 1 '^source world: 198.51.100.1, which is no pod.s and in no block' world a/s -p tcp/80 "${world[@]}"
says 'cidr: "0.0.0.0/0"'
says 'It is for every address outside private networks.'
expect 1 'cidr: "198.51.100.9/32"' 198.51.100.9 a/s -p tcp/80 "${world[@]}"
says '198.51.100.9 is no pod, and selectors match pods only'
expect 0 'ingress by a/in ingress\[2\]' 203.0.113.9 a/s -p tcp/80 "${world[@]}"
expect 1 '^destination label:app=s@a: a pod that does not exist' b/far label:app=s@a -p tcp/8080 "${world[@]}"
says 'label:app=s@a has no port of this protocol that is named http'
expect 0 'ingress not isolated\)|by a/in ingress' label:@a a/s -p udp/9 "${world[@]}"

# A workload whose pods are not treated alike.
cat >"$tmp/two.yaml" <<'X'
{apiVersion: v1, kind: List, items: [
{apiVersion: v1, kind: Namespace, metadata: {name: a}},
{apiVersion: v1, kind: Pod, metadata: {name: w-0, namespace: a, labels: {nr: "0"}, ownerReferences: [{kind: StatefulSet, name: w, controller: true}]}, status: {podIP: 10.0.0.1}},
{apiVersion: v1, kind: Pod, metadata: {name: w-1, namespace: a, labels: {nr: "1"}, ownerReferences: [{kind: Other, name: no}, {kind: StatefulSet, name: w, controller: true}]}, status: {podIP: 10.0.0.2}},
{apiVersion: v1, kind: Pod, metadata: {name: z, namespace: a}, status: {podIP: 10.0.0.3}},
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: in, namespace: a}, spec: {podSelector: {matchLabels: {nr: "1"}}}}]}
X
expect 0 '^destination a/w: workload of 2 pods, asked for w-0; the verdict is another' a/z a/w -p tcp/1 \
	-f "$tmp/two.yaml"
says 'the verdict is another one for 1 of them, as for w-1'
expect 1 '^    it has no ingress rules$' a/z a/w-1 -p tcp/1 -f "$tmp/two.yaml"
# Where the policies that isolate are for the whole namespace, the labels of the pod narrow the
# proposal. A pod without labels leaves nothing to narrow it.
sed 's/namespace-b/a/' examples/default-deny.yaml >"$tmp/deny.yaml"
expect 1 '"Explanation"' a/w-0 a/z -p tcp/1 -f "$tmp/two.yaml" -f "$tmp/deny.yaml" -o json
holds '.change.policies[0].spec.podSelector == {"matchLabels": {"nr": "0"}} and
	.change.policies[1].spec.podSelector == {} and .change.opens.connections == [{"source": "a/w-0", "destination": "a/w-1", "protocol": "tcp/1"}]'

# A label can hold what a terminal would obey.
cat >"$tmp/escape.json" <<'X'
{"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}},
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "a"}, "status": {"podIP": "10.0.0.1"}},
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "q", "namespace": "a"}, "status": {"podIP": "10.0.0.2"}},
{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "in", "namespace": "a"}, "spec": {"podSelector": {}, "ingress": [{"from": [{"podSelector": {"matchExpressions": [{"key": "k", "operator": "In", "values": ["\u001b[31m", "b"]}]}}]}]}}]}
X
expect 1 'k in \(\\x1b\[31m, b\)' a/q a/p -p tcp/1 -f "$tmp/escape.json" --lenient
if grep -q $'\033' "$tmp/out"; then
	echo "a control character is printed"
	failed=1
fi

# JSON and YAML after the schema: allowed, denied, nothing proposed, host, made up, a workload.
for ask in 'shop/cart shop/redis -p tcp/6379' 'shop/web shop/redis -p tcp/6379' 'world shop/web -p icmp' \
	'host shop/web -p 47' 'label:app=cart@shop shop/redis-1 -p tcp/6379' 'shop/web shop/web -p udp/1'; do
	for form in json yaml; do
		read -ra words <<<"$ask"
		"$tool" explain "${words[@]}" -f examples/shop -o $form >"$tmp/out"
		schema "$ask" $form
	done
done
"$tool" explain nowhere/lost a/s -p tcp/8080 "${world[@]}" -o json >"$tmp/out"
schema nowhere
holds '.change.none and .change.policies == []'
expect 1 '"kind": "Explanation"' a/c a/s -p tcp/80 "${world[@]}" -o json
schema world
holds '[.steps[].rules[]? | .peers[], .ports[]] | all(.matches == (.code == "matches")) and length > 10'
holds '.steps | map(select(.policy == "a/in"))[0].rules[0].path == "spec.ingress[0]"'
sed -i 's/"code": "block"/"code": "other"/' "$tmp/out"
if by_schema "$tmp/out" 2>/dev/null; then
	echo "the schema takes anything"
	failed=1
fi

# A selector matches over both families: a pod that has no address of the one that was asked about
# is opened as well, and a pair is announced once.
cat >"$tmp/families.yaml" <<X
{apiVersion: v1, kind: List, items: [
 {apiVersion: v1, kind: Namespace, metadata: {name: a}},
 {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: a, labels: {app: web}},
  status: {podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}},
 {apiVersion: v1, kind: Pod, metadata: {name: both, namespace: a, labels: {app: client}},
  status: {podIPs: [{ip: 10.0.0.2}, {ip: "fd00::2"}]}},
 {apiVersion: v1, kind: Pod, metadata: {name: next, namespace: a, labels: {app: client}},
  status: {podIPs: [{ip: 10.0.0.3}, {ip: "fd00::3"}]}},
 {apiVersion: v1, kind: Pod, metadata: {name: six, namespace: a, labels: {app: client}},
  status: {podIPs: [{ip: "fd00::4"}]}},
 {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny, namespace: a},
  spec: {podSelector: {matchLabels: {app: web}}}}]}
X
expect 1 '"DENY"' a/both a/web -p tcp/80 -f "$tmp/families.yaml" -o json
holds '[.change.opens.connections[].source] == ["a/next", "a/six"] and .change.opens.count == 2'

# The change, over the examples: applied on top of the input it allows the connection, and the
# difference of two matrices is what was announced.
n=0
for file in examples/*.yaml; do
	case "$file" in examples/cluster.yaml) continue ;; esac
	input=(-f examples/cluster.yaml -f "$file")
	for port in tcp/80 tcp/53; do
		"$tool" matrix "${input[@]}" --ports $port -o csv --no-headers | sort >"$tmp/before"
		while IFS=, read -r src dst verdict; do
			[ "$verdict" = deny ] || continue
			n=$((n + 1))
			"$tool" explain "$src" "$dst" -p $port "${input[@]}" >"$tmp/text"
			sed -n '/^---/,$p' "$tmp/text" >"$tmp/allow.yaml"
			expect 0 '^ALLOW ' "$src" "$dst" -p $port "${input[@]}" -f "$tmp/allow.yaml"
			"$tool" matrix "${input[@]}" -f "$tmp/allow.yaml" --ports $port -o csv \
				--no-headers | sort >"$tmp/after"
			comm -13 "$tmp/before" "$tmp/after" >"$tmp/differ"
			sed -n 's/,allow$//p' "$tmp/differ" >"$tmp/opened"
			{
				echo "$src,$dst"
				"$tool" explain "$src" "$dst" -p $port "${input[@]}" -v -o json |
					jq -r '.change.opens.connections[] | "\(.source),\(.destination)"'
			} | sort >"$tmp/announced"
			if ! cmp -s "$tmp/opened" "$tmp/announced" || grep -q ',deny$' "$tmp/differ"; then
				echo "$file, $src -> $dst $port: opened and announced differ"
				diff "$tmp/opened" "$tmp/announced"
				failed=1
			fi
		done <"$tmp/before"
	done
done
[ $n -gt 100 ] || { echo "only $n changes of the examples"; failed=1; }

# Pods that no lasting label tells from others: all of the namespace are meant, and that is said.
cat >"$tmp/bare.yaml" <<X
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: a}
status: {phase: Running, podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: job, namespace: a, labels: {job-name: x, controller-uid: abc}}
status: {phase: Running, podIP: 10.0.0.2}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: a}
spec: {podSelector: {}, policyTypes: [Ingress]}
X
expect 1 '^# It selects every pod of a, those to come too' a/job a/bare -p tcp/1 -f "$tmp/bare.yaml"
line "^# Its peer is every pod of the other end's namespace, those to come too"

# The page's commands print what the page says.
mkdir "$tmp/bin" "$tmp/session"
ln -s "$tool" "$tmp/bin/netpolctl"
ln -s "$top/examples" "$tmp/session/examples"
(cd "$tmp/session" && PATH=$tmp/bin:$PATH "$top/tests/e2e/lib-session.sh" "$top/docs/explain.md") >"$tmp/out" ||
	{ cat "$tmp/out"; failed=1; }
exit $failed
