#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The node agent, with objects that the test feeds to it (feed.c): nothing before all
# kinds are synced, then one whole commit; killed at random points, nothing opens, closes
# or breaks; snapshot, repair of what others changed, objects that are set aside or closed,
# local pods by the network interface's cache, the words to the service manager.
#netpol-test: timeout=600
#netpol-test: schemas
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 a/other 10.244.1.11 fd00:244:1::11
pod_make n1 b/server 10.244.1.20 fd00:244:1::20
pod_make n1 b/late 10.244.1.30 fd00:244:1::30
pod_make n1 b/stray 10.99.1.5 fd99::5
pod_info a/client "app=client"
pod_info a/other "app=other"
pod_info b/server "app=server"
pod_info b/late "app=late"
pod_info b/stray "app=stray"
serve_on a/other b/server b/late b/stray -- tcp/80
control=n1,10.244.1.20,80
np="netpolctl --netns n1"
dir=$tmp/agent
mkdir -p "$dir" "$dir/cni"

# --- feeding ------------------------------------------------------------------

agent_start() # OPTION...; $as: the name of the node
{
	rm -f "$dir/in" "$dir/sock"
	mkfifo "$dir/in"
	NOTIFY_SOCKET=${notify:-} WATCHDOG_USEC=${notify:+3000000} \
		nsenter --net=/run/netns/n1 feed --node "${as:-n1}" --snapshot "$dir/snapshot" \
		--socket "$dir/sock" --listen 127.0.0.1:9474 --cni "$dir/cni" "$@" \
		<"$dir/in" >>"$dir/log" 2>&1 &
	agent=$!
	pids+=("$agent")
	exec 5>"$dir/in"
	eventually 30 test -S "$dir/sock" || bail "the agent does not start: $(tail -n 5 "$dir/log")"
}

agent_end() # SIGNAL; sets $rc
{
	kill "-$1" "$agent"
	exec 5>&-
	# It may be the child of another shell, and it must not hold its port any more.
	eventually 20 sh -c "! readlink /proc/$agent/exe"
	wait "$agent" 2>/dev/null
	rc=$?
}

tell() { echo "$1" >&5; }
mark() # begin|synced KIND...
{
	local what=$1 k
	shift
	for k; do
		tell "{\"do\":\"$what\",\"kind\":\"$k\"}"
	done
}
upsert() { tell "{\"do\":\"upsert\",\"kind\":\"$1\",\"object\":$2}"; }

labels_json() # LABEL=VALUE...
{
	local x out=
	for x; do
		out="$out${out:+,}\"${x%%=*}\":\"${x#*=}\""
	done
	echo "{$out}"
}
ns_feed() # NS [ANNOTATIONS]
{
	upsert namespaces "{\"metadata\":{\"name\":\"$1\",\"labels\":$(labels_json team="$1"),\"annotations\":${2:-{\}}}}"
}
pod_uid() { printf '00000000-0000-4000-8000-%012d' "${uids[$1]:-$((16#$(md5sum <<<"$1" | cut -c1-8) % 1000000))}"; }
declare -A uids
pod_feed() # NS/NAME [noip|MORE-STATUS]
{
	local ips="\"podIP\":\"${end_v4[$1]}\",\"podIPs\":[{\"ip\":\"${end_v4[$1]}\"},{\"ip\":\"${end_v6[$1]}\"}]"
	[ "${2:-}" != noip ] || ips='"x":1'
	# shellcheck disable=SC2086 # words
	upsert pods "{\"metadata\":{\"name\":\"${1#*/}\",\"namespace\":\"${1%/*}\",\"uid\":\"$(pod_uid "$1")\",\"labels\":$(labels_json ${pod_labels[$1]:-})},\"spec\":{\"nodeName\":\"${end_node[$1]}\"},\"status\":{\"phase\":\"Running\",$ips}}"
}
policy_feed() # NS NAME SPEC [ANNOTATIONS]
{
	upsert networkpolicies "{\"metadata\":{\"name\":\"$2\",\"namespace\":\"$1\",\"annotations\":${4:-{\}}},\"spec\":$3}"
}
policy_gone() { tell "{\"do\":\"remove\",\"kind\":\"networkpolicies\",\"namespace\":\"$1\",\"name\":\"$2\"}"; }
allow_client='{"podSelector":{"matchLabels":{"app":"server"}},"policyTypes":["Ingress"],"ingress":[{"from":[{"namespaceSelector":{"matchLabels":{"team":"a"}},"podSelector":{"matchLabels":{"app":"client"}}}]}]}'

everything()
{
	mark begin namespaces pods networkpolicies clusternetworkpolicies nodes
	ns_feed a
	ns_feed b
	pod_feed a/client
	pod_feed a/other
	pod_feed b/server
	upsert nodes '{"metadata":{"name":"n1"},"spec":{"podCIDRs":["10.244.1.0/24","fd00:244:1::/64"]}}'
	policy_feed b allow-client "$allow_client" "${asks:-}"
	mark synced namespaces pods networkpolicies clusternetworkpolicies nodes
}

status() { nsenter --net=/run/netns/n1 netpolctl sync status --socket "$dir/sock" -o json; }
# The host holds it to its schema.
shown() { echo "# json sync-status $(status | jq -c .)"; }
status_is() { [ "$(status | jq -r "$1")" = "$2" ]; }
# waits: WHAT JQ WANT
until_status()
{
	if eventually 30 status_is "$2" "$3"; then
		ok "$1"
	else
		not_ok "$1"
		note "$2 is $(status | jq -c "$2"), not $3"
		note "$(tail -n 5 "$dir/log")"
	fi
}
generation() { $np status -o json 2>/dev/null | jq .generation; }
web() { nsenter --net=/run/netns/n1 bash -c "exec 3<>/dev/tcp/127.0.0.1/9474
	printf 'GET $1 HTTP/1.0\r\n\r\n' >&3; cat <&3"; }

as_allowed() # WHAT
{
	expect <<-X
	yes a/client tcp b/server 80 $1: the client is allowed
	no a/other tcp b/server 80 $1: another pod is not
	yes n1 tcp b/server 80 $1: the node is allowed
	X
}

# --- only whole states --------------------------------------------------------

# what doctor says of the agent
doctor_says() # STATUS PATTERN WHAT
{
	$np doctor --check agent --socket "$dir/sock" -o json >"$tmp/doctor" 2>&1
	check "doctor: $3" jq -e --arg s "$1" --arg p "$2" \
		'[.findings[] | select(.status == $s and (.text | test($p)))] | length == 1' "$tmp/doctor"
}
doctor_says ok "none has loaded anything" "there has never been an agent"
agent_start
mark begin namespaces pods networkpolicies clusternetworkpolicies nodes
ns_feed a
pod_feed b/server
mark synced namespaces pods nodes
until_status "all but the policies are synced" '[.kinds[] | select(.synced)] | length' 3
policy_feed b allow-client "$allow_client"
is "$($np status -o json | jq '[.origins[].objects] | add // 0')" 0 \
	"nothing is committed before every kind is synced"
is "$($np settings -o json | jq -r .settings.unknown)" deny "but unknown addresses are denied at once"
is "$(web /readyz | sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p')" 503 "not ready before that"
is "$(web /healthz | sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p')" 200 "but healthy"
connected() # NUMBER REASON KIND...
{
	local number=$1 reason=$2 k
	shift 2
	for k; do
		tell "{\"do\":\"state\",\"kind\":\"$k\",\"connected\":$number,\"reason\":\"$reason\"}"
	done
}
connected 1 "" namespaces pods networkpolicies clusternetworkpolicies nodes
eventually 10 status_is '[.kinds[] | select(.connected)] | length' 5
doctor_says warn "not ready: " "it is not ready"
shown
everything
until_status "synced and committed" .ready true
doctor_says ok "follows 5 kinds" "it is ready"
connected 0 "403 Forbidden" pods
eventually 10 status_is '[.kinds[] | select(.connected)] | length' 4
doctor_says warn "hear of changes of pods: 403 Forbidden" "the API server refuses a kind"
connected 1 "" pods
is "$(status | jq .commitsFull)" 1 "the first commit is a full one"
is "$(web /readyz | sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p')" 200 "ready"
is "$($np settings -o json | jq -c '[.settings.guardPrefix, .settings.unknown]')" \
	'[["10.244.1.0/24","fd00:244:1::/64"],"deny"]' "the node's podCIDRs are guards, unknown=deny"
as_allowed "first commit"
expect <<X
no a/client tcp b/late 80 a pod that the API server did not name yet is closed
X
before=$(generation)
pod_feed b/late
until_status "one more pod" .localPods 4
newer() { [ "$(generation)" -gt "$before" ]; }
check "and it is committed" eventually 10 newer
eventually 10 status_is .changesWaiting 0
expect <<X
yes a/client tcp b/late 80 and open once it did
X

is "$(status | jq -c '.podsWithoutRoom')" 0 "no limit has done anything"

# --- metrics ------------------------------------------------------------------

web /metrics | tr -d '\r' | sed '1,/^$/d' >"$dir/metrics"
for m in netpol_build_info netpol_module_info netpol_packets_total netpol_events_lost_total \
	netpol_objects netpol_kernel_generation netpol_sync_relists_total \
	netpol_commit_duration_seconds_bucket netpol_object_errors_total \
	netpol_divergence_repairs_total netpol_pod_wait_seconds_count \
	netpol_local_pods_without_room \
	process_resident_memory_bytes process_cpu_seconds_total; do
	check "metric $m" grep -q "^$m" "$dir/metrics"
done
is "$(grep -v '^#' "$dir/metrics" | sed 's/[{ ].*//' | sort -u | while read -r m; do
	grep -q "^# TYPE ${m%_bucket} \|^# TYPE ${m%_sum} \|^# TYPE ${m%_count} " "$dir/metrics" || echo "$m"
done)" "" "every metric has a type"
is "$(grep '^netpol_pod_wait_seconds_count' "$dir/metrics")" "netpol_pod_wait_seconds_count 1" \
	"the new pod's wait was measured"
is "$(web /nothing | sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p')" 404 "no other page"

# --- objects that are not taken as they are --------------------------------------

# More rules than the kernel takes, each of which would allow everything.
policy_feed b big "{\"podSelector\":{\"matchLabels\":{\"app\":\"late\"}},\"policyTypes\":[\"Ingress\"],\"ingress\":[$(printf '{"ports":[{"port":80}]},%.0s' {1..4999}){}]}"
policy_feed b fine '{"podSelector":{"matchLabels":{"app":"server"}},"policyTypes":["Ingress"],"ingress":[{"from":[{"ipBlock":{"cidr":"198.51.100.0/24"}}]}]}'
until_status "a policy over a cap is set aside and named" '[.troubles[] | .name + " " + .state] | join(",")' "big closed"
check "the policy beside it is in the kernel" $np get policies -n b fine
expect <<X
no a/client tcp b/late 80 what the policy over the cap selects is closed
X
as_allowed "beside it"
policy_gone b big
until_status "it is gone" .troubleCount 0
expect <<X
yes a/client tcp b/late 80 and open again
X
# A policy of a later API: the field may narrow the peer. The version before allows all.
policy_feed b future '{"podSelector":{"matchLabels":{"app":"late"}},"policyTypes":["Ingress"],"ingress":[{}]}'
policy_feed b future '{"podSelector":{"matchLabels":{"app":"late"}},"policyTypes":["Ingress"],"ingress":[{"from":[{"podSelector":{},"serviceAccountSelector":{}}]}]}'
until_status "a policy that can't be decoded is named" '[.troubles[] | .name + " " + .state] | join(",")' "future closed"
shown
expect <<X
no a/client tcp b/late 80 what it selects is closed
X
policy_gone b future
upsert pods "{\"metadata\":{\"name\":\"server\",\"namespace\":\"b\",\"uid\":\"$(pod_uid b/server)\"},\"spec\":7}"
until_status "a malformed pod is named" '[.troubles[] | .name + " " + .state] | join(",")' "server aside"
eventually 20 status_is .changesWaiting 0
expect <<X
no a/client tcp b/server 80 its last good version does not stay
no b/server tcp a/other 80 it is closed both ways
X
pod_feed b/server
until_status "and is well again" .troubleCount 0
eventually 20 status_is .changesWaiting 0
as_allowed "well again"
# A new pod that cannot be read, whose address no guard covers.
upsert pods "{\"metadata\":{\"name\":\"stray\",\"namespace\":\"b\",\"uid\":\"$(pod_uid b/stray)\"},\"spec\":{\"nodeName\":\"n1\",\"containers\":[{\"ports\":[$(for i in {1..1025}; do printf '{"name":"p%d","containerPort":%d},' "$i" "$i"; done){\"containerPort\":1}]}]},\"status\":{\"phase\":\"Running\",\"podIPs\":[{\"ip\":\"${end_v4[b/stray]}\"},{\"ip\":\"${end_v6[b/stray]}\"}]}}"
until_status "a new pod with too many ports is named" '[.troubles[] | .name + " " + .state] | join(",")' "stray aside"
is "$($np settings -o json | jq -c '[.settings.guardPrefix[] | select(test("99"))]')" \
	'["10.99.1.5/32","fd99::5/128"]' "its addresses are guarded"
expect <<X
no a/client tcp b/stray 80 it is closed
no b/stray tcp b/server 80 both ways
X
tell "{\"do\":\"remove\",\"kind\":\"pods\",\"namespace\":\"b\",\"name\":\"stray\",\"uid\":\"$(pod_uid b/stray)\"}"
until_status "and is forgotten when it is deleted" .troubleCount 0
eventually 20 status_is .changesWaiting 0

# Addresses that no pod can have: the kernel refuses the pods and says which they are, so
# that each costs one try and nothing is halved.
odd_pod() # NAME ADDRESS
{
	upsert pods "{\"metadata\":{\"name\":\"$1\",\"namespace\":\"b\",\"uid\":\"$1\"},\"spec\":{\"nodeName\":\"elsewhere\"},\"status\":{\"phase\":\"Running\",\"podIP\":\"$2\"}}"
}
failures=$(status | jq .commitFailures)
odd_pod even-1 198.51.100.1
odd_pod odd-1 224.0.0.1
odd_pod even-2 198.51.100.2
odd_pod odd-2 224.0.0.2
odd_pod odd-3 224.0.0.3
odd_pod even-3 198.51.100.3
until_status "pods that the kernel refuses are set aside and named" \
	'[.troubles[] | .name + " " + .state] | sort | join(",")' "odd-1 aside,odd-2 aside,odd-3 aside"
eventually 20 status_is .changesWaiting 0
for i in 1 2 3; do
	check "pod $i beside them is in the kernel" $np get pods -n b "even-$i"
done
is "$(status | jq -r '[.troubles[].reason | test("unicast")] | all')" true "with what the kernel says"
is "$(($(status | jq .commitFailures) - failures))" 3 "one try for each of them"
for i in 1 2 3; do
	tell "{\"do\":\"remove\",\"kind\":\"pods\",\"namespace\":\"b\",\"name\":\"odd-$i\"}"
	tell "{\"do\":\"remove\",\"kind\":\"pods\",\"namespace\":\"b\",\"name\":\"even-$i\"}"
done
until_status "and are gone" .troubleCount 0

# A pod over a cap, whose address no guard covers.
pod_feed b/stray
until_status "it is a warning that no guard covers the pod" '[.localPodsUnguarded, .unguardedPod] | join(" ")' "1 b/stray"
check "also in the table" grep -q "^warning  *no guard covers 1 local pods (b/stray)" \
	<(nsenter --net=/run/netns/n1 netpolctl sync status --socket "$dir/sock")
is "$(web /metrics | tr -d '\r' | grep '^netpol_local_pods_unguarded')" "netpol_local_pods_unguarded 1" "and in the metrics"
policy_feed b stray '{"podSelector":{"matchLabels":{"app":"stray"}},"policyTypes":["Egress"]}'
eventually 20 $np get policies -n b stray
expect <<X
yes a/client tcp b/stray 80 a pod outside the guards is reached
no b/stray tcp b/server 80 and is held by its policy
X
pod_labels[b/stray]="app=stray $(printf 'l%d=v ' {1..2000})"
pod_feed b/stray
until_status "a pod over a cap is set aside and named" '[.troubles[] | .name + " " + .state] | join(",")' "stray aside"
eventually 20 sh -c "! $np get pods -n b stray"
is "$($np settings -o json | jq -c '[.settings.guardPrefix[] | select(test("99"))]')" \
	'["10.99.1.5/32","fd99::5/128"]' "its addresses are guarded, each by itself"
expect <<X
no a/client tcp b/stray 80 it is closed
no b/stray tcp b/server 80 both ways
no b/stray tcp a/other 80 also to where nothing isolates
X
pod_labels[b/stray]=app=stray
pod_feed b/stray
until_status "and is well again" .troubleCount 0
is "$($np settings -o json | jq -c '[.settings.guardPrefix[] | select(test("99"))]')" '[]' \
	"its guards are gone"
expect <<X
yes a/client tcp b/stray 80 it is open as before
X
# Deleted by force, its processes live on, and it has no policies any more.
tell '{"do":"remove","kind":"pods","namespace":"b","name":"stray"}'
eventually 20 sh -c "! $np get pods -n b stray"
is "$($np settings -o json | jq -c '[.settings.guardPrefix[] | select(test("99"))]')" \
	'["10.99.1.5/32","fd99::5/128"]' "a pod that the API server has forgotten is guarded"
expect <<X
no a/client tcp b/stray 80 it is closed
no b/stray tcp b/server 80 both ways
X
ip -n n1 link del "${end_dev[b/stray]}"
no_guards() { [ "$($np settings -o json | jq '[.settings.guardPrefix[] | select(test("99"))] | length')" = 0 ]; }
eventually 20 no_guards
check "until its interface is gone" no_guards
policy_gone b stray
# Committed, so that what somebody else does next is not met by a commit on its way.
eventually 20 sh -c "! $np get policies -n b stray && ! $np get pods -n b stray"

# --- someone else changes our objects --------------------------------------------

netpol delete --origin kube policy/b/allow-client
until_status "deleted by hand: found and repaired" .repairs 1
eventually 10 status_is .ready true
as_allowed "repaired"
netpol flush --yes
until_status "flushed by hand: found and repaired" .repairs 2
eventually 10 status_is .ready true
eventually 10 $np get policies -n b allow-client
as_allowed "repaired"

# --- killed, at any point ----------------------------------------------------------

cat >"$tmp/live" <<X
good tcp a.client b.server ${end_v4[b/server]} 9100
X
kill_rounds()
{
	local point
	for point in 0 1 2 3 4 5; do
		everything
		# Anywhere between the first object and long after the commit.
		sleep "0.$point$((RANDOM % 10))"
		agent_end KILL
		# While it is dead and while it starts, the kernel goes on.
		agent_start
	done
	agent_end KILL
	touch "$dir/rounds"
} 2>/dev/null
policy_gone b fine
eventually 10 sh -c "! $np get policies -n b fine"
before=$($np get policies -o json -A | jq -c '[.items[].metadata.name]')
kill_rounds &
pids+=($!)
live "a connection while the agent is killed six times" \
	steady "until test -e $dir/rounds; do sleep 0.1; done" steady true
exec 5>&-
is "$($np get policies -o json -A | jq -c '[.items[].metadata.name]')" "$before" \
	"killed six times: the same policies"
as_allowed "killed six times, no agent"
agent_start
everything
pod_feed b/late
until_status "alive again" .ready true
is "$(status | jq .commitsFull)" 1 "after a restart the first commit is a full one"

# --- the name of the node -----------------------------------------------------------

# Under a name that no Node has, no pod is local: a commit would take every policy away.
agent_end KILL
before=$(generation)
as=n2 agent_start
everything
until_status "a name that no Node has is an error" .waitingFor 'the cluster has no Node "n2"'
is "$(web /readyz | sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p')" 503 "and not ready"
check "and is in the log" grep -q 'the cluster has no Node "n2", so nothing is committed' "$dir/log"
pod_feed b/server
is "$(status | jq .commitsFull)" 0 "and nothing is committed"
is "$(generation)" "$before" "the kernel keeps what it has"
as_allowed "under a wrong name"
upsert nodes '{"metadata":{"name":"n2"},"spec":{}}'
until_status "until the Node is there" .ready true
agent_end KILL
agent_start
everything
pod_feed b/late
until_status "its own name again" .ready true

# --- the snapshot ------------------------------------------------------------------

until_status "a snapshot was written" '.snapshots > 0' true
agent_end TERM
is "$rc" 0 "SIGTERM: a clean end"
doctor_says warn "no agent answers at .*changes of the cluster do not arrive" "it has ended"
as_allowed "without an agent"
check "the snapshot is sound" $np restore "$dir/snapshot" --dry-run=client
netpol flush --yes
expect <<X
yes a/other tcp b/server 80 flushed: nothing is enforced
X
boot() { nsenter --net=/run/netns/n1 netpolctl sync --boot --guard-prefix 10.244.1.0/24,fd00:244:1::/64 "$@" 2>>"$dir/log"; }
# What keeps kubelet from starting: the exit status of check, with snapshot $1.
gate() { nsenter --net=/run/netns/n1 netpolctl sync check --snapshot "$1" 2>>"$dir/log"; echo $?; }
is "$(gate "$dir/none")" 1 "sync check: without guards a pod would start open"
check "the first boot: no snapshot, no API server" boot --snapshot "$dir/none"
is "$(gate "$dir/none")" 0 "sync check: guards, and no snapshot that could be restored"
is "$(gate "$dir/snapshot")" 1 "sync check: a snapshot that is not in force"
is "$($np settings -o json | jq -c '[.settings.guardPrefix, .settings.unknown]')" \
	'[["10.244.1.0/24","fd00:244:1::/64"],"deny"]' "what the command line guards is closed"
expect <<X
no a/client tcp b/server 80 first boot: nobody is known yet
yes n1 tcp b/server 80 first boot: the node's own probes pass
X
netpol flush --yes
check "a later boot: the snapshot is restored" boot --snapshot "$dir/snapshot"
as_allowed "restored at boot"
is "$(gate "$dir/snapshot")" 0 "sync check: guards and snapshot"
netpol settings unknown=allow
is "$(gate "$dir/snapshot")" 1 "sync check: unknown=allow"
netpol flush --yes
cp "$dir/snapshot" "$dir/good"
sed -i 's/"app":"client"/"app":"cliemt"/' "$dir/snapshot"
touch -d "2020-01-01 00:00:00" "$dir/.snapshot.abc123" || bail "touch"
touch "$dir/.snapshot.def456"
agent_start --guard 10.244.77.0/24
check "a damaged snapshot is refused with a reason" grep -q "the snapshot is damaged" "$dir/log"
is "$($np status -o json 2>/dev/null | jq '[.origins[].objects] | add // 0')" 0 \
	"and nothing of it is loaded"
is "$($np settings -o json | jq -c '[.settings.guardPrefix, .settings.unknown]')" \
	'[["10.244.77.0/24"],"deny"]' "but what the command line guards is closed at once"
is "$(echo "$dir"/.snapshot.*)" "$dir/.snapshot.def456" \
	"what a killed writer has left is removed, not what may be being written"
rm "$dir/.snapshot.def456"
agent_end KILL
cp "$dir/good" "$dir/snapshot"
agent_start
as_allowed "restored before the source said a word"
is "$(status | jq .restored)" true "status says so"
before=$($np status -o json 2>/dev/null | jq '[.origins[] | [.name, .generation]]')
check "restore --if-empty leaves a kernel that holds objects" $np restore --if-empty "$dir/good"
is "$($np status -o json 2>/dev/null | jq '[.origins[] | [.name, .generation]]')" "$before" \
	"nothing of it has changed"
agent_end KILL
netpol flush --yes
# As after a reboot: another boot id, and a checksum that fits.
sed -i '1s/"bootId":"[^"]*"/"bootId":"00000000-0000-0000-0000-000000000000"/; $d' "$dir/snapshot"
is "$($np restore "$dir/snapshot" --dry-run=client >/dev/null 2>&1; echo $?)" 3 "without a checksum: refused"
cp "$dir/good" "$dir/snapshot"

# --- a pod's address before the API server tells it -----------------------------------

# The folder of the cache comes later than the agent, as on every new node.
agent_start --cni "$dir/later/cni"
everything
pod_feed b/late noip
until_status "ready" .ready true
expect <<X
no a/client tcp b/late 80 the API server told no address: closed
X
mkdir -p "$dir/later"
mv "$dir/cni" "$dir/later/cni"
cni_late()
{
	cat >"$dir/later/cni/.tmp" <<-X
	{"kind":"cniCacheV1","containerId":"c1","ifName":"eth0","networkName":"n","cniArgs":[["IgnoreUnknown","1"],["K8S_POD_NAMESPACE","b"],["K8S_POD_NAME","late"],["K8S_POD_UID","$(pod_uid b/late)"]],"result":{"cniVersion":"1.0.0","interfaces":[{"name":"${end_dev[b/late]}"},{"name":"eth0","sandbox":"/run/netns/b.late"}],"ips":[{"address":"${end_v4[b/late]}/32","interface":1},{"address":"${end_v6[b/late]}/128","interface":1}]}}
	X
	mv "$dir/later/cni/.tmp" "$dir/later/cni/n-c1-eth0"
}
cni_late
eventually 20 $np get pods -n b late
expect <<X
yes a/client tcp b/late 80 the network interface's cache did
X
rm "$dir/later/cni/n-c1-eth0"
eventually 20 sh -c "! $np get pods -n b late"
expect <<X
no a/client tcp b/late 80 and takes it back
X
# After a reboot: the pod has the address that another, newer one had, and the API server still
# says so. What is denied to reach the pod must not pass as the other one's.
policy_feed b shut '{"podSelector":{"matchLabels":{"app":"late"}},"policyTypes":["Ingress"]}'
end_node[b/ghost]=n1
end_v4[b/ghost]=${end_v4[b/late]}
end_v6[b/ghost]=${end_v6[b/late]}
cni_late
eventually 20 $np get pods -n b late
pod_feed b/ghost
policy_feed b seen '{"podSelector":{"matchLabels":{"app":"late"}},"policyTypes":["Ingress"]}'
eventually 20 $np get policies -n b seen
expect <<X
no a/client tcp b/late 80 the network interface's cache says whose address it is
X
check "and the other pod waits" sh -c "! $np get pods -n b ghost"
rm "$dir/later/cni/n-c1-eth0"
eventually 20 $np get pods -n b ghost
expect <<X
yes a/client tcp b/late 80 without the cache it is what the API server says, a pod without policies
X
cni_late
eventually 20 sh -c "! $np get pods -n b ghost"
expect <<X
no a/client tcp b/late 80 and closed with it
X
end_v4[b/ghost]=10.244.1.77
end_v6[b/ghost]=fd00:244:1::77
pod_feed b/ghost
eventually 20 $np get pods -n b ghost
check "until kubelet has reported its address" $np get pods -n b ghost
expect <<X
no a/client tcp b/late 80 nothing has opened
X
tell '{"do":"remove","kind":"pods","namespace":"b","name":"ghost"}'
policy_gone b seen
# A pod of another node claims the address. It is the newest, so the kernel would give it the address.
end_node[b/liar]=elsewhere
end_v4[b/liar]=${end_v4[b/late]}
end_v6[b/liar]=${end_v6[b/late]}
pod_feed b/liar
policy_feed b seen '{"podSelector":{"matchLabels":{"app":"late"}},"policyTypes":["Ingress"]}'
eventually 20 $np get policies -n b seen
expect <<X
no a/client tcp b/late 80 a pod of another node does not get the address of a local pod
X
check "nor is it loaded" sh -c "! $np get pods -n b liar"
tell '{"do":"remove","kind":"pods","namespace":"b","name":"liar"}'
policy_gone b shut
policy_gone b seen
agent_end TERM

# --- a refusal that is no object's fault ----------------------------------------------

# Sixteen others leave the agent no origin. No object is to blame for that, so none is set aside.
netpol flush --yes
rm "$dir/snapshot"
for i in {1..16}; do
	echo "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"o$i\"}}" |
		$np apply --origin "o$i" -f - >/dev/null || bail "origin o$i"
done
agent_start
everything
until_status "no room for the agent's origin: commits fail" '.commitFailures > 1' true
is "$(status | jq -c .troubles)" '[]' "no object is set aside or closed for it"
check "and the reason is told" grep -q "16 other origins have objects" "$dir/log"
for i in 1 2; do
	$np delete --origin "o$i" "namespace/o$i" >/dev/null || bail "origin o$i"
done
until_status "with room, everything is committed" .ready true
is "$(status | jq -c .troubles)" '[]' "all of it as it is"
as_allowed "after that"
agent_end TERM
netpol flush --yes

# --- policies that are observed -------------------------------------------------------

as_observed() # WHAT
{
	expect <<-X
	yes a/client tcp b/server 80 $1: the client is allowed
	yes a/other tcp b/server 80 $1: what would be denied passes
	X
}
events() { status | jq '[.kinds[] | select(.kind == "networkpolicies" or .kind == "namespaces").events] | add'; }
annotation='{"netpolctl/audit":"true"}'
agent_start
everything
until_status "ready" .ready true
before=$(generation)
seen=$(events)
policy_feed b allow-client "$allow_client" "$annotation"
ns_feed b "$annotation"
until_status "the annotations have been read" \
	'[.kinds[] | select(.kind == "networkpolicies" or .kind == "namespaces").events] | add' $((seen + 2))
is "$(generation)" "$before" "an annotation alone changes nothing"
is "$(status | jq .policiesObserved)" 0 "and no policy is observed"
as_allowed "an annotation alone"
agent_end TERM

agent_start --audit-annotations
asks=$annotation everything
until_status "with the option, the policy is observed" .policiesObserved 1
until_status "ready" .ready true
as_observed "its own annotation"
is "$($np get policies -n b -o json | jq -r '.items[0].metadata.annotations["netpolctl/audit"]')" true \
	"the kernel observes it"
check "sync status says so" grep -q "^observed    1 policies" <(
	nsenter --net=/run/netns/n1 netpolctl sync status --socket "$dir/sock")
check "and so do the metrics" grep -qx "netpol_policies_observed 1" <(web /metrics | tr -d '\r')
agent_end KILL
as_observed "the agent is killed"
agent_start --audit-annotations --audit 3600000
asks=$annotation everything
until_status "ready again" .ready true
is "$($np get policies -n b -o json | jq -r '.items[0].metadata.annotations["netpolctl/audit"]')" true \
	"a new agent leaves it so"

# Somebody enforces it behind the agent's back: what get has written asks for nothing. The agent may
# notice by the generation before it compares, so there are more tries than one.
for i in 1 2 3 4 5; do
	eventually 20 sh -c "$np get policies -n b -o json | grep -q netpolctl/audit"
	$np get policies -n b -o yaml | $np apply --origin kube -f - >/dev/null 2>"$tmp/said" ||
		bail "apply: $(cat "$tmp/said")"
	kill -HUP "$agent"
	! eventually 5 grep -q "comparison: 1 objects in the kernel differ" "$dir/log" || break
done
check "apply says that the annotation does not count" grep -q "1 policy asks to be observed" "$tmp/said"
check "the comparison with the kernel sees that" grep -q "comparison: 1 objects in the kernel differ" "$dir/log"
eventually 20 sh -c "$np get policies -n b -o json | grep -q netpolctl/audit"
as_observed "and puts it right"

policy_feed b allow-client "$allow_client"
until_status "without the annotation it is enforced" .policiesObserved 0
eventually 20 sh -c "! $np get policies -n b -o json | grep -q netpolctl/audit"
as_allowed "without the annotation"
ns_feed b "$annotation"
until_status "its Namespace asks" .policiesObserved 1
eventually 20 sh -c "$np get policies -n b -o json | grep -q netpolctl/audit"
as_observed "the annotation of the Namespace"
policy_feed b allow-client '{"podSelector":{},"future":{}}' "$annotation"
until_status "what cannot be read is closed" '[.troubles[].state] | join(",")' closed
eventually 20 sh -c "! $np get policies -n b -o json | grep -q netpolctl/audit"
is "$(status | jq .policiesObserved)" 0 "and not observed"
expect <<X
no a/client tcp b/server 80 what is closed isolates, whatever its annotation says
yes n1 tcp b/server 80 the node passes all the same
X
policy_feed b allow-client "$allow_client"
until_status "it can be read again" .policiesObserved 1
eventually 20 sh -c "$np get policies -n b -o json | grep -q netpolctl/audit"
agent_end TERM
check "the snapshot has it" grep -q '"netpolctl/audit":"true"' "$dir/snapshot"
netpol flush --yes
netpol restore "$dir/snapshot"
as_observed "restored"
agent_start
asks=$annotation everything
until_status "ready" .ready true
as_allowed "an agent without the option enforces it"
agent_end TERM
netpol flush --yes

# --- the service manager ------------------------------------------------------------

notify=$dir/notify
socat -u "UNIX-RECV:$notify" "CREATE:$dir/words" &
pids+=($!)
eventually 10 test -S "$notify"
agent_start
everything
until_status "ready" .ready true
eventually 20 grep -q WATCHDOG=1 "$dir/words"
kill -HUP "$agent"
eventually 20 grep -q RELOADING=1 "$dir/words"
eventually 20 sh -c "grep -c READY=1 '$dir/words' | grep -q 2"
agent_end TERM
eventually 10 grep -q STOPPING=1 "$dir/words"
for w in READY=1 WATCHDOG=1 RELOADING=1 MONOTONIC_USEC= STOPPING=1 "STATUS=generation"; do
	check "the service manager heard $w" grep -q "$w" "$dir/words"
done
as_allowed "at the end"
finish
