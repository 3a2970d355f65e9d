#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What commands print as JSON with the module loaded, with traffic, an audit and a ClusterNetworkPolicy.
# Here it must be JSON of the version that is promised; the host, which has the means, holds it to
# docs/schema (tests/run/schema.py).
#netpol-test: timeout=300
#netpol-test: schemas
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/web 10.244.1.10 fd00:244:1::10
pod_make n1 a/friend 10.244.1.11 fd00:244:1::11
pod_info a/web app=web
serve_on a/web a/friend -- tcp/80
control=n1,10.244.1.11,80
np() { netpolctl --netns n1 "$@"; }
{
	ns_yaml a
	pods_yaml a/web a/friend
	cat <<-X
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: web, namespace: a}
	spec:
	  podSelector: {matchLabels: {app: web}}
	  ingress: [{from: [{podSelector: {matchLabels: {app: nobody}}}, {ipBlock: {cidr: 192.0.2.0/24}}]}]
	---
	apiVersion: policy.networking.k8s.io/v1alpha2
	kind: ClusterNetworkPolicy
	metadata: {name: base}
	spec:
	  tier: Admin
	  priority: 1
	  subject: {namespaces: {}}
	  egress: [{name: last, action: Deny, to: [{networks: [198.51.100.0/24]}]}]
	X
} >"$tmp/all.yaml"

# shown SCHEMA WANT FILE: documents for the host, one on a line
shown()
{
	local line count=0
	while read -r line; do
		echo "# json $1 $line"
		count=$((count + 1))
	done < <(jq -c . "$3")
	check "$2: JSON of netpolctl/v1" jq -es 'length > 0 and all(.[]; .apiVersion == "netpolctl/v1" and
		(.kind | length > 0))' "$3"
}

# prints SCHEMA STATUS WORD...: a command with -o json
prints()
{
	local schema=$1 want=$2
	shift 2
	np "$@" -o json >"$tmp/doc" 2>"$tmp/err"
	is "$?" "$want" "$*: exit status"
	shown "$schema" "$*" "$tmp/doc"
}

prints apply 0 apply -f "$tmp/all.yaml" --dry-run=kernel --diff
prints apply 0 apply -f "$tmp/all.yaml"
prints settings 0 settings guard-prefix=10.244.1.0/24 host-allow=169.254.20.10:udp/53
np monitor all --count 2 -o jsonl >"$tmp/events" &
pid=$!
pids+=("$pid")
# until the monitor has seen one; it may not listen yet
knocked() { batch <<<"0 a.friend tcp - 10.244.1.10 80" >/dev/null; [ -s "$tmp/events" ]; }
check "an event" eventually 60 knocked
np audit a --for 1h >/dev/null 2>&1 || bail audit
[ "$(wc -l <"$tmp/events")" -ge 2 ] || knocked
check "and one more" eventually 60 knocked
kill $pid 2>/dev/null
wait $pid
shown monitor "monitor" "$tmp/events"
prints audit 0 audit
prints status 0 status
prints counters 0 counters
prints version 0 version
prints get 0 get origins
prints get 0 get limits
prints get 0 get rules
prints get 0 get trie a/web
prints eval 0 eval a/friend a/web -p tcp/80
prints eval 1 eval a/friend 198.51.100.1 -p tcp/80
prints explain 0 explain a/friend a/web -p tcp/80
prints matrix 0 matrix --kernel --ports tcp/80
prints exposure 0 exposure --kernel
prints diff 1 diff kernel "$tmp/all.yaml"
for what in pods policies rules; do
	np top $what -b 1 -i 200ms -o jsonl >"$tmp/doc" || bail "top $what"
	shown top "top $what" "$tmp/doc"
done
np doctor -o json >"$tmp/doc" 2>/dev/null
shown doctor doctor "$tmp/doc"
prints error 3 eval a/nobody a/web -p tcp/80
prints apply 0 delete policy/a/web
np flush --yes >/dev/null || bail flush
finish
