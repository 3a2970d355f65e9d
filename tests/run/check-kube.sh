#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The agent against a real kube-apiserver and etcd: both run on loopback here, two nodes
# with their agents and pods run in a virtual machine (tests/kube/scenario.c).
#
#   CHANGES=300   random changes
#   SEED=1        of them
#   TIMED=60      changes whose time to enforcement is measured
#   KERNEL=6.12   of the virtual machine
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh
begin kube
kernel=${KERNEL:-6.12}

run_check "scenario, tool and module build" make -s -j2 tools kube-bins e2e-bins \
	modules KERNELS="$kernel"
if ! assets=$(bash tests/kube/apiserver.sh); then
	failed "kube-apiserver and etcd"
	finish
	exit 1
fi

tools=0
for tool in helm kustomize; do
	[ "$tools" != 0 ] || bash tests/run/gotool.sh $tool >/dev/null || tools=$?
done
if [ "$tools" = 77 ]; then
	skipped "Helm chart and kustomization"
	echo "skipped Helm chart and kustomization: the Go modules of the tools can't be fetched here"
else
	run_check "Helm chart and kustomization" bash tests/kube/charts.sh "$assets"
fi

mkdir -p build/kube
dir=$(mktemp -d "${TMPDIR:-/tmp}/netpol-kube.XXXXXX")
trap 'bash tests/kube/plane.sh stop "$dir"; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if ! bash tests/kube/plane.sh start "$dir" "$assets" \
		node1,10.1.1.0/24,fd01:1::/64 node2,10.1.2.0/24,fd01:2::/64; then
	failed "the control plane starts"
	finish
	exit 1
fi
bash tests/kube/plane.sh serve "$dir"
passed "the control plane starts"

rel=$(tests/run/kernel.sh release "$kernel")
rc=0
rm -rf build/kube/out
tests/vm/run -k "$kernel" -n -M 1024 -t "${KUBE_SECONDS:-1500}" -l build/kube/console \
	-m "build/$rel/netpol.ko" -f build/netpolctl:/usr/sbin/netpolctl \
	-f build/e2e/probe:/tests/bin/probe -f build/kube/scenario:/tests/bin/scenario \
	-f "$dir/ca.crt:/etc/kube-ca.crt" -f tests/vm/one.sh:/tests/one.sh -o build/kube/out \
	-- sh /tests/one.sh -m virtio_net,veth,nft_masq scenario \
	-u "https://10.0.2.2:$(<"$dir/port")" -a /etc/kube-ca.crt -t "$(<"$dir/admin.token")" \
	-k "$(<"$dir/agent.token")" -c "$(<"$dir/control")" -n "${CHANGES:-300}" \
	-s "${SEED:-1}" -l "${TIMED:-60}" >build/kube/scenario.tap 2>build/kube/scenario.err </dev/null || rc=$?
cp "$dir"/*.log build/kube/ 2>/dev/null || :
counts=$(awk -f tests/run/tap.awk -v rc="$rc" build/kube/scenario.tap)
read -r p f s <<<"$counts"
passed "kube scenario" "$p"
failed "kube scenario" "$f"
skipped "kube scenario" "$s"
sed -n 's/\r$//; /^#/p; /^not ok/p; /^ok/p' build/kube/scenario.tap
if [ "$f" != 0 ]; then
	echo "FAILED  kube scenario:"
	tail -n 40 build/kube/scenario.err | sed 's/^/    ! /'
	tail -n 20 build/kube/out/*.log 2>/dev/null | sed 's/^/    | /'
fi
finish
