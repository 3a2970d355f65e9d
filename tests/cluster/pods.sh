#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a user sees of NetworkPolicy in a real cluster: pods made by the API server and run by the
# kubelet, connections that they make themselves. Runs inside the cluster of cluster.sh. TAP.
#
#   PARTS="first verdicts ..."   only these, of first, verdicts, probes, reuse, service,
#                                host, restarts; the later ones use pods of "verdicts". With
#                                AGENT=daemonset also, and in this order, update, server,
#                                removal, kubelet, helm
#   AGENT=daemonset              as cluster.sh was told
#   FIRST=20                     pods whose first instruction is a connection
set -u
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck source=tests/e2e/lib-tap.sh
. tests/e2e/lib-tap.sh
# shellcheck source=tests/cluster/daemonset.sh
. tests/cluster/daemonset.sh
node=node1
node_address=10.123.0.11
agent=${AGENT:-package}
parts=${PARTS:-}
if [ -z "$parts" ]; then
	parts="first verdicts probes reuse service host restarts"
	[ "$agent" = package ] || parts="$parts update server removal kubelet helm"
fi
# What is allowed is tried for as long as a loaded machine may take; it ends when it is answered.
patience=20
# What is denied is tried for as long as this. What is allowed takes a fraction of it.
denied=3

apply() { kubectl apply -f - >"$tmp/apply" 2>&1 || bail "kubectl apply: $(<"$tmp/apply")"; }

# pod NS/NAME "LABEL: VALUE, ..." "WORD, ..." [LINE OF THE SPEC] [LINE OF THE CONTAINER]
pod()
{
	cat <<-X
	---
	apiVersion: v1
	kind: Pod
	metadata: {name: ${1#*/}, namespace: ${1%/*}, labels: {$2}}
	spec:
	  automountServiceAccountToken: false
	  enableServiceLinks: false
	  terminationGracePeriodSeconds: 1
	  restartPolicy: Never
	  ${4:-}
	  containers:
	  - name: pod
	    image: localhost/pod:1
	    imagePullPolicy: Never
	    command: [/pod, $3]
	    ${5:-}
	X
}

# policy NAME "POD SELECTOR" "TYPES" [LINE...]: in the namespace closed
policy()
{
	local line
	cat <<-X
	---
	apiVersion: networking.k8s.io/v1
	kind: NetworkPolicy
	metadata: {name: $1, namespace: closed}
	spec:
	  podSelector: {$2}
	  policyTypes: [$3]
	X
	shift 3
	for line; do
		echo "  $line"
	done
}

address() { kubectl get pod -n "${1%/*}" "${1#*/}" -o jsonpath='{.status.podIP}'; }
said() { kubectl logs -n "${1%/*}" "${1#*/}"; }

# ready NS/NAME...
ready()
{
	local p
	for p; do
		kubectl wait -n "${p%/*}" pod/"${p#*/}" --for=condition=Ready --timeout=400s >/dev/null ||
			bail "pod $p is not ready: $(kubectl describe pod -n "${p%/*}" "${p#*/}" | tail -n 12)"
	done
}

gone() { kubectl delete pod --wait --timeout=300s -n "${1%/*}" "${1#*/}" >/dev/null; }

# expect "tcp yes udp yes" NS/NAME ADDRESS PORT WHAT. "no" is tried for a while, and once.
expect()
{
	local want=$1 from=$2 to=$3 port=$4 seconds=$patience got
	[ "$want" = "tcp yes udp yes" ] || seconds=$denied
	got=$(kubectl exec -n "${from%/*}" "${from#*/}" -- /pod try "$to" "$port" "$seconds" \
		2>"$tmp/exec") || :
	[ -n "$got" ] || note "$(cat "$tmp/exec")"
	is "$got" "$want" "$5"
}
yes="tcp yes udp yes"
no="tcp no udp no"

# account_made NAMESPACE: the controller has made what the API server asks of each pod
account_made() { kubectl get serviceaccount default -n "$1"; }

begin()
{
	local n
	for n in open closed; do
		printf '%s\n' "apiVersion: v1" "kind: Namespace" "metadata: {name: $n}" "---"
	done | apply
	for n in open closed; do
		eventually 60 account_made $n || bail "namespace $n has no service account"
	done
	policy default-deny "" "Ingress, Egress" | apply
	{
		pod open/server "app: server" 'serve, "8080"'
		pod open/other "app: other" 'serve, "8080"'
	} | apply
	ready open/server open/other
	server=$(address open/server)
	# there already where the parts before this one have run by themselves
	app=$(address closed/app 2>"$tmp/app") || :
}

# --- the parts ------------------------------------------------------------------------------

# Default deny holds for the first packets of a pod.
first()
{
	local i n=${FIRST:-20} seconds=8 seen
	pod open/control "app: control" "first, $server, '8080', '30'" | apply
	eventually 400 finished open/control || bail "the pod open/control does not end"
	is "$(said open/control)" "first yes" "first packets without a policy are answered"
	seen=$(said open/server | grep -c "^udp .* control\$")
	is "$((seen > 0))" 1 "the server tells of them"
	said open/server >"$tmp/before"
	for ((i = 1; i <= n; i++)); do
		pod "closed/first-$i" "app: first" "first, $server, '8080', '$seconds'"
	done | apply
	for ((i = 1; i <= n; i++)); do
		eventually 900 finished "closed/first-$i" || bail "the pod closed/first-$i does not end"
		is "$(said "closed/first-$i")" "first no" "default deny: pod $i gets no answer"
	done
	said open/server >"$tmp/after"
	is "$(diff "$tmp/before" "$tmp/after" | head -n 5)" "" "default deny: the server saw none of $n pods"
	kubectl delete pod -n closed -l app=first --wait --timeout=300s >/dev/null
	kubectl delete pod -n open control --wait --timeout=300s >/dev/null
}
# By what it says: a kubelet under load tells the API server of the end minutes later.
finished() { said "$1" | grep -q '^first '; }

friends()
{
	policy friends "matchLabels: {app: app}" Ingress "ingress:" \
		"- from: [{podSelector: {matchLabels: {role: friend}}}]" \
		"  ports: [{port: 8080}, {port: 8080, protocol: UDP}]"
}

verdicts()
{
	{
		pod closed/app "app: app" 'serve, "8080", "8081"'
		pod closed/friend "role: friend" 'serve, "8080"'
		pod closed/stranger "role: stranger" 'serve, "8080"'
		friends
		policy to-app "matchLabels: {role: friend}" Egress "egress:" \
			"- to: [{podSelector: {matchLabels: {app: app}}}]"
	} | apply
	ready closed/app closed/friend closed/stranger
	app=$(address closed/app)
	expect "$yes" open/other "$server" 8080 "without a policy: passes"
	expect "$yes" closed/friend "$app" 8080 "allowed at both ends: passes"
	expect "$no" closed/friend "$app" 8081 "another port: denied by the destination's policy"
	expect "$no" open/other "$app" 8080 "another pod: denied by the destination's policy"
	expect "$no" closed/friend "$server" 8080 "another destination: denied by the source's policy"
	expect "$no" closed/stranger "$app" 8080 "another pod: denied at both ends"
	kubectl delete networkpolicy -n closed friends >/dev/null
	expect "$no" closed/friend "$app" 8080 "the policy deleted: denied"
	friends | apply
	expect "$yes" closed/friend "$app" 8080 "the policy made again: passes"
	kubectl label pod -n closed stranger role=friend --overwrite >/dev/null
	expect "$yes" closed/stranger "$app" 8080 "the label of a friend: passes"
	kubectl label pod -n closed stranger role=stranger --overwrite >/dev/null
	expect "$no" closed/stranger "$app" 8080 "the label taken away: denied"
}

# probed NAME KIND...: a pod with that readiness probe
probed()
{
	pod "closed/$1" "app: probed" 'serve, "8080"' "" \
		"readinessProbe: {$2, periodSeconds: 5, timeoutSeconds: 30}"
}
condition()
{
	kubectl get pod -n closed "$1" -o json |
		jq -r '.status.conditions[] | select(.type == "Ready") | .status'
}
unhealthy() { kubectl get events -n closed | grep -q "Unhealthy.*pod/$1 "; }

probes()
{
	local p
	{
		probed probe-http "httpGet: {path: /, port: 8080}"
		probed probe-tcp "tcpSocket: {port: 8080}"
		probed probe-exec 'exec: {command: [/pod, try, 127.0.0.1, "8080", "20"]}'
		probed probe-wrong "tcpSocket: {port: 8099}"
	} | apply
	for p in http tcp exec; do
		check "default deny: the pod with a probe by $p is ready" \
			kubectl wait -n closed pod/probe-$p --for=condition=Ready --timeout=300s
	done
	check "a probe that fails is told of" eventually 300 unhealthy probe-wrong
	is "$(condition probe-wrong)" False "a pod whose probe fails is not ready"
	kubectl delete pod -n closed -l app=probed --wait --timeout=300s >/dev/null
}

# released ADDRESS: the network plugin has taken it back, which may be after the pod is gone
released() { on-node $node "test ! -e /var/lib/cni/networks/pods/$1"; }

# next_address ADDRESS: the next pod gets it
next_address()
{
	eventually 120 released "$1" || bail "the address $1 is not given back"
	on-node $node "echo ${1%.*}.$((${1##*.} - 1)) >/var/lib/cni/networks/pods/last_reserved_ip.0"
}

reuse()
{
	local was
	was=$(address closed/friend)
	gone closed/friend
	next_address "$was"
	pod closed/heir "role: heir" 'serve, "8080"' | apply
	ready closed/heir
	is "$(address closed/heir)" "$was" "another pod has the address of the friend"
	expect "$no" closed/heir "$app" 8080 "it is denied what its owner before was allowed"
	gone closed/heir
	next_address "$was"
	pod closed/friend "role: friend" 'serve, "8080"' | apply
	ready closed/friend
	is "$(address closed/friend)" "$was" "a friend has the address again"
	expect "$yes" closed/friend "$app" 8080 "it is allowed what its owner before was denied"
}

# kube-proxy has the rules of all three ports
served() { [ "$(on-node $node "iptables-save -t nat" | grep -c 'KUBE-SEP.*closed/app:.*DNAT')" = 3 ]; }

service()
{
	local to
	apply <<-X
	apiVersion: v1
	kind: Service
	metadata: {name: app, namespace: closed}
	spec:
	  selector: {app: app}
	  ports:
	  - {name: tcp, port: 80, targetPort: 8080}
	  - {name: udp, port: 80, targetPort: 8080, protocol: UDP}
	  - {name: other, port: 81, targetPort: 8081}
	X
	eventually 120 served || bail "kube-proxy does not serve closed/app"
	to=$(kubectl get service -n closed app -o jsonpath='{.spec.clusterIP}')
	expect "$yes" closed/friend "$to" 80 "the Service: a friend passes"
	expect "$no" closed/stranger "$to" 80 "the Service: another pod is denied"
	expect "$no" open/other "$to" 80 "the Service: a pod without a policy is denied by the destination's"
	expect "$no" closed/friend "$to" 81 "the Service: another port is denied"
}

host()
{
	pod closed/host "role: host" 'serve, "7070"' "hostNetwork: true" | apply
	ready closed/host
	expect "$yes" closed/host "$app" 8080 "a pod on the host network reaches a pod of its node"
	expect "$yes" open/other $node_address 7070 "it is reached by a pod without a policy"
	expect "$no" closed/stranger $node_address 7070 "a pod with default deny does not reach it"
	policy to-node "matchLabels: {role: stranger}" Egress "egress:" \
		"- to: [{ipBlock: {cidr: $node_address/32}}]" | apply
	expect "$yes" closed/stranger $node_address 7070 "the address of the node in an ipBlock: passes"
	kubectl delete networkpolicy -n closed to-node >/dev/null
	expect "$no" closed/stranger $node_address 7070 "the policy deleted: denied"
}

# The last line of a flow: "tcp OPENED SENT GOT udp SENT GOT"
flow() { kubectl logs -n closed "$1" --tail=1; }
lines() { kubectl logs -n closed "$1" | wc -l; }
more_lines() { [ "$(lines "$1")" -ge "$2" ]; }
# later NAME SECONDS: when it has sent for that much longer, also beyond what was not answered yet
later()
{
	local n
	# a kubelet that has just been started answers late
	eventually 300 said "closed/$1" || bail "there is no log of the pod $1"
	n=$(lines "$1")
	eventually 300 more_lines "$1" $((n + $2)) || bail "the pod $1 tells nothing"
}

# What is on its way now comes back in the next lines; what is lost never does.
caught_up()
{
	local t u
	# shellcheck disable=SC2034 # words between the numbers
	read -r t opened sent got u udp_sent udp_got <<<"$(flow flow-friend)"
	missing=$((udp_sent - udp_got - lost))
	((sent - got <= 1 && missing <= 1))
}

# steady WHAT: nothing allowed was cut, nothing denied came through
steady()
{
	local t u opened sent got udp_sent udp_got missing
	later flow-friend 3
	eventually 60 caught_up || :
	is "$opened" 1 "$1: the connection of a friend is still the first one"
	# one of each may be on its way
	is "$((sent - got <= 1))" 1 "$1: all that was sent on it was answered ($got of $sent)"
	is "$((missing <= 1))" 1 "$1: no datagram of a friend was lost ($missing of $udp_sent)"
	# shellcheck disable=SC2034 # words between the numbers
	read -r t opened sent got u udp_sent udp_got <<<"$(flow flow-stranger)"
	is "$opened $got $udp_got" "0 0 0" "$1: nothing of another pod came through (of $udp_sent datagrams)"
}
flows() { [[ $(flow flow-friend) =~ ^tcp\ 1\ .*\ udp\ [0-9]+\ [1-9] ]]; }
agent_ready()
{
	if [ "$agent" = package ]; then
		on-node $node "netpolctl sync status -o json"
	else
		kubectl -n kube-system exec daemonset/netpol -- netpolctl sync status -o json
	fi | jq -e .ready
}

# begin_flows: unless they are there from a part before
begin_flows()
{
	[ -z "${lost:-}" ] || return 0
	{
		pod closed/flow-friend "role: friend" "flow, $app, '8080'"
		pod closed/flow-stranger "role: stranger" "flow, $app, '8080'"
	} | apply
	ready closed/flow-friend closed/flow-stranger
	eventually 120 flows || bail "nothing of flow-friend comes through: $(flow flow-friend)"
	# what was sent before the agent knew the pod, and nothing that is on its way
	later flow-friend 5
	lost=$(kubectl logs -n closed flow-friend --tail=5 | awk '{ print $6 - $7 }' | sort -n | head -n 1)
}

# late no|yes SECONDS WHAT: a friend that comes now. Each has a name of its own, since the API server
# hears late that the one before is gone.
latest=0
late()
{
	local name=late-$((++latest))
	pod "closed/$name" "role: friend" "first, $app, '8080', '$2'" | apply
	eventually 400 finished "closed/$name" || bail "the pod closed/$name does not end"
	is "$(said "closed/$name")" "first $1" "$3"
	kubectl delete pod -n closed "$name" --wait=false >/dev/null
}
closed_late() { late no 8 "$1: a pod that comes meanwhile is closed"; }
known_late() { late yes 60 "$1: a pod that comes then is known"; }

restarts()
{
	begin_flows
	on-node $node "/cluster/node.sh kill kubelet" || bail "kubelet is not killed"
	on-node $node "/cluster/node.sh start kubelet"
	steady "kubelet killed and started again"
	if [ "$agent" = package ]; then
		on-node $node "/cluster/node.sh kill agent" || bail "the agent is not killed"
		steady "the agent killed"
		closed_late "no agent"
		on-node $node "/cluster/node.sh start agent"
		check "the agent is ready again" eventually 120 agent_ready
		steady "the agent started again"
		known_late "the agent started again"
	fi
}

# --- what only a DaemonSet has --------------------------------------------------------------

agents() { kubectl -n kube-system get pod -l app.kubernetes.io/name=netpol "$@"; }
agent_pod() { agents -o name; }
# of the one that is not going
agent_image()
{
	agents -o json | jq -r '.items[] | select(.metadata.deletionTimestamp == null) |
		.status.containerStatuses[0].image'
}
agent_said() { kubectl -n kube-system logs daemonset/netpol | grep -q -e "$1"; }
agent_restarted()
{
	agents -o json | jq -e '.items[0].status.containerStatuses[0] | .restartCount > 0 and .ready'
}
no_agent() { [ -z "$(agent_pod)" ]; }
rollout() { kubectl -n kube-system rollout status daemonset/netpol --timeout=600s; }
taint_gone()
{
	! kubectl get node $node -o json | jq -e 'any(.spec.taints[]?; .key == "netpol.io/agent-not-ready")'
}

# With the next version of the image; then it is deleted and killed.
update()
{
	local was
	begin_flows
	check "update: as documented" follow "Update and removal" 1
	is "$(agent_image)" localhost/netpolctl:0.2.0 "update: the agent has the new image"
	steady "the DaemonSet updated"
	known_late "the DaemonSet updated"
	was=$(agent_pod)
	kubectl -n kube-system delete "$was" >/dev/null
	check "the agent's pod deleted: another one is ready" rollout
	is "$([ "$(agent_pod)" = "$was" ] && echo same)" "" "the agent's pod deleted: it is another one"
	steady "the agent's pod deleted"
	# shellcheck disable=SC2016 # for the shell on the node
	on-node $node 'kill -KILL $(pidof netpolctl)' || bail "the agent is not killed"
	check "the agent killed: kubelet starts it again" eventually 300 agent_restarted
	steady "the agent killed"
	known_late "the agent killed"
}

# applied_with ADDRESS: of the API server
applied_with()
{
	sed -i "s|^  - api-server=.*|  - api-server=$1|" $place/netpol/kustomization.yaml
	kubectl apply -k $place/netpol >"$tmp/apply" 2>&1 || bail "kubectl apply -k: $(<"$tmp/apply")"
}

# An address that is not set, one where nobody listens, and the right one again.
wrong_server()
{
	begin_flows
	applied_with ""
	check "no address: the agent's log says what is missing" \
		eventually 300 agent_said '--api-server is empty'
	steady "no address"
	applied_with https://10.123.0.1:1
	check "an address where nobody is: the log has it" \
		eventually 300 agent_said 'https://10.123.0.1:1: '
	check "an address where nobody is: it is not ready" eval '! agent_ready'
	steady "an address where nobody is"
	closed_late "an address where nobody is"
	applied_with "$(api_server)"
	check "the right address again: ready" rollout
	steady "the right address again"
	known_late "the right address again"
}

removal()
{
	begin_flows
	check "removal: as documented" follow "Update and removal" 2
	check "removal: there is no agent" eventually 120 no_agent
	is "$(kubectl -n kube-system get configmap -o name | grep netpol)" "" "removal: no ConfigMap is left"
	steady "the DaemonSet deleted"
	expect "$yes" closed/friend "$app" 8080 "the DaemonSet deleted: what was allowed passes"
	expect "$no" closed/stranger "$app" 8080 "the DaemonSet deleted: what was denied is denied"
	closed_late "the DaemonSet deleted"
	kubectl apply -k $place/netpol >"$tmp/apply" 2>&1 || bail "kubectl apply -k: $(<"$tmp/apply")"
	check "applied again: ready" rollout
	steady "applied again"
	known_late "applied again"
}

# The address from kubelet's file, and the taint of a new node.
kubelet()
{
	if ! command -v kustomize >/dev/null; then
		skip "the components" "there is no kustomize"
		return
	fi
	begin_flows
	kubectl taint node $node netpol.io/agent-not-ready=:NoSchedule >/dev/null
	sed -i "s|^  - api-server=.*|  - api-server=|" $place/netpol/kustomization.yaml
	check "components: as documented" follow kustomize 2
	check "kubelet's address: the agent is ready" eventually 60 agent_ready
	check "the taint is gone" eventually 120 taint_gone
	steady "kubelet's address"
	known_late "kubelet's address"
	kustomize build $place/netpol | kubectl delete -f - >"$tmp/delete" 2>&1 ||
		bail "kubectl delete: $(<"$tmp/delete")"
	check "deleted: there is no agent" eventually 120 no_agent
}

helm_chart()
{
	if ! command -v helm >/dev/null; then
		skip "the chart" "there is no helm"
		return
	fi
	begin_flows
	if ! no_agent; then
		kubectl delete -k $place/netpol >/dev/null
		eventually 120 no_agent || bail "the agent stays"
	fi
	check "helm install: as documented" follow Helm 1
	is "$(agent_image)" "localhost/netpolctl:$version" "helm install: the agent has the image"
	steady "helm install"
	known_late "helm install"
	check "helm uninstall" helm uninstall netpol -n kube-system
	check "helm uninstall: there is no agent" eventually 120 no_agent
	steady "helm uninstall"
	closed_late "helm uninstall"
	check "flush by the image: as documented" follow_on_node "Update and removal" 3
	expect "$yes" closed/stranger "$app" 8080 "flush by the image: nothing is enforced"
}

begin
for part in $parts; do
	note "$part, $SECONDS s"
	case "$part" in
	first|verdicts|probes|reuse|service|host|restarts|update|removal|kubelet) "$part" ;;
	server) wrong_server ;;
	helm) helm_chart ;;
	*) bail "there is no part $part" ;;
	esac
done
note "$SECONDS s"
finish
