#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the virtual machine of a node, with /cluster/node.env (cluster.sh) beside it:
#
#   node.sh boot           mounts the disk that root.sh made and goes on in it
#   node.sh start NAME...  starts containerd, agent, kubelet, kube-proxy, with the log in
#                          /var/log/NAME.log and its process id in /run/NAME.pid
#   node.sh kill NAME      ends it by SIGKILL and waits until it is gone
#
# There is no systemd, which takes a busy emulated processor longer than all the rest. What the
# units of netpolctl do, "boot" does in the same order with the same command lines.
set -eu
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root
here=$(cd "$(dirname "$0")" && pwd)
# NODE, ADDRESS, GATEWAY, PODS, NETPOL, AGENT, CNI, KUBELET_OPTIONS
# shellcheck source=/dev/null
. "$here/node.env"

say() { echo "$(cut -d ' ' -f 1 /proc/uptime) $*"; }

# The tools of this VM's own small root are enough up to here.
enter()
{
	local x root=/node
	modprobe -a virtio_pci virtio_blk virtio_net
	mkdir -p $root
	until [ -b /dev/vda ]; do sleep 0.1; done
	mount -t ext4 /dev/vda $root
	for x in proc sys dev; do
		mount --rbind /$x $root/$x
	done
	mount -t tmpfs run $root/run
	mount -t tmpfs tmp $root/tmp
	mkdir -p $root/cluster
	cp "$here"/* $root/cluster/
	# Clearing huge pages takes an emulated program in Go two thirds of its start.
	echo never >/sys/kernel/mm/transparent_hugepage/enabled
	echo "$NODE" >/proc/sys/kernel/hostname
	# The disk becomes the root of the mount namespace, as switch_root would have it: in a mere
	# chroot, who joins the namespace of a container would be outside of it.
	cd $root
	mount --move . /
	exec chroot . /bin/bash /cluster/node.sh main
}

network()
{
	echo "127.0.0.1 localhost $NODE" >/etc/hosts
	ip addr add "$ADDRESS/24" dev eth0
	ip link set eth0 up
	ip route add default via "$GATEWAY"
	sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 vm.overcommit_memory=1 kernel.panic=10 \
		kernel.panic_on_oops=1 kernel.keys.root_maxkeys=1000000 \
		kernel.keys.root_maxbytes=25000000
	modprobe -a overlay br_netfilter nf_conntrack
	sysctl -q -w net.bridge.bridge-nf-call-iptables=1
}

# A small range, so that addresses come back soon.
cni()
{
	local interface='"type": "ptp"'
	[ "$CNI" != bridge ] ||
		interface='"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true'
	cat >/etc/cni/net.d/10-pods.conflist <<-X
	{"cniVersion": "0.4.0", "name": "pods", "plugins": [{
		$interface,
		"ipam": {"type": "host-local", "routes": [{"dst": "0.0.0.0/0"}], "ranges": [[{
			"subnet": "$PODS.0/24", "rangeStart": "$PODS.10", "rangeEnd": "$PODS.49"}]]}
	}]}
	X
}

# Where kubeadm has its kubeconfig, too.
kubelet_config()
{
	install -m 600 /cluster/kubelet.conf /etc/kubernetes/kubelet.conf
	cat >/etc/kubernetes/kubelet.yaml <<-X
	apiVersion: kubelet.config.k8s.io/v1beta1
	kind: KubeletConfiguration
	authentication:
	  anonymous: {enabled: false}
	  webhook: {enabled: false}
	  x509: {clientCAFile: /cluster/ca.crt}
	authorization: {mode: AlwaysAllow}
	cgroupDriver: cgroupfs
	failSwapOn: false
	runtimeRequestTimeout: 10m
	imageGCHighThresholdPercent: 100
	evictionHard: {memory.available: 50Mi}
	X
}

# socat leaves its end of what it talks to a shell by open, and waits until nobody has it any more.
launch()
{
	local name=$1
	shift
	setsid "$@" </dev/null >>"/var/log/$name.log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	echo $! >"/run/$name.pid"
}

start()
{
	case "$1" in
	containerd) launch containerd containerd ;;
	agent)
		# shellcheck disable=SC2046 # options, split at blanks as systemd does
		NODE_NAME=$NODE launch agent netpolctl sync $(options) ;;
	kubelet)
		# shellcheck disable=SC2086 # options
		launch kubelet kubelet --config=/etc/kubernetes/kubelet.yaml \
			--kubeconfig=/etc/kubernetes/kubelet.conf --hostname-override="$NODE" \
			--node-ip="$ADDRESS" --cert-dir=/var/lib/kubelet/pki $KUBELET_OPTIONS ;;
	kube-proxy)
		launch kube-proxy kube-proxy --kubeconfig=/cluster/kube-proxy.conf \
			--hostname-override="$NODE" --cluster-cidr=10.244.0.0/16 --proxy-mode=iptables ;;
	*) echo "node.sh: there is no $1" >&2; return 2 ;;
	esac
}

# What /etc/netpol/sync.env would have.
options()
{
	echo "--kubeconfig /cluster/agent.conf --guard-interface veth* --remove-taint=netpol.io/agent-not-ready"
}

end()
{
	local pid
	pid=$(<"/run/$1.pid")
	kill -KILL "$pid"
	while [ -e "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; do
		sleep 0.05
	done
}

main()
{
	local image
	say "the root is there"
	network
	cni
	kubelet_config
	setsid socat -t 600 "TCP-LISTEN:2222,bind=$ADDRESS,reuseaddr,fork" EXEC:/bin/bash,stderr \
		</dev/null >/var/log/socat.log 2>&1 &
	if [ "$NETPOL" = yes ]; then
		# modules-load.d
		modprobe netpol
		say "netpol is loaded"
	fi
	if [ "$NETPOL $AGENT" = "yes package" ]; then
		mkdir -p /run/netpol /var/lib/netpol
		chmod 700 /run/netpol
		# netpol-restore.service
		# shellcheck disable=SC2046
		netpolctl sync --boot $(options)
		start agent
	fi
	start containerd
	until ctr version >/dev/null 2>&1; do sleep 0.5; done
	for image in /images/*.tar; do
		ctr -n k8s.io images import "$image" >/dev/null
	done
	say "containerd has the images"
	start kubelet
	start kube-proxy
	say "kubelet runs"
	exec sleep infinity
}

case "$1" in
boot) enter ;;
main) main ;;
start)
	shift
	for name; do
		start "$name"
	done ;;
kill) end "$2" ;;
*) sed -n '3,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
