# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# What the traps begin with: a node with four pods and a machine outside.
#
#   traps_world              makes and loads it
#   policies <LIST           these are the policies, no others; a line is NAMESPACE/NAME SPEC
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

policy() # NAMESPACE/NAME SPEC
{
	printf -- '---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n'
	printf 'metadata: {name: %s, namespace: %s}\nspec: %s\n' "${1#*/}" "${1%/*}" "$2"
}
policies()
{
	local name spec
	while read -r name spec; do
		policy "$name" "$spec"
	done >"$tmp/policies"
	netpol apply --replace --origin traps -f "$tmp/policies"
}
counter() { $np status -o json 2>/dev/null | jq ".counters.$1"; }
world()
{
	ns_yaml a team=a
	ns_yaml b team=b
	ns_yaml c team=c
	pods_yaml a/client b/server b/second c/free
}

traps_world()
{
	node=n1
	np="netpolctl --netns n1"
	node_make n1 10.244.0.1 fd00:244::1
	pod_make n1 a/client 10.244.1.10 fd00:244:1::10
	pod_make n1 b/server 10.244.2.10 fd00:244:2::10
	pod_make n1 b/second 10.244.2.20 fd00:244:2::20
	pod_make n1 c/free 10.244.3.10 fd00:244:3::10
	host_make n1 outside 198.51.100.10 2001:db8:51::10
	serve_on a/client b/server b/second c/free outside -- tcp/80 tcp/21 tcp/30000 udp/53 udp/9
	serve_on n1 -- tcp/53 udp/53 tcp/54 tcp/80
	control=n1,10.244.3.10,80
	fence="n1 tcp - 10.244.3.10 80"
	ip_batch n1 <<-X
	route add default dev ${end_dev[outside]}
	route add ::/0 dev ${end_dev[outside]}
	X
	world | apply
}
