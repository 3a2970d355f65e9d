#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves the table of docs/install.md: packages that are upgraded, removed and purged while
# policies are in force, and a module that is replaced by the commands of that page. The root
# with the packages is on /dev/vda; the pods are network namespaces of this virtual machine.
[ -n "${NETPOL_VM:-}" ] || { echo "in a virtual machine only" >&2; exit 2; }
# shellcheck source=tests/e2e/lib.sh
. /tests/e2e/lib.sh
deb=/run/deb
mkdir -p $deb
modprobe -a virtio_pci virtio_blk
eventually 20 test -b /dev/vda
mount -t ext4 /dev/vda $deb || bail "no root"
for x in proc sys dev run; do
	mount --bind /$x $deb/$x
done
# By a path, as busybox would take its own dpkg for one without.
in_deb()
{
	# shellcheck disable=SC2016 # for the shell inside
	chroot $deb /bin/bash -c 'export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin
		exec "$@"' bash "$@"
}
installs() { in_deb dpkg -i "/$1_$2_$3.deb" >"$tmp/dpkg" 2>&1; }
loaded() { cat /sys/module/netpol/version 2>/dev/null; }
on_disk() { in_deb modinfo -F version netpol 2>/dev/null; }
generation() { netpolctl status -o json 2>/dev/null | jq .generation; }
said() { tr -d '\n' <"$tmp/dpkg" | sed 's/netpol[a-z-]*: / /g; s/  */ /g' | grep -q -e "$1"; }

# DKMS builds with a kernel whose build gives the module of this kernel another version.
kernel=$(uname -r)
cp "$(find $deb/lib/modules -name netpol.ko)" $deb/netpol.built
LC_ALL=C sed -i "s/version=${VERSION//./\\.}\x00/version=$LATER\x00/" $deb/netpol.built
rm $deb/lib/modules/"$kernel"/build
mkdir -p $deb/lib/modules/"$kernel"/build/include
printf 'modules:\n\tcp /netpol.built $(M)/netpol.ko\nclean:\n' >$deb/lib/modules/"$kernel"/build/Makefile

# --- a node ------------------------------------------------------------------------------

node_make - 10.244.0.1 fd00:244::1
pod_make - a/client 10.244.1.10 fd00:244:1::10
pod_make - a/friend 10.244.1.11 fd00:244:1::11
pod_make - b/server 10.244.2.10 fd00:244:2::10
serve_on b/server -- tcp/80 udp/80
control=a.friend,10.244.2.10,80
is "$(loaded)" "" "an installed package loads nothing"
in_deb modprobe netpol || bail "modprobe"
is "$(loaded)" "$VERSION" "the module that DKMS built is loaded"
{
	ns_yaml a
	ns_yaml b
	pod_info a/friend app=friend
	pods_yaml a/client a/friend b/server
	cat <<-X
		---
		apiVersion: networking.k8s.io/v1
		kind: NetworkPolicy
		metadata: {name: only-friends, namespace: b}
		spec:
		  podSelector: {}
		  ingress:
		  - from:
		    - namespaceSelector: {}
		      podSelector: {matchLabels: {app: friend}}
	X
} >"$tmp/cluster"
in_deb netpolctl apply -f - <"$tmp/cluster" >"$tmp/apply" 2>&1 || bail "$(cat "$tmp/apply")"
before=$(generation)

enforced() # WHEN
{
	expect <<-X
		yes a/friend tcp b/server 80 $1
		no a/client tcp b/server 80 $1
	X
}
enforced "before"

# What is allowed loses nothing while a package changes, and of what is denied nothing arrives.
cat >"$tmp/live" <<X
tcp-4 tcp a.friend b.server ${end_v4[b/server]} 9000
udp-6 udp a.friend b.server ${end_v6[b/server]} 9000
X
sees b/server "ip saddr ${end_v4[a/client]} icmp type echo-request"
in_netns a.client ping -q -i 0.01 "${end_v4[b/server]}" >"$tmp/ping" 2>&1 &
pids+=($!)
# step WHAT COMMANDS [EXPECT]: hold runs the commands, in another shell
step()
{
	{
		declare -p tmp deb
		declare -f in_deb installs
		echo "$2"
	} >"$tmp/step"
	live "$1" "${3:-steady}" "bash $tmp/step >$tmp/steps 2>&1 || { cat $tmp/steps $tmp/dpkg >&2; exit 1; }"
	is "$(seen b/server)" 0 "$1: of what is denied nothing arrives"
}

# --- upgrades ----------------------------------------------------------------------------

step "upgrade of the tool" "installs netpolctl $LATER amd64"
check "upgrade of the tool: is installed" \
	grep -qx "Version: $LATER" <(in_deb dpkg -s netpolctl)
is "$(generation)" "$before" "upgrade of the tool: nothing was committed"
step "upgrade of the module" "installs netpol-dkms $LATER all"
is "$(on_disk)" "$LATER" "upgrade of the module: DKMS has built it"
is "$(loaded)" "$VERSION" "upgrade of the module: the old one stays loaded"
check "upgrade of the module: which the package says" said "module netpol $VERSION stays loaded"
check "upgrade of the module: it cannot be unloaded" sh -c '! rmmod netpol'
is "$(generation)" "$before" "upgrade of the module: nothing was committed"
enforced "after the upgrades"

# --- another module, by the commands of docs/install.md ------------------------------------

{
	echo 'systemctl() { :; }'
	echo 'netpolctl() { in_deb netpolctl "$@"; }'
	echo 'modprobe() { in_deb modprobe "$@"; }'
	awk '/^<!-- tests.deb.life.sh/ { on = 1; next }
		/^```/ { if (on == 2) exit; on += on; next }
		on == 2 { gsub(/PODS/, "\"v*\""); print }' /tests/install.md
} >"$tmp/replace"
check "docs/install.md has the commands" grep -q '^rmmod netpol$' "$tmp/replace"
# Connections lose packets while the lines run, and have to survive it.
step "another module" "set -e
. $tmp/replace" open
is "$(loaded)" "$LATER" "another module: the new one is loaded"
enforced "by another module"

# --- removed, purged -----------------------------------------------------------------------

before=$(generation)
mkdir -p $deb/etc/systemd/system/kubelet.service.d $deb/var/lib/netpol
touch $deb/etc/systemd/system/kubelet.service.d/50-netpol.conf $deb/var/lib/netpol/snapshot \
	$deb/etc/netpol/kubeconfig
step "removal of the tool" "in_deb dpkg -r netpolctl >$tmp/dpkg 2>&1"
check "removal of the tool: says that the kernel goes on" \
	said "goes on enforcing the policies that are loaded"
check "removal of the tool: says that kubelet's drop-in stays" said "kubelet will not start"
check "removal of the tool: keeps its configuration" test -e $deb/etc/netpol/sync.env
step "removal of the module" "in_deb dpkg -r netpol-dkms >$tmp/dpkg 2>&1"
check "removal of the module: says that it stays loaded" said "netpol stays loaded"
is "$(loaded)" "$LATER" "removal of the module: it stays loaded"
is "$(on_disk)" "" "removal of the module: none is left for the next boot"
step "purge" "in_deb dpkg -P netpolctl netpol-dkms >$tmp/dpkg 2>&1"
check "purge: configuration and snapshot are gone" \
	test ! -e $deb/etc/netpol/sync.env -a ! -e $deb/var/lib/netpol
check "purge: other files of the operator stay" test -e $deb/etc/netpol/kubeconfig
is "$(in_deb dpkg -s netpolctl netpol-dkms 2>/dev/null)" "" "purge: no package is left"
is "$(generation)" "$before" "purge: nothing was committed"
enforced "after the purge"
kill "${pids[-1]}"
wait "${pids[-1]}" 2>/dev/null
for x in run dev sys proc; do
	umount $deb/$x
done
umount $deb
finish
