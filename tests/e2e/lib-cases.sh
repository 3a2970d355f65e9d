# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# What cases.sh and cases-node.sh share: a node with pods in four namespaces and machines
# that are no pods, and all policies at once in short form.
#
#   cases_world              makes and loads it
#   policies <LIST           these are the policies, no others; a line is NAMESPACE/NAME SPEC
#   refused WHAT PATTERN     the manifest on standard input is refused, nothing is changed
#   cluster_policy SPEC      this is the cluster-wide policy; no_cluster_policy: there is none
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

cases_world()
{
	node=n1
	node_make n1 10.244.0.1 fd00:244::1
	bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
	pod_make n1 x/a 10.244.1.10 fd00:244:1::10
	pod_make n1 x/b 10.244.1.20 fd00:244:1::20
	pod_make n1 v/a 10.244.2.10 fd00:244:2::10
	pod_make n1 v/b 10.244.2.20 fd00:244:2::20
	pod_make n1 z/a 10.244.3.10 fd00:244:3::10
	pod_make n1 z/b 10.244.3.20 fd00:244:3::20
	pod_make n1 w/a 10.244.8.10 fd00:244:8::10 br0
	pod_make n1 w/b 10.244.8.20 fd00:244:8::20 br0
	end_make n1 bystander bystander 10.244.8.90 fd00:244:8::90 br0
	host_make n1 outside 198.51.100.10 2001:db8:51::10
	host_make n1 far-0-5 10.0.0.5 64:ff9b::5
	host_make n1 far-1-5 10.0.1.5 fc00:1::5
	host_make n1 far-1-6 10.0.1.6 fc00:1::6
	host_make n1 eight 8.1.1.1 2001:db8:8::1
	pod_info x/a "pod=a" "http:TCP:80 dns:UDP:53"
	pod_info x/b "pod=b" "http:TCP:8080"
	pod_info v/a "pod=a" "http:TCP:81 dns:UDP:53"
	pod_info v/b "pod=b empty= colour=red"
	pod_info z/a "pod=a empty=no"
	pod_info z/b "pod=b"
	serve_on x/a x/b v/a v/b z/a z/b w/a w/b outside far-0-5 -- \
		tcp/80 tcp/81 tcp/53 tcp/8080 tcp/6543 udp/53 udp/80
	serve_on n1 -- tcp/6443 tcp/22 udp/53
	control=n1,10.244.3.10,80
	ip_batch n1 <<-X
		route add default dev ${end_dev[outside]}
		route add ::/0 dev ${end_dev[outside]}
	X
	expect <<-X
	yes n1 tcp w/a 80 no policy: the node reaches the bridge
	yes n1 tcp w/b 80 no policy: the node reaches the bridge
	yes outside tcp x/a 80 no policy
	X
	{
		ns_yaml x team=x
		ns_yaml v team=v tier=silver
		ns_yaml z team=z
		ns_yaml w team=w tier=gold
		pods_yaml x/a x/b v/a v/b z/a z/b w/a w/b
	} >"$tmp/world"
	apply "$tmp/world"
}

policy_yaml() # NAMESPACE/NAME SPEC
{
	printf -- '---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n'
	printf 'metadata: {name: %s, namespace: %s}\nspec: %s\n' "${1#*/}" "${1%/*}" "$2"
}

policies()
{
	local name spec
	while read -r name spec; do
		[ -z "$name" ] || policy_yaml "$name" "$spec"
	done >"$tmp/policies"
	netpol apply --replace --origin cases -f "$tmp/policies"
}

generation() { netpolctl --netns "$node" status -o json 2>/dev/null | jq .generation; }

refused()
{
	local before status=0
	cat >"$tmp/bad"
	before=$(generation)
	netpolctl --netns "$node" apply -f "$tmp/bad" >"$tmp/refused" 2>&1 || status=$?
	is "$status" 3 "$1: exit status"
	check "$1: the error" grep -Eq "^netpolctl: error: .*$2" "$tmp/refused"
	check "$1: a hint" grep -q '^hint: ' "$tmp/refused"
	is "$(generation)" "$before" "$1: nothing is changed"
}

cluster_policy()
{
	apply <<-X
	apiVersion: policy.networking.k8s.io/v1alpha2
	kind: ClusterNetworkPolicy
	metadata: {name: c}
	spec: $1
	X
}
no_cluster_policy() { netpol delete cnp c; }
