#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/semantics.md, "Cluster-wide policies": the order of tiers, priorities and rules, what
# stands above and below a setting, and what is not known, with packets.
#netpol-test: all-kernels
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
pod_make n1 b/other 10.244.2.20 fd00:244:2::20
pod_make n1 c/late 10.244.3.10 fd00:244:3::10
host_make n1 outside 198.51.100.10 2001:db8:51::10
host_make n1 elsewhere 10.250.0.9 fd00:250::9
pod_info b/server "app=server" "web:TCP:80"
pod_info b/other "app=other" "web:TCP:81"
serve_on a/client b/server b/other c/late outside elsewhere n1 -- tcp/80 tcp/81 udp/53
control=n1,10.244.1.10,80
{
	ns_yaml a team=red
	ns_yaml b team=blue
	pods_yaml a/client b/server b/other
} >"$tmp/world"
apply "$tmp/world"
np="netpolctl --netns n1"

# admin NAME TIER PRIORITY SUBJECT; the rules come from standard input
admin()
{
	printf -- '---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n'
	printf 'metadata: {name: %s}\nspec:\n  tier: %s\n  priority: %s\n  subject: %s\n' "$@"
	sed 's/^/  /'
}
# gone NAME...: cluster-wide policies are deleted
gone() { netpol delete "${@/#/cnp/}"; }
deny_in() # NAMESPACE: a NetworkPolicy that isolates its pods
{
	printf -- '---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n'
	printf 'metadata: {name: deny, namespace: %s}\nspec:\n  podSelector: {}\n' "$1"
	printf '  policyTypes: [Ingress]\n'
}
red='{namespaces: {matchLabels: {team: red}}}'

w="an Admin Deny, below a NetworkPolicy's rule"
admin forbid Admin 10 '{namespaces: {matchLabels: {team: blue}}}' <<X | apply
ingress:
- name: no-web
  action: Deny
  from:
  - $red
  protocols:
  - tcp: {destinationPort: {number: 80}}
X
expect <<X
no a/client tcp b/server 80 $w
yes a/client tcp b/server 81 $w, another port
yes a/client udp b/server 53 $w, another protocol
yes a/client icmp b/server 0 $w, ICMP
yes b/other tcp b/server 80 $w, another namespace
yes outside tcp b/server 80 $w, a client outside is no pod
yes n1 tcp b/server 80 $w, the node itself
yes b/server tcp a/client 80 $w, the other way
X
w="a Deny without protocols takes ICMP, and no errors of what is accepted"
admin forbid Admin 10 '{namespaces: {matchLabels: {team: blue}}}' <<X | apply
ingress:
- action: Deny
  from:
  - $red
X
expect <<X
no a/client icmp b/server 0 $w
no a/client udp b/server 53 $w
yes n1 icmp b/server 0 $w, the node itself
X

w="the lower number decides, not the name"
admin allow Admin 9 '{namespaces: {}}' <<X | apply
ingress:
- action: Accept
  from:
  - $red
  protocols:
  - destinationNamedPort: web
X
expect <<X
yes a/client tcp b/server 80 $w
no a/client tcp b/server 81 $w, and by the name of the port
yes a/client tcp b/other 81 $w, whose number is another one there
no a/client tcp b/other 80 $w, whose number is another one there
X
w="an Accept opens what a NetworkPolicy closes, and nothing else"
deny_in b | apply
expect <<X
yes a/client tcp b/server 80 $w
no b/other tcp b/server 80 $w
no outside tcp b/server 80 $w
X
w="a Pass hands on to the NetworkPolicies"
admin first Admin 0 '{namespaces: {}}' <<X | apply
ingress:
- action: Pass
  from:
  - $red
X
expect <<X
no a/client tcp b/server 80 $w, which close
X
netpol delete -f <(deny_in b)
expect <<X
yes a/client tcp b/server 80 $w, of which there is none
X
w="Baseline decides where no NetworkPolicy isolates"
admin base Baseline 5 '{namespaces: {}}' <<X | apply
ingress:
- action: Accept
  from:
  - $red
  protocols:
  - tcp: {destinationPort: {range: {start: 80, end: 81}}}
- action: Deny
  from:
  - namespaces: {}
X
expect <<X
yes a/client tcp b/server 80 $w
yes a/client tcp b/server 81 $w
no a/client udp b/server 53 $w
no b/other tcp b/server 80 $w
yes outside tcp b/server 80 $w, a client outside is no pod
X
gone first allow forbid base

w="egress by networks: the first rule, not the longest prefix"
admin out Admin 1 '{pods: {podSelector: {matchLabels: {app: server}}}}' <<X | apply
egress:
- action: Pass
  to:
  - networks: ["10.244.2.0/24", "fd00:244:2::/48"]
- action: Deny
  to:
  - networks: ["198.51.0.0/16", "10.0.0.0/8"]
- action: Accept
  to:
  - networks: ["198.51.100.10/32"]
X
expect <<X
no b/server tcp 198.51.100.10 80 $w
no b/server icmp 198.51.100.10 0 $w
yes b/server tcp 2001:db8:51::10 80 $w, and the other family
no b/server tcp 10.244.1.10 80 $w, and pods
yes b/server tcp b/other 80 $w, after a Pass
yes b/other tcp 198.51.100.10 80 $w, and another pod
X
w="an Admin Deny stands above host-egress=allow and host-allow"
netpol settings host-egress=allow host-allow=10.244.0.1:tcp/81
expect <<X
no b/server tcp 10.244.0.1 80 $w
no b/server tcp 10.244.0.1 81 $w
yes b/server tcp fd00:244::1 80 $w, which is about the other family
yes b/other tcp 10.244.0.1 80 $w, which is about other pods
X
netpol settings host-egress= host-allow=
gone out
w="Baseline is below them"
admin out Baseline 1 '{namespaces: {}}' <<X | apply
egress:
- action: Deny
  to:
  - networks: ["10.0.0.0/8"]
X
expect <<X
no b/server tcp 10.244.0.1 80 $w, without them
X
netpol settings host-egress=allow
expect <<X
yes b/server tcp 10.244.0.1 80 $w
X
netpol settings host-egress=
gone out

w="a pod through its own Service"
in_netns n1 nft -f - <<X
table inet services {
	chain pre {
		type nat hook prerouting priority -100
		ip daddr 10.96.0.10 tcp dport 80 dnat ip to ${end_v4[b/server]}
		ip6 daddr fd00:96::10 tcp dport 80 dnat ip6 to ${end_v6[b/server]}
	}
	chain post {
		type nat hook postrouting priority 100
		ip saddr ${end_v4[b/server]} ip daddr ${end_v4[b/server]} masquerade
		ip6 saddr ${end_v6[b/server]} ip6 daddr ${end_v6[b/server]} masquerade
	}
}
X
deny_in b | apply
expect <<X
yes b/server tcp 10.96.0.10 80 $w, a NetworkPolicy that isolates it
yes b/server tcp fd00:96::10 80 $w, a NetworkPolicy that isolates it
X
admin hairpin Admin 1 '{pods: {podSelector: {matchLabels: {app: server}}}}' <<X | apply
ingress:
- action: Deny
  from:
  - pods: {podSelector: {matchLabels: {app: server}}}
X
expect <<X
no b/server tcp 10.96.0.10 80 $w, an Admin Deny of its own labels
no b/server tcp fd00:96::10 80 $w, an Admin Deny of its own labels
yes b/server tcp ${end_v4[b/server]} 80 $w: by its own address nobody is asked
X
gone hairpin
in_netns n1 nft delete table inet services
netpol delete -f <(deny_in b)

w="live connections"
for f in 4 6; do
	for p in tcp udp; do
		to=end_v$f"[b/server]"
		echo "routed-$p-$f $p a.client b.server ${!to} 9000"
	done
done >"$tmp/live"
admin cut Admin 1 '{namespaces: {}}' >"$tmp/cut" <<X
ingress:
- action: Deny
  from:
  - $red
X
admin cut Baseline 1 '{namespaces: {}}' >"$tmp/base" <<X
ingress:
- action: Deny
  from:
  - $red
X
live "$w, an Admin Deny" cut "$np apply -f $tmp/cut" open "$np delete -f $tmp/cut"
netpol settings established=keep
live "$w with established=keep, an Admin Deny" cut "$np apply -f $tmp/cut" \
	open "$np delete -f $tmp/cut"
live "$w with established=keep, a Baseline Deny" steady "$np apply -f $tmp/base"
netpol settings established=
netpol delete -f "$tmp/base"

w="a pod that is not known yet"
admin evil Admin 1 '{namespaces: {}}' <<X | apply
ingress:
- action: Deny
  from:
  - namespaces: {matchLabels: {team: evil}}
  protocols:
  - tcp: {destinationPort: {number: 80}}
X
expect <<X
yes elsewhere tcp b/server 80 $w, and no range of pods has its address
X
netpol settings pod-range=10.250.0.0/16,fd00:250::/32
expect <<X
no elsewhere tcp b/server 80 $w
yes elsewhere tcp b/server 81 $w, another port
yes a/client tcp b/server 80 $w, and one that is
yes outside tcp b/server 80 $w, and what is no pod
X
w="a pod whose namespace comes late"
pods_yaml c/late | apply
expect <<X
no c/late tcp b/server 80 $w: it may be one that is denied
no c/late tcp b/server 81 $w: it may be one that may not send
no b/server tcp c/late 80 $w: it may be one that nobody may reach
yes n1 tcp c/late 80 $w: its node
X
netpol settings host-egress=allow host-allow=10.244.0.1:tcp/81
in_netns n1 nft -f - <<X
table ip services {
	chain pre {
		type nat hook prerouting priority -100
		ip daddr 10.96.0.11 tcp dport 80 dnat to ${end_v4[c/late]}
	}
	chain post {
		type nat hook postrouting priority 100
		ip saddr ${end_v4[c/late]} ip daddr ${end_v4[c/late]} masquerade
	}
}
X
expect <<X
no c/late tcp 10.244.0.1 80 $w: host-egress=allow does not open it
no c/late tcp 10.244.0.1 81 $w: host-allow does not open it
yes b/server tcp 10.244.0.1 80 $w: host-egress=allow opens others
no c/late tcp 10.96.0.11 80 $w: nor does a Service that leads back
X
netpol settings host-egress= host-allow=
ns_yaml c team=good | apply
expect <<X
yes c/late tcp b/server 80 $w: it is none
yes b/server tcp c/late 80 $w: it is none
yes c/late tcp 10.96.0.11 80 $w: it is none
X
in_netns n1 nft delete table ip services
ns_yaml c team=evil | apply
expect <<X
no c/late tcp b/server 80 $w: it has become one
yes c/late tcp b/server 81 $w: it has become one
X
netpol settings pod-range=
gone evil

w="a rule that nobody can read, taken leniently"
cat >"$tmp/odd" <<X
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: odd}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {matchLabels: {team: blue}}}
  ingress:
  - action: Accept
    from:
    - galaxies: {}
  - action: Accept
    from:
    - $red
    protocols:
    - tcp: {destinationPort: {number: 80}}
  - action: Deny
    from:
    - galaxies: {}
X
is "$(netpolctl --netns n1 apply -f "$tmp/odd" >/dev/null 2>&1; echo $?)" 3 \
	"a file with a rule that nobody can read is refused"
netpol apply --lenient -f "$tmp/odd"
expect <<X
yes a/client tcp b/server 80 $w: the rule before it
no a/client tcp b/server 81 $w: it denies everything
no outside tcp b/server 80 $w: it denies everything
yes n1 tcp b/server 80 $w: the node itself passes
yes b/server tcp a/client 80 $w: in one direction
X
gone odd
finish
