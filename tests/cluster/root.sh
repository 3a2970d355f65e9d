#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# root.sh KERNEL ASSETS FILE AGENT - makes the disk of a node: Debian 12 with containerd, crun, CNI
# plugins and kube-proxy's tools (mmdebstrap, once, kept in the cache), kubelet and kube-proxy
# from the folder ASSETS, Debian's kernel modules, netpolctl from its package, and netpol.ko. The
# module is built here for the kernel of the series KERNEL, because DKMS would compile it on an
# emulated processor. With "daemonset" as AGENT there is no netpolctl; its image, and a second one
# to update to, are archives in /root. All nodes have the same disk.
set -eu
cd "$(dirname "$0")/../.."
series=$1 assets=$2 disk=$3 agent=$4
cache=${NETPOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/netpol}
base=$PWD/build/cluster
root=$base/root
rel=$(tests/run/kernel.sh release "$series")
kernel=$(tests/run/kernel.sh image "$series")
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
arch=$(dpkg --print-architecture)
mkdir -p "$base" "$cache"

# --- Debian -----------------------------------------------------------------------------
include=containerd,crun,containernetworking-plugins,conntrack,iptables,nftables,iproute2,kmod
include=$include,socat,procps,netbase,init-system-helpers
# what netpolctl depends on
include=$include,libcjson1,libcurl4,libmicrohttpd12,libnl-3-200,libnl-genl-3-200
include=$include,libnl-route-3-200,libyaml-0-2
debian=$cache/cluster-root-$(echo "$include" | sha256sum | cut -c1-16).tar
(
	flock 9
	[ ! -e "$debian" ] || exit 0
	find "$cache" -maxdepth 1 -name 'cluster-root-*' -mtime +2 -delete
	nice mmdebstrap --quiet --variant=minbase --mode=root --include="$include" \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--aptopt='APT::Install-Recommends "false"' bookworm "$debian.tmp.tar"
	mv "$debian.tmp.tar" "$debian"
) 9>"$cache/lock.cluster-root"

# --- netpol -----------------------------------------------------------------------------
deb=build/deb/netpolctl_${version}_$arch.deb
if [ "$agent" = package ] && { [ ! -e "$deb" ] || [ -n "$(find kmod tools include uapi debian \
		deploy docs/man Makefile Kbuild dkms.conf -newer "$deb" -type f | head -n 1)" ]; }; then
	nice make -s deb >"$base/deb.log" 2>&1 || { tail -n 30 "$base/deb.log" >&2; exit 1; }
fi

# --- the root ---------------------------------------------------------------------------
rm -rf "$root"
mkdir -p "$root"
tar -xf "$debian" -C "$root"
# Its processes and its network are none of this machine's.
install_package()
{
	cp "$deb" "$root/netpolctl.deb"
	# shellcheck disable=SC2016 # for the shell inside
	unshare -m -p -f -n sh -euc '
		mount -t proc proc "$1/proc"
		exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
			DEBIAN_FRONTEND=noninteractive dpkg -i /netpolctl.deb' sh "$root" \
		>"$base/dpkg.log" 2>&1 || { cat "$base/dpkg.log" >&2; exit 1; }
	rm "$root/netpolctl.deb"
}

# The second image has the same program and another name and label, so another id.
copy_images()
{
	cp "build/image/netpolctl-$version-$arch.tar" "$root/root/"
	deploy/image/oci.py build/image/root "$root/root/netpolctl-0.2.0-$arch.tar" \
		localhost/netpolctl:0.2.0 "$arch" /usr/sbin/netpolctl \
		org.opencontainers.image.version=0.2.0
}

case "$agent" in
package) install_package ;;
daemonset) copy_images ;;
esac
mkdir -p "$root/lib/modules/$rel/updates"
cp -r "$kernel/lib/modules/$rel/kernel" "$root/lib/modules/$rel/"
cp "$kernel/lib/modules/$rel"/modules.{builtin,builtin.modinfo,order} "$root/lib/modules/$rel/"
strip --strip-debug -o "$root/lib/modules/$rel/updates/netpol.ko" "build/$rel/netpol.ko"
depmod -b "$root" "$rel"
cp "$assets/kubelet" "$assets/kube-proxy" "$root/usr/local/bin/"

# --- images -----------------------------------------------------------------------------
mkdir -p "$root/images" "$base/image"
rm -rf "$base/image/"*
install -D build/cluster/pod "$base/image/pod/pod"
deploy/image/oci.py "$base/image/pod" "$root/images/pod.tar" localhost/pod:1 "$arch" /pod

# --- the node's own files -----------------------------------------------------------------
mkdir -p "$root/etc/cni/net.d" "$root/etc/containerd" "$root/etc/kubernetes"
cat >"$root/etc/containerd/config.toml" <<'Y'
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pod:1"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "/usr/bin/crun"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
Y
rm -f "$disk"
truncate -s 3G "$disk"
mkfs.ext4 -q -d "$root" -O ^has_journal "$disk"
rm -rf "$root"
