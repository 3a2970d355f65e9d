#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints a folder that holds kube-apiserver and etcd; with the argument "cluster", also
# kube-controller-manager, kube-scheduler, kubelet, kube-proxy and kubectl.
#
# KUBEBUILDER_ASSETS, where set, is that folder, so that any version can be
# tested. Otherwise all come from Debian: Kubernetes is built from the source
# package "kubernetes" (several minutes), etcd is unpacked from its package and
# not installed, because installing it would start a service. The result is
# kept under ~/.cache/netpol, keyed by both versions.
set -eu
export LC_ALL=C.UTF-8
cache=${NETPOL_CACHE:-${HOME:-/root}/.cache/netpol}

case "${1:-}" in
'') programs=(kube-apiserver) ;;
cluster) programs=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl) ;;
*) sed -n '4,11s/^# //p' "$0" >&2; exit 2 ;;
esac

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
	for p in "${programs[@]}" etcd; do
		if [ ! -x "$KUBEBUILDER_ASSETS/$p" ]; then
			echo "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS holds no $p" >&2
			exit 1
		fi
	done
	realpath "$KUBEBUILDER_ASSETS"
	exit 0
fi

mkdir -p "$cache"
# One build at a time, also from several trees.
exec 7>"$cache/kube.lock"
flock 7
last=$cache/kube.last2	# the number is that of the recipe below
# has FOLDER: are all the programs there?
has()
{
	local p
	for p in "${programs[@]}" etcd; do
		[ -x "$1/$p" ] || return 1
	done
}
if [ -s "$last" ] && has "$(<"$last")"; then
	cat "$last"
	exit 0
fi

work=$(mktemp -d "$cache/kube.XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$cache/kube.log

step()
{
	if ! "$@" >>"$log" 2>&1; then
		tail -n 30 "$log" >&2
		echo "building Kubernetes failed in: $*" >&2
		exit 1
	fi
}

# The machine's own package sources, with their source packages: a copy, so
# that nothing of the machine's configuration changes.
sources()
{
	local f
	mkdir -p "$work/parts" "$work/lists/partial"
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -e "$f" ] || continue
		sed 's/^Types:.*/Types: deb deb-src/' "$f" >"$work/parts/${f##*/}"
	done
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -s "$f" ] || continue
		sed -n 's/^deb /deb-src /p; s/^deb\t/deb-src /p' "$f" >"$work/parts/src-$(basename "$f" .list).list"
		grep -E '^deb[[:space:]]' "$f" >"$work/parts/bin-$(basename "$f" .list).list" || :
	done
}

apt_opts=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/parts"
	-o "Dir::State::lists=$work/lists" -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache=
	-o APT::Sandbox::User=root -o DPkg::Lock::Timeout=600 -q)

: >"$log"
sources
step apt-get "${apt_opts[@]}" update

tools=(golang-1.19-go rsync jq dpkg-dev)
# dpkg-query also knows packages that are not installed.
if dpkg-query -W -f '${db:Status-Status}\n' "${tools[@]}" 2>&1 | grep -qvx installed; then
	step env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 \
		install -y --no-install-recommends "${tools[@]}"
fi

cd "$work"
step apt-get "${apt_opts[@]}" download etcd-server golang-github-modern-go-reflect2-dev
step dpkg-deb -x etcd-server_*.deb etcd
step dpkg-deb -x golang-github-modern-go-reflect2-dev_*.deb reflect2
step apt-get "${apt_opts[@]}" source --only-source --download-only kubernetes
version=$(sed -n 's/^Version: *//p' kubernetes_*.dsc | head -n 1)
etcd_version=$(dpkg-deb -f etcd-server_*.deb Version)
[ -n "$version" ] && [ -n "$etcd_version" ]
out=$cache/kube-$version+etcd-$etcd_version-2

step dpkg-source --no-check -x kubernetes_*.dsc tree
# The copy of reflect2 in the tree is older than Go 1.18 and panics on the first JSON
# object with a map in it when built with that or a newer Go.
rm -rf tree/vendor/github.com/modern-go/reflect2
step cp -r reflect2/usr/share/gocode/src/github.com/modern-go/reflect2 \
	tree/vendor/github.com/modern-go/reflect2
mkdir -p tree/.go/src/k8s.io
ln -s ../../.. tree/.go/src/k8s.io/kubernetes
cd tree/.go/src/k8s.io/kubernetes
what=
for p in "${programs[@]}"; do
	[ -x "$out/$p" ] || what="$what cmd/$p"
done
go=$(dirname "$(readlink -f /usr/lib/go-1.19/bin/go)")
# 1.20.2 is built in GOPATH mode from its vendor folder: nothing is fetched. The kubelet is built
# without cgo, as the others are, or most of what they share would be compiled twice.
step env -u GOFLAGS -u GOROOT PATH="$go:$PATH" GO111MODULE=off GOPROXY=off GOTOOLCHAIN=local \
	GOPATH="$work/tree/.go" GOCACHE="$work/gocache" HOME="$work" KUBE_GIT_VERSION="v${version##*really}" \
	KUBE_STATIC_OVERRIDES=kubelet \
	nice make WHAT="${what# }" DBG=0
cd "$work"
mkdir -p new
[ ! -d "$out" ] || cp -p "$out"/* new/
for p in $what; do
	p=${p#cmd/}
	bin=$(find "$work/tree/_output" -type f -name "$p" -perm -u+x | head -n 1)
	[ -n "$bin" ] || { echo "the build made no $p: see $log" >&2; exit 1; }
	cp "$bin" new/
	strip "new/$p" 2>/dev/null || :
done
cp etcd/usr/bin/etcd new/
[ ! -e etcd/usr/bin/etcdctl ] || cp etcd/usr/bin/etcdctl new/
rm -rf "$out"
mv new "$out"
chmod -R u+w tree gocache 2>/dev/null || :
echo "$out" >"$last"
echo "$out"
