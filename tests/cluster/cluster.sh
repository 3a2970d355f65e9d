#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A Kubernetes cluster on this machine: the control plane (tests/kube/plane.sh) natively, the
# node node1 in a virtual machine (root.sh, node.sh), all in a network namespace that this script
# makes and removes. Runs COMMAND there, or else a shell; in both kubectl works, and
# "on-node node1 COMMAND" runs a command on the node. When that ends, so does everything.
#
#   COMMAND='...'   run this instead of a shell
#   KERNEL=6.1      of the node (tests/run/kernel.sh)
#   NETPOL=yes      or "no": the same cluster without netpol
#   AGENT=package   or "daemonset": the node has the module alone, and the agent comes as
#                   docs/daemonset.md says (daemonset.sh)
#   CNI=ptp         or "bridge"
#   MEMORY=3072     of the node, in MiB
#
# KUBEBUILDER_ASSETS is a folder of other binaries (tests/kube/apiserver.sh). Logs are left in
# build/cluster.
set -eu
cd "$(dirname "$0")/../.."
top=$PWD
base=$top/build/cluster
ns="netpol-cluster"
kernel=${KERNEL:-6.1}
netpol=${NETPOL:-yes}
agent=${AGENT:-package}
gateway=10.123.0.1
node=node1 address=10.123.0.11 pods=10.244.1 pods6=fd01:1::/64

say() { echo "cluster: $*" >&2; }

case "$agent" in
package|daemonset) ;;
*) say "AGENT is package or daemonset"; exit 2 ;;
esac
if [ "$netpol $agent" = "no daemonset" ]; then
	say "without netpol there is no agent"
	exit 2
fi
[ "$(id -u)" = 0 ] || { say "run as root: it makes a network namespace"; exit 1; }
mkdir -p "$base"

# Everything that runs in the namespace, and nothing else, is a cluster's.
end_all()
{
	local signal i pids
	for signal in TERM KILL; do
		pids=$(ip netns pids $ns 2>/dev/null) || :
		[ -n "$pids" ] || break
		# shellcheck disable=SC2086 # process ids
		kill -s $signal $pids 2>/dev/null || :
		for ((i = 0; i < 100; i++)); do
			[ -n "$(ip netns pids $ns 2>/dev/null)" ] || break
			sleep 0.1
		done
	done
	ip netns del $ns 2>/dev/null || :
}

# One at a time on a machine. What the cluster runs does not hold the lock (8>&-), so when it can
# be had and the namespace is there, that is left over from a run that was killed.
exec 8>/run/lock/$ns
if ! flock -n 8; then
	say "another cluster runs on this machine"
	exit 1
fi
dir=/run/$ns
if [ -e "/run/netns/$ns" ] || [ -e $dir ]; then
	say "removing what an interrupted run has left"
	end_all
	rm -rf $dir
fi

cleanup()
{
	trap '' INT TERM
	cp "$dir"/plane/*.log "$base/" 2>/dev/null || :
	end_all
	rm -rf $dir
	rm -f "$base/$node.img"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -m 700 $dir $dir/bin

inside() { nsenter --net=/run/netns/$ns "$@"; }

# --- what it is made of -------------------------------------------------------------------
say "Kubernetes; the first time it is built from Debian's source package, half an hour"
assets=$(bash tests/kube/apiserver.sh cluster)
say "netpol and the disk of the node"
make -s -j2 tools modules KERNELS="$kernel" build/cluster/pod >"$base/make.log" 2>&1 ||
	{ tail -n 30 "$base/make.log" >&2; exit 1; }
if [ "$agent" = daemonset ]; then
	make -s image >>"$base/make.log" 2>&1 || { tail -n 30 "$base/make.log" >&2; exit 1; }
	for tool in helm kustomize; do
		program=$(bash tests/run/gotool.sh $tool) || continue
		ln -s "$program" "$dir/bin/$tool"
	done
fi
tests/cluster/root.sh "$kernel" "$assets" "$base/$node.img" "$agent"

# --- the network, the control plane ---------------------------------------------------------
ip netns add $ns
inside ip link set lo up
inside ip link add cluster type bridge
inside ip addr add $gateway/24 dev cluster
inside ip link set cluster up
inside ip tuntap add $node mode tap
inside ip link set $node master cluster up
inside ip route add $pods.0/24 via $address
say "control plane"
PLANE_ADDRESS=$gateway inside bash tests/kube/plane.sh start "$dir/plane" "$assets" \
	"$node,$pods.0/24,$pods6"

# --- the node -------------------------------------------------------------------------------
mkdir "$dir/$node"
kubelet_options=--container-runtime-endpoint=unix:///run/containerd/containerd.sock
if "$assets/kubelet" --help 2>&1 | grep -q -e '--container-runtime string'; then
	kubelet_options="--container-runtime=remote $kubelet_options"
fi
cat >"$dir/$node/node.env" <<Y
NODE=$node
ADDRESS=$address
GATEWAY=$gateway
PODS=$pods
NETPOL=$netpol
AGENT=$agent
CNI=${CNI:-ptp}
KUBELET_OPTIONS="$kubelet_options"
Y
cp tests/cluster/node.sh "$dir/plane/ca.crt" "$dir/$node/"
for who in kubelet:$node.token agent:agent.token kube-proxy:kube-proxy.token; do
	bash tests/kube/plane.sh kubeconfig "$dir/plane" "${who#*:}" >"$dir/$node/${who%:*}.conf"
	chmod 600 "$dir/$node/${who%:*}.conf"
done
export KUBECONFIG=$dir/plane/admin.conf PATH=$dir/bin:$assets:$PATH NO_PROXY='*'
cat >"$dir/bin/on-node" <<Y
#!/bin/bash
# on-node NODE COMMAND: its output and its status
exec bash $top/tests/cluster/on-node.sh "\$@"
Y
chmod +x "$dir/bin/on-node"
say "node"
start=$SECONDS
inside tests/vm/run -k "$kernel" -c 1 -M "${MEMORY:-3072}" -t 86400 -l "$base/$node.console" \
	-q "-drive file=$base/$node.img,if=virtio,format=raw,cache=unsafe -netdev tap,id=tap,ifname=$node,script=no,downscript=no -device virtio-net-pci,netdev=tap" \
	-d "$dir/$node:/cluster" -- bash /cluster/node.sh boot \
	</dev/null >"$base/$node.log" 2>"$base/$node.err" 8>&- &
machine=$!
ready()
{
	inside kubectl get node $node -o json 2>/dev/null | jq -e '
		any(.status.conditions[]?; .type == "Ready" and .status == "True") and
		all(.spec.taints[]?; .effect != "NoSchedule")' >/dev/null
}
# What waits for the taint to go is told below: by hand here, by the agent otherwise.
if [ "$netpol" = no ] || [ "$agent" = daemonset ]; then
	inside kubectl taint node $node netpol.io/agent-not-ready- >/dev/null
fi
until ready; do
	if ! kill -0 $machine 2>/dev/null || [ $((SECONDS - start)) -gt "${NODE_SECONDS:-900}" ]; then
		say "the node has ended, or is not ready after $((SECONDS - start)) s"
		tail -n 20 "$base/$node.log" "$base/$node.err" >&2
		inside on-node $node 'tail -n 15 /var/log/*.log' >&2 || :
		exit 1
	fi
	sleep 1
done
say "$node is ready after $((SECONDS - start)) s"

if [ "$agent" = daemonset ]; then
	say "netpol by its DaemonSet"
	start=$SECONDS
	if ! inside bash tests/cluster/daemonset.sh install 8>&- >"$base/install.log" 2>&1; then
		tail -n 60 "$base/install.log" >&2
		exit 1
	fi
	say "the DaemonSet is ready after $((SECONDS - start)) s"
fi

# --- what it is for -------------------------------------------------------------------------
rc=0
if [ -n "${COMMAND:-}" ]; then
	inside bash -c "$COMMAND" 8>&- || rc=$?
else
	say "kubectl works here; on-node $node COMMAND runs a command on the node; exit ends it all"
	inside bash -i 8>&- || rc=$?
fi
if [ "$agent" = daemonset ]; then
	inside kubectl -n kube-system logs daemonset/netpol >"$base/agent.log" 2>&1 || :
fi
for log in agent containerd kubelet kube-proxy; do
	[ "$log $agent" != "agent daemonset" ] || continue
	inside on-node $node "cat /var/log/$log.log" >"$base/$log.log" 2>/dev/null || :
done
exit $rc
