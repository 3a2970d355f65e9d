#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl exposure and graph of what the module has loaded: the same as of the files that were
# loaded and of a snapshot, in agreement with EVAL, and pods that another node judges.
#netpol-test: timeout=300
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib-verdicts.sh
. "$(dirname "$0")/lib-verdicts.sh"
ports=tcp/80,tcp/8005,udp/53,icmp
examples=/tests/examples
files=(-f "$examples/cluster.yaml" -f "$examples/port-range.yaml" -f "$examples/ipblock-except.yaml"
	-f "$examples/dns-only.yaml")

netpolctl apply --replace --local all "${files[@]}" >/dev/null 2>"$tmp/err" ||
	bail "apply: $(cat "$tmp/err")"
netpolctl exposure "${files[@]}" >"$tmp/files" || bail "exposure of files"
netpolctl exposure --kernel >"$tmp/kernel" || bail "exposure --kernel"
is "$(cat "$tmp/kernel")" "$(cat "$tmp/files")" "the kernel's state is that of the files"
netpolctl save "$tmp/snapshot" || bail save
netpolctl exposure -f "$tmp/snapshot" >"$tmp/saved" || bail "exposure of a snapshot"
is "$(cat "$tmp/saved")" "$(cat "$tmp/files")" "and so is that of a snapshot"
netpolctl graph "${files[@]}" -o dot >"$tmp/files.dot" || bail "graph of files"
netpolctl graph --kernel -o dot >"$tmp/kernel.dot" || bail "graph --kernel"
is "$(cat "$tmp/kernel.dot")" "$(cat "$tmp/files.dot")" "so is the drawing"

# Who reaches whom, by EVAL, by exposure from both ends and by the drawing.
verdicts "$tmp/now"
passing "$tmp/now" >"$tmp/want"
check "some pods reach some" [ -s "$tmp/want" ]
netpolctl exposure --kernel -o json >"$tmp/json" || bail "exposure -o json"
for way in ingress egress; do
	is "$(exposed "$tmp/json" "$tmp/now" $way)" "$(cat "$tmp/want")" "exposure, $way, is what EVAL says"
done
netpolctl graph --kernel -o html >"$tmp/html" || bail "graph -o html"
is "$(drawn "$tmp/html" "$tmp/now")" "$(cat "$tmp/want")" "so is the page of graph"

# Pods of another node are other ends only.
netpolctl apply --replace --local none "${files[@]}" >/dev/null 2>&1 || bail "--local none"
netpolctl exposure namespace-a/web --kernel 2>"$tmp/err"
is "$?" 3 "a pod of another node is not written"
check "and that is said" grep -q '"namespace-a/web" has no pod on this node' "$tmp/err"
netpolctl exposure --kernel >"$tmp/out" 2>"$tmp/err"
check "there is nothing to write" grep -qx '0 workloads' "$tmp/out"
check "and a note says why" grep -q 'pods of other nodes are other ends only' "$tmp/err"

netpolctl flush --yes >/dev/null || bail flush
netpolctl exposure --kernel 2>"$tmp/err"
is "$?" 3 "nothing is loaded: exit status 3"
modprobe -r netpol || bail "modprobe -r netpol"
netpolctl exposure --kernel 2>"$tmp/err"
is "$?" 4 "no module: exit status 4"
finish
