#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A control plane on loopback for tests: etcd and kube-apiserver, real ones, with
# RBAC, TLS by a CA of its own and a token for the node agents.
#
#   plane.sh start DIR ASSETS [NODE,V4-PODS,V6-PODS...]  starts both; writes DIR/url,
#                    ca.crt, admin.token, agent.token; returns when
#                    the API server is ready and the objects that agents need exist
#   plane.sh serve DIR   answers requests of a test, one line each, on DIR/control
#                    (a TCP port of loopback): "kill" and "run" the API server,
#                    "rotate" the agents' token (answers with the new one), "compact"
#                    etcd; ends with the process that started it
#   plane.sh kubeconfig DIR TOKEN-FILE   prints a kubeconfig with that token
#   plane.sh stop DIR    ends what start and serve began, by process id
#
# With PLANE_ADDRESS, an address of the network namespace that "start" runs in, it is one for
# nodes with kubelets (tests/cluster): the API server listens at that address, and admission and
# node authorization are those of a real cluster. Each node has NODE.token, kube-proxy has
# kube-proxy.token, and kube-controller-manager and kube-scheduler run as well.
#
# A virtual machine with a user-mode network reaches the host's loopback as
# 10.0.2.2, so the certificate is good for that address too.
set -eu
export LC_ALL=C.UTF-8 no_proxy='*'
here=$(cd "$(dirname "$0")" && pwd)
self=$here/$(basename "$0")
top=${here%/tests/kube}
verb=${1:-}
dir=${2:-}
[ -n "$dir" ] || { sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
ready_seconds=180

get() { cat "$dir/$1"; }
is_cluster() { [ "$(get address)" != 127.0.0.1 ]; }

# free_ports N: that nobody listens on now, below those that the kernel hands out
free_ports()
{
	local used port found=()
	used=" $(ss -Hltn | sed 's/.*:\([0-9]*\) .*/\1/' | tr '\n' ' ') "
	while [ ${#found[@]} -lt "$1" ]; do
		port=$((20000 + RANDOM % 12000))
		case "$used" in
		*" $port "*) continue ;;
		esac
		used="$used$port "
		found+=("$port")
	done
	echo "${found[@]}"
}

certificates()
{
	(
		cd "$dir"
		openssl genrsa -out sa.key 2048
		openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 \
			-subj /CN=netpol-test-ca
		openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr \
			-subj /CN=kube-apiserver
		openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial \
			-days 30 -out server.crt -extfile <(echo \
			"subjectAltName=IP:127.0.0.1,IP:10.0.2.2,IP:$(get address),IP:10.96.0.1,DNS:kubernetes,DNS:localhost")
		# kubelets know the API server by this one, when it fetches a log or runs a command
		openssl req -newkey rsa:2048 -nodes -keyout client.key -out client.csr \
			-subj /CN=kube-apiserver-kubelet-client
		openssl x509 -req -in client.csr -CA ca.crt -CAkey ca.key -CAcreateserial \
			-days 30 -out client.crt -extfile <(echo extendedKeyUsage=clientAuth)
	) >"$dir/openssl.log" 2>&1
}

random() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

tokens()
{
	local node
	printf '%s,admin,admin,"system:masters"\n%s,netpol-agent,netpol-agent\n' \
		"$(get admin.token)" "$(get agent.token)" >"$dir/tokens.csv"
	if is_cluster; then
		while read -r node; do
			echo "$(get "$node.token"),system:node:$node,$node,\"system:nodes\""
		done <"$dir/nodes" >>"$dir/tokens.csv"
		echo "$(get kube-proxy.token),system:kube-proxy,kube-proxy" >>"$dir/tokens.csv"
	fi
	chmod 600 "$dir/tokens.csv"
}

api()
{
	local path=$1
	shift
	curl -sS --max-time 20 --cacert "$dir/ca.crt" -H "Authorization: Bearer $(get admin.token)" \
		-H 'Content-Type: application/json' "$@" "$(get url)$path"
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for()
{
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}

ready() { api /readyz -f; }
# ready_or_dead NAME COMMAND...: COMMAND succeeds, or the process NAME has ended
ready_or_dead()
{
	local pid
	pid=$(get "$1.pid")
	shift
	"$@" || ! kill -0 "$pid" 2>/dev/null
}
etcd_ready() { curl -sf --max-time 5 "http://127.0.0.1:$(get etcd.port)/health"; }

run_apiserver()
{
	local assets address options
	assets=$(get assets)
	address=$(get address)
	if is_cluster; then
		options=(--bind-address=0.0.0.0 "--authorization-mode=Node,RBAC"
			--enable-admission-plugins=NodeRestriction --client-ca-file="$dir/ca.crt"
			--kubelet-client-certificate="$dir/client.crt"
			--kubelet-client-key="$dir/client.key"
			--kubelet-preferred-address-types=InternalIP)
	else
		# Without the reconciler, current servers take an address of loopback too.
		options=(--bind-address=127.0.0.1 --authorization-mode=RBAC --endpoint-reconciler-type=none
			"--disable-admission-plugins=ServiceAccount,DefaultTolerationSeconds,TaintNodesByCondition,Priority")
	fi
	setsid "$assets/kube-apiserver" --etcd-servers="http://127.0.0.1:$(get etcd.port)" \
		--advertise-address="$address" --secure-port="$(get port)" "${options[@]}" \
		--tls-cert-file="$dir/server.crt" --tls-private-key-file="$dir/server.key" \
		--service-account-key-file="$dir/sa.key" --service-account-signing-key-file="$dir/sa.key" \
		--service-account-issuer=https://kubernetes.default.svc \
		--api-audiences=https://kubernetes.default.svc \
		--service-cluster-ip-range=10.96.0.0/16 --token-auth-file="$dir/tokens.csv" \
		--anonymous-auth=true --allow-privileged=true \
		--cert-dir="$dir/run" --profiling=false --v=1 \
		</dev/null >>"$dir/apiserver.log" 2>&1 8>&- &
	echo $! >"$dir/apiserver.pid"
	if ! wait_for $ready_seconds ready_or_dead apiserver ready || ! ready >/dev/null 2>&1; then
		tail -n 30 "$dir/apiserver.log" >&2
		echo "kube-apiserver has ended, or is not ready after $ready_seconds s" >&2
		return 1
	fi
}

# kubeconfig TOKEN-FILE: how to reach the API server from everywhere that reaches its address
kubeconfig()
{
	cat <<-X
	apiVersion: v1
	kind: Config
	clusters:
	- name: cluster
	  cluster:
	    server: https://$(get address):$(get port)
	    certificate-authority-data: $(base64 -w 0 "$dir/ca.crt")
	users:
	- name: user
	  user: {token: $(get "$1")}
	contexts:
	- name: default
	  context: {cluster: cluster, user: user}
	current-context: default
	X
}

# A node is called lost after ten minutes only: emulated ones are slow.
run_controllers()
{
	local assets
	assets=$(get assets)
	(umask 077; kubeconfig admin.token >"$dir/admin.conf")
	setsid "$assets/kube-controller-manager" --kubeconfig="$dir/admin.conf" --leader-elect=false \
		--service-account-private-key-file="$dir/sa.key" --root-ca-file="$dir/ca.crt" \
		--node-monitor-grace-period=10m --controllers='*,-nodeipam,-route,-service,-cloud-node-lifecycle' \
		--cert-dir="$dir/run" --profiling=false \
		</dev/null >"$dir/kube-controller-manager.log" 2>&1 8>&- &
	echo $! >"$dir/kube-controller-manager.pid"
	setsid "$assets/kube-scheduler" --kubeconfig="$dir/admin.conf" --leader-elect=false \
		--cert-dir="$dir/run" --profiling=false \
		</dev/null >"$dir/kube-scheduler.log" 2>&1 8>&- &
	echo $! >"$dir/kube-scheduler.pid"
}

end_pid()
{
	local pid
	pid=$(cat "$dir/$1.pid" 2>/dev/null) || return 0
	kill -s "$2" "$pid" 2>/dev/null || :
	wait_for 20 test ! -e "/proc/$pid" || kill -KILL "$pid" 2>/dev/null || :
	rm -f "$dir/$1.pid"
}

start()
{
	local assets=$1 node name v4 v6
	shift
	mkdir -p "$dir/run"
	chmod 700 "$dir"
	echo "$assets" >"$dir/assets"
	echo "${PLANE_ADDRESS:-127.0.0.1}" >"$dir/address"
	for node; do
		echo "${node%%,*}"
		random >"$dir/${node%%,*}.token"
	done >"$dir/nodes"
	random >"$dir/kube-proxy.token"
	local port etcd_port peer_port
	read -r port etcd_port peer_port <<<"$(free_ports 3)"
	echo "$port" >"$dir/port"
	echo "$etcd_port" >"$dir/etcd.port"
	echo "https://127.0.0.1:$port" >"$dir/url"
	random >"$dir/admin.token"
	random >"$dir/agent.token"
	certificates
	tokens
	setsid "$assets/etcd" --name test --data-dir "$dir/etcd" --unsafe-no-fsync \
		--listen-client-urls "http://127.0.0.1:$etcd_port" \
		--advertise-client-urls "http://127.0.0.1:$etcd_port" \
		--listen-peer-urls "http://127.0.0.1:$peer_port" \
		--initial-advertise-peer-urls "http://127.0.0.1:$peer_port" \
		--initial-cluster "test=http://127.0.0.1:$peer_port" \
		</dev/null >"$dir/etcd.log" 2>&1 8>&- &
	echo $! >"$dir/etcd.pid"
	if ! wait_for 60 ready_or_dead etcd etcd_ready || ! etcd_ready >/dev/null; then
		tail -n 20 "$dir/etcd.log" >&2
		echo "etcd has ended, or does not answer" >&2
		return 1
	fi
	run_apiserver
	rbac
	! is_cluster || run_controllers
	# The kubelet of 1.20 ends when a Node that it finds has no capacity.
	for node; do
		IFS=, read -r name v4 v6 <<<"$node"
		api /api/v1/nodes -f -X POST -d '{
			"apiVersion": "v1", "kind": "Node", "metadata": {"name": "'"$name"'"},
			"spec": {"taints": [{"key": "netpol.io/agent-not-ready", "effect": "NoSchedule"}],
				"podCIDR": "'"$v4"'", "podCIDRs": ["'"$v4"'", "'"$v6"'"]},
			"status": {"capacity": {"pods": "110"}, "allocatable": {"pods": "110"}}
		}' >/dev/null
	done
}

# The roles are those that users get, from deploy/, bound to the test's user.
rbac()
{
	role rbac.yaml
	role taint/rbac.yaml
}

role()
{
	local name
	awk 'BEGIN { RS = "\n---\n" } /(^|\n)kind: ClusterRole(\n|$)/ { print; exit }' \
		"$top/deploy/kubernetes/$1" >"$dir/role.yaml"
	name=$(sed -n 's/^  name: *//p' "$dir/role.yaml" | head -n 1)
	[ -n "$name" ] || { echo "no ClusterRole in deploy/kubernetes/$1" >&2; return 1; }
	curl -sSf --max-time 20 --cacert "$dir/ca.crt" -H "Authorization: Bearer $(get admin.token)" \
		-H 'Content-Type: application/yaml' --data-binary @"$dir/role.yaml" \
		"$(get url)/apis/rbac.authorization.k8s.io/v1/clusterroles" >/dev/null
	api /apis/rbac.authorization.k8s.io/v1/clusterrolebindings -f -X POST -d '{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
		"metadata": {"name": "test-'"$name"'"},
		"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "'"$name"'"},
		"subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "netpol-agent"}]
	}' >/dev/null
}

# etcd's own JSON gateway; the revision is that of now.
compact()
{
	local url revision
	url=http://127.0.0.1:$(get etcd.port)/v3
	revision=$(curl -sf --max-time 10 -X POST -d '{"key":"AA=="}' "$url/kv/range" |
		jq -r .header.revision)
	curl -sf --max-time 10 -X POST -d "{\"revision\":\"$revision\",\"physical\":true}" \
		"$url/kv/compaction" >/dev/null
	echo "$revision"
}

# One request line on standard input, one line of answer.
request()
{
	local what answer
	read -r what || return 0
	what=${what%$'\r'}
	answer=$(
		case "$what" in
		kill) end_pid apiserver KILL && echo ok ;;
		run) run_apiserver && echo ok ;;
		rotate)
			random >"$dir/agent.token"
			tokens
			end_pid apiserver TERM
			run_apiserver
			get agent.token
			;;
		compact) compact ;;
		*) echo "error: no request \"$what\"" ;;
		esac 2>>"$dir/control.log"
	) || answer="error: $what failed"
	echo "$answer"
}

case "$verb" in
start)
	shift 2
	start "$@"
	;;
serve)
	read -r port <<<"$(free_ports 1)"
	setsid socat -t 300 "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" \
		"SYSTEM:bash '$self' request '$dir'" </dev/null >>"$dir/control.log" 2>&1 8>&- &
	echo $! >"$dir/control.pid"
	echo "$port" >"$dir/control"
	;;
request) request ;;
kubeconfig) kubeconfig "$3" ;;
stop)
	for p in control kube-scheduler kube-controller-manager apiserver etcd; do
		end_pid "$p" TERM
	done
	;;
*) echo "plane.sh: no command \"$verb\"" >&2; exit 2 ;;
esac
