#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves the man page, matrix: what the loaded module answers for every pair is what the
# files give offline, for samples alone and for all of them, in both families; a pod that
# another node judges is ?; nothing is asked of the kernel for files.
#netpol-test: timeout=400
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
examples=/tests/examples
ports=tcp/53,tcp/80,tcp/8005,tcp/8080,udp/53,icmp

# The samples know their pods by address; these are no interfaces.
load()
{
	local args=() f
	for f; do
		args+=(-f "$f")
	done
	netpolctl apply --replace --local all "${args[@]}" >/dev/null 2>"$tmp/err" ||
		bail "apply $*: $(cat "$tmp/err")"
}

# same NAME FILE...: kernel and files
same()
{
	local name=$1 args=() f family
	shift
	for f; do
		args+=(-f "$f")
	done
	load "$@"
	for family in 4 6; do
		netpolctl matrix "${args[@]}" --ports $ports --family $family -o json \
			>"$tmp/files" || bail "matrix of files, $name"
		netpolctl matrix --kernel --ports $ports --family $family -o json \
			>"$tmp/kernel" || bail "matrix of the kernel, $name"
		is "$(jq -c '[.pods, .allowed]' "$tmp/kernel")" \
			"$(jq -c '[.pods, .allowed]' "$tmp/files")" \
			"$name, IPv$family: the kernel's matrix is that of the files"
		is "$(jq -c '[.family, (.pods | length)]' "$tmp/kernel")" "[$family,6]" \
			"$name, IPv$family: six rows"
	done
	check "$name: the kernel's generation is told" jq -e '.generation > 0' "$tmp/kernel"
	netpolctl matrix --kernel --expect "$tmp/files" --family 6 >"$tmp/out"
	is "$? $(cat "$tmp/out")" "0 216 verdicts are as expected" "$name: --kernel --expect"
}

same dual-stack "$examples/cluster.yaml" "$examples/dual-stack.yaml"
same named-port "$examples/cluster.yaml" "$examples/named-port.yaml"
same all "$examples"/*.yaml
is "$(jq -c '[.allowed[][] | split("") | .[] | select(. == "0")] | length > 20' "$tmp/kernel")" \
	true "all samples together deny something"

# A reason for each verdict, the same as offline.
netpolctl matrix --kernel --ports tcp/80,udp/53 -o html >"$tmp/kernel.html"
netpolctl matrix -f "$examples" --ports tcp/80,udp/53 -o html >"$tmp/files.html"
data() # PAGE: reasons of every verdict, written out
{
	sed -n 's/.*id="data">\(.*\)<\/script>.*/\1/p' "$1" | jq -c '. as $d |
		def why: if . < 0 then null else $d.head.whys[.] end;
		$d.rows | map(map([range(0; length; 2) as $i | .[$i] as $c | range(.[$i + 1]) |
			$d.cells[$c] | map(why)]))'
}
is "$(data "$tmp/kernel.html" | wc -c | awk '{ print ($1 > 1000) }')" 1 "a page has reasons"
is "$(data "$tmp/kernel.html" | md5sum)" "$(data "$tmp/files.html" | md5sum)" \
	"the kernel's reasons are those of the files"

# What differs is listed, with the reason.
jq '.allowed["TCP/80"][0] = "000000"' "$tmp/files" >"$tmp/wrong.json"
netpolctl matrix --kernel --family 6 --expect "$tmp/wrong.json" >"$tmp/out"
is "$?" 1 "a difference: exit status 1"
check "and it is named" grep -q '^TCP/80 namespace-a/api -> namespace-a/api: allowed, expected denied' "$tmp/out"

# Pods of another node: what is denied here is denied, the rest is not known.
load "$examples/cluster.yaml" "$examples/default-deny.yaml"
netpolctl apply --replace --local none -f "$examples/cluster.yaml" \
	-f "$examples/default-deny.yaml" >/dev/null 2>&1 || bail "apply --local none"
netpolctl matrix --kernel --ports tcp/80 -o json >"$tmp/remote"
is "$(jq -c '[.allowed["TCP/80"][0], .allowed["TCP/80"][5]]' "$tmp/remote")" \
	'["1?????","?????1"]' "no local pod: nothing is known but a pod to itself"
check "and the table says so" grep -q 'judged in part by another node' \
	<(netpolctl matrix --kernel --ports tcp/80)

netpolctl flush --yes >/dev/null || bail flush
netpolctl matrix --kernel --ports tcp/80 2>"$tmp/err"
is "$?" 3 "no pod is loaded: exit status 3"
check "and says what is missing" grep -q 'there are no pods' "$tmp/err"
modprobe -r netpol || bail "modprobe -r netpol"
netpolctl matrix --kernel --ports tcp/80 2>"$tmp/err"
is "$?" 4 "no module: exit status 4"
setpriv --bounding-set=-all --inh-caps=-all netpolctl matrix -f "$examples" --ports tcp/80 \
	>/dev/null
is "$?" 0 "files need neither module nor privileges"
finish
