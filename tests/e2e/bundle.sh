#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl support-bundle with the module, objects and an agent that answers: every piece that can
# be had is in the archive and says what the commands say. With --redact no name and no address of
# the cluster is anywhere in it, the same one is the same in all files, and a block still holds the
# pods that it held.
#netpol-test: all-kernels
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 bluefin/marlin-0 10.244.1.10 fd00:244:1::10
pod_make n1 tarpon/grouper-0 10.244.1.11 fd00:244:1::11
pod_info bluefin/marlin-0 "app=herring tier=1" "web:TCP:80"
serve_on bluefin/marlin-0 -- tcp/80
control=n1,10.244.1.10,80
sysctl -q kernel.hostname=mackerel.example.org
{
	ns_yaml bluefin team=sardine
	ns_yaml tarpon
	pods_yaml bluefin/marlin-0 tarpon/grouper-0
	cat <<-X
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: permit-anchovy, namespace: bluefin}
	spec:
	  podSelector: {matchLabels: {app: herring}}
	  ingress:
	  - {from: [{ipBlock: {cidr: 10.244.1.0/24, except: [10.244.1.64/26]}}]}
	  - {from: [{ipBlock: {cidr: "fd00:244:1::/64"}}]}
	  - {from: [{namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [sprat]}]}}]}
	---
	apiVersion: policy.networking.k8s.io/v1alpha2
	kind: ClusterNetworkPolicy
	metadata: {name: pilchard}
	spec:
	  tier: Admin
	  priority: 3
	  subject: {namespaces: {}}
	  egress: [{name: no whiting, action: Deny, to: [{networks: [198.51.100.0/24]}]}]
	X
} | apply
netpolctl --netns n1 settings guard-prefix=10.244.1.0/24 >/dev/null || bail settings
expect <<-X
yes tarpon/grouper-0 tcp bluefin/marlin-0 80 a connection that is counted
X

# an agent that answers
cat >"$tmp/agent.json" <<'X'
{"apiVersion": "netpolctl/v1", "kind": "SyncStatus", "node": "mackerel.example.org", "ready": true,
 "server": {"url": "https://turbot.example.org:6443", "warnings": []},
 "troubles": [{"object": "pod", "namespace": "bluefin", "name": "haddock-7", "state": "rejected",
               "reason": "spec: \"Flounder/x\" is no name"}]}
X
printf 'HTTP/1.0 200 OK\r\n\r\nnetpol_objects{kind="pod"} 2\n' >"$tmp/metrics"
socat "UNIX-LISTEN:$tmp/sync.sock,fork" "EXEC:cat $tmp/agent.json" &
pids+=($!)
in_netns n1 socat TCP-LISTEN:9474,bind=127.0.0.1,fork,reuseaddr "SYSTEM:read -r line; cat $tmp/metrics" &
pids+=($!)
eventually 20 test -S "$tmp/sync.sock" || bail "the agent's socket"
eventually 20 in_netns n1 socat -u OPEN:/dev/null TCP:127.0.0.1:9474 || bail "the agent's port"

# bundle FOLDER OPTION...: makes one and unpacks it there
bundle()
{
	local to=$1
	shift
	netpolctl --netns n1 support-bundle -o "$to.tar.gz" --socket "$tmp/sync.sock" "$@" \
		>/dev/null 2>"$tmp/err" || bail "support-bundle $*: $(cat "$tmp/err")"
	mkdir "$to"
	tar -xzf "$to.tar.gz" -C "$to" || bail "tar cannot read it"
	mv "$to"/netpol-support-*/* "$to"
}

bundle "$tmp/plain"
for file in namespaces.json pods.json policies.json rules.json counters.json version.json status.json \
	status.txt settings.txt doctor.json host.txt kernel.txt module.txt modules.txt sysctl.txt \
	conntrack.txt dmesg.txt agent-status.json agent-metrics.txt links.txt; do
	check "in the archive: $file" grep -Eq "^ok +[1-9][0-9]*  $file " "$tmp/plain/MANIFEST"
done
for kind in namespaces pods policies; do
	netpolctl --netns n1 get $kind -o json >"$tmp/now"
	check "$kind are what the kernel has" cmp -s "$tmp/now" "$tmp/plain/$kind.json"
done
is "$(jq -r '[.items[] | select(.packets > 0) | .policy] | unique | join(" ")' "$tmp/plain/rules.json")" \
	permit-anchovy "rules have their counters"
is "$(jq -r .module.version "$tmp/plain/version.json")" "$(cat /sys/module/netpol/version)" "the module"
check "the kernel's lines" grep -q 'netpol: version' "$tmp/plain/dmesg.txt"
check "parameters or state of the module" grep -q '^/sys/module/netpol/refcnt: [0-9]' "$tmp/plain/module.txt"
check "no entry of conntrack" test -z "$(grep -rl 'src=10' "$tmp/plain")"
check "sysctls" grep -q '^/proc/sys/net/netfilter/nf_conntrack_max: [0-9]' "$tmp/plain/sysctl.txt"
check "interfaces and routes" grep -q '^route 10.244.1.10/32 direct device ' "$tmp/plain/host.txt"
check "metrics" grep -qx 'netpol_objects{kind="pod"} 2' "$tmp/plain/agent-metrics.txt"

bundle "$tmp/made" --redact
# every name and address, in any file; what is in it must have been in the one with real names
real='bluefin tarpon marlin grouper herring sardine sprat anchovy pilchard whiting mackerel turbot haddock
flounder example 10.244.1 10.244.0 198.51.100 fd00:244'
for word in $real; do
	[ "$word" = flounder ] || [ "$word" = 10.244.0 ] ||
		check "real: $word" grep -rqi -- "$word" "$tmp/plain"
	is "$(grep -rli -- "$word" "$tmp/made" | head -3)" "" "made up: nothing has $word"
done
for mac in $(ip -n n1 -j link | jq -r '.[].address' | grep -v ^00:00:00:00:00:00); do
	is "$(grep -rli -- "$mac" "$tmp/made")" "" "made up: nothing has $mac"
done
pod=$(jq -r '.items[] | select(.spec.containers[0].ports) | .metadata.namespace + "/" + .metadata.name' \
	"$tmp/made/pods.json")
check "a made-up pod" test -n "$pod"
is "$(jq -r --arg pod "$pod" '.pods[] | select(.namespace + "/" + .name == $pod) | .interface' \
	"$tmp/made/counters.json")" "${end_dev[bluefin/marlin-0]}" "the same pod in another file"
is "$(jq '[.items[].kind] | length' "$tmp/made/policies.json")" 2 "all policies"
check "what is made up is valid" netpolctl matrix -f "$tmp/made/namespaces.json" -f "$tmp/made/pods.json" \
	-f "$tmp/made/policies.json" --lenient --ports tcp/80 -o json
netpolctl matrix -f "$tmp/plain/namespaces.json" -f "$tmp/plain/pods.json" -f "$tmp/plain/policies.json" \
	--lenient --ports tcp/80 -o csv --no-headers | cut -d, -f3 | sort >"$tmp/real-verdicts"
netpolctl matrix -f "$tmp/made/namespaces.json" -f "$tmp/made/pods.json" -f "$tmp/made/policies.json" \
	--lenient --ports tcp/80 -o csv --no-headers | cut -d, -f3 | sort >"$tmp/made-verdicts"
check "and has the same verdicts" cmp -s "$tmp/real-verdicts" "$tmp/made-verdicts"

# the module is not touched, and without it what is left is written
generation=$(netpolctl --netns n1 status -o json | jq .generation)
is "$(jq .generation "$tmp/made/status.json")" "$generation" "nothing is changed"
netpolctl --netns n1 flush --yes >/dev/null || bail flush
modprobe -r netpol || bail "modprobe -r"
bundle "$tmp/without" --redact
check "without the module" grep -q '^missing .* pods.json .* not loaded$' "$tmp/without/MANIFEST"
check "without the module: the kernel" grep -q '^ok .* kernel.txt ' "$tmp/without/MANIFEST"
is "$(grep -rliE 'mackerel|turbot|haddock|10\.244\.0' "$tmp/without" | head -3)" "" "without the module: made up"
finish
