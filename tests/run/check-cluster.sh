#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Policies on a node with a kubelet (tests/cluster): the cluster is made, tests/cluster/pods.sh
# runs in it, and it is taken away. Its variables are those of cluster.sh and pods.sh.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh
begin cluster
base=build/cluster
mkdir -p $base
rm -f $base/pods.tap $base/pods.rc

rc=0
COMMAND="tests/cluster/pods.sh >$base/pods.tap 2>$base/pods.err || echo \$? >$base/pods.rc" \
	tests/cluster/cluster.sh >$base/cluster.log 2>&1 || rc=$?
if [ ! -e $base/pods.tap ]; then
	failed "the cluster comes up"
	echo "FAILED  the cluster comes up (status $rc):"
	tail -n 60 $base/cluster.log | sed 's/^/    /'
	finish
	exit 1
fi
passed "the cluster comes up"
sed -n 's/^cluster: \(.* is ready after .*\)/# \1/p' $base/cluster.log
[ ! -e $base/pods.rc ] || rc=$(<$base/pods.rc)
counts=$(awk -f tests/run/tap.awk -v rc="$rc" $base/pods.tap)
read -r p f s <<<"$counts"
passed "pods of a real kubelet" "$p"
failed "pods of a real kubelet" "$f"
skipped "pods of a real kubelet" "$s"
sed -n '/^#/p; /^not ok/p; /^ok/p; /^Bail/p' $base/pods.tap
if [ "$f" != 0 ]; then
	echo "FAILED  pods of a real kubelet:"
	tail -n 20 $base/pods.err | sed 's/^/    ! /'
fi
finish
