#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl eval -f as a command: verdicts with their steps, exit statuses, errors; and for every
# pair of the examples the answer of the matrix. Without the module.
set -u
cd "$(dirname "$0")/../.." || exit 1
command='eval'
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

files=(-f examples/cluster.yaml -f examples/default-deny.yaml)
to=(namespace-a/web namespace-b/web -p)
expect 1 '^DENY ingress namespace-b/web \(policies that isolate: namespace-b/default-deny\)   from files$' \
	"${to[@]}" tcp/80 "${files[@]}"
expect 1 '^1 egress  of namespace-a/web   ALLOW: not isolated$' "${to[@]}" tcp/80 "${files[@]}"
expect 0 '^ALLOW namespace-a/web -> namespace-b/web icmp   from files$' "${to[@]}" ICMP \
	-f examples/cluster.yaml
expect 0 'a pod to itself' namespace-b/web namespace-b/web -p udp/53 "${files[@]}"
expect 1 '"reason": "isolated"' 203.0.113.9 namespace-b/web -p tcp/80 "${files[@]}" -o json
expect 0 'isolated by namespace-a/np-allow-ns-a   ALLOW by ingress\[0\]$' namespace-b/web namespace-a/web \
	-p tcp/80 -f examples/cluster.yaml -f examples/np-allow-ns-a.yaml
expect 3 'there is no pod x/y in the input' x/y namespace-b/web -p tcp/80 "${files[@]}"
expect 3 'no addresses of the same family' fd00::1 namespace-b/web -p tcp/80 --family 4 "${files[@]}"
expect 3 'no-such-file' "${to[@]}" tcp/80 -f no-such-file
expect 2 '-R and --lenient belong to files' "${to[@]}" tcp/80 -R
cat >"$tmp/pods.yaml" <<'X'
apiVersion: v1
kind: Pod
metadata: {name: host, namespace: namespace-a}
spec: {hostNetwork: true}
status: {podIP: 192.0.2.1, phase: Running}
X
expect 3 'is on the network of its host' namespace-a/host namespace-b/web -p tcp/80 "${files[@]}" \
	-f "$tmp/pods.yaml"
expect 3 'neither address is that of a pod' 203.0.113.9 203.0.113.10 -p tcp/80 "${files[@]}"
# An address that two pods have would be judged as one of them.
sed -e 's/name: host/name: twin/' -e '/hostNetwork/d' -e 's/192.0.2.1/10.244.1.10/' \
	"$tmp/pods.yaml" >"$tmp/twin.yaml"
expect 3 'namespace-a/twin and namespace-a/web have one address' \
	namespace-a/twin namespace-b/web -p tcp/80 "${files[@]}" -f "$tmp/twin.yaml"

# The same answers as the matrix, in both families.
for family in 4 6; do
	for file in examples/*.yaml; do
		case "$file" in examples/cluster.yaml) continue ;; esac
		"$tool" matrix -f examples/cluster.yaml -f "$file" --ports tcp/80 --family $family \
			-o csv --no-headers >"$tmp/matrix.csv"
		while IFS=, read -r src dst verdict; do
			status=0
			"$tool" eval "$src" "$dst" -p tcp/80 --family $family \
				-f examples/cluster.yaml -f "$file" >/dev/null || status=$?
			case "$verdict,$status" in
			allow,0|deny,1) ;;
			*)	echo "$file, IPv$family, $src -> $dst: matrix $verdict, eval $status"
				failed=1 ;;
			esac
		done <"$tmp/matrix.csv"
		[ -s "$tmp/matrix.csv" ] || { echo "no matrix of $file"; failed=1; }
	done
done
exit $failed
