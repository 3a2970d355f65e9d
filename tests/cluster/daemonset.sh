#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The agent as a DaemonSet in the cluster of cluster.sh, by the commands of docs/daemonset.md,
# which are read from there, so that they are a test. pods.sh sources this, too.
#
#   daemonset.sh install     imports the images on the node and follows "kustomize", whose folder is
#                            build/cluster/deploy
page=docs/daemonset.md
place=build/cluster/deploy
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
architecture=$(dpkg --print-architecture)

api_server() { kubectl config view -o jsonpath='{.clusters[0].cluster.server}'; }

# ours VERSION: what stands for something of the reader's is this cluster's
ours()
{
	sed -e "s|https://192\.0\.2\.10:6443|$(api_server)|g" -e 's|REGISTRY/|localhost/|g' \
		-e "s|netpolctl-VERSION-ARCH|netpolctl-$1-$architecture|g" -e "s|:VERSION|:$1|g"
}

# documented HEADING N: the Nth block of commands below that heading
documented()
{
	awk -v heading="## $1" -v want="$2" '
		/^## / { below = $0 == heading; n = inside = 0; next }
		below && /^```/ { inside = !inside; n += inside; next }
		inside && n == want { print }' "$page"
}

# follow HEADING N: runs them in the folder of the kustomization; each command is printed first
follow()
{
	local commands
	commands=$(documented "$1" "$2" | ours "$version") || return
	[ -n "$commands" ] || { echo "$page has no block $2 under \"$1\"" >&2; return 1; }
	(cd $place && timeout 900 bash -ev -o pipefail -c "$commands")
}

# follow_on_node HEADING N: likewise on the node
follow_on_node()
{
	local commands
	commands=$(documented "$1" "$2" | ours "$version")
	[ -n "$commands" ] || { echo "$page has no block $2 under \"$1\"" >&2; return 1; }
	echo "node1: $commands"
	on-node node1 "$commands"
}

# import VERSION: the image of that version, on the node
import()
{
	local command
	command=$(sed -n 's/^| import it on a node with containerd | `\(.*\)` |$/\1/p' "$page" |
		ours "$1")
	echo "node1: $command"
	on-node node1 "cd /root && $command"
}

install_agent()
{
	rm -rf $place
	mkdir -p $place/deploy
	cp -r deploy/kubernetes deploy/helm $place/deploy/
	# plane.sh makes them for agents without a DaemonSet, and here they must come from deploy/.
	kubectl delete clusterrole netpol netpol-taint
	kubectl delete clusterrolebinding test-netpol test-netpol-taint
	import "$version"
	import 0.2.0
	if ! follow kustomize 1; then
		kubectl -n kube-system get pods -o wide
		kubectl -n kube-system describe daemonset,pods
		kubectl -n kube-system logs daemonset/netpol
		return 1
	fi
	follow kustomize 3
}

if [ "${1:-}" = install ]; then
	set -eu -o pipefail
	install_agent
fi
