#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two programs that people measure kernels with read netpol's tracepoints: perf, and bpftrace, as
# docs/abi.md shows it.
#netpol-test: program=perf,bpftrace
#netpol-test: mem=2048
#netpol-test: file=docs/abi.md
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
node_make n1 10.244.0.1 fd00:244::1
pod_make n1 a/client 10.244.1.10 fd00:244:1::10
pod_make n1 b/server 10.244.2.10 fd00:244:2::10
serve_on b/server -- udp/53 tcp/81
control=n1,10.244.1.10,80
serve_on a/client -- tcp/80
{
	ns_yaml a
	ns_yaml b
	pods_yaml a/client b/server
	cat <<-X
		---
		apiVersion: networking.k8s.io/v1
		kind: NetworkPolicy
		metadata: {name: some, namespace: b}
		spec: {podSelector: {}, ingress: [{ports: [{port: 53, protocol: UDP}]}]}
	X
} | apply
traffic()
{
	expect <<-X
		yes a/client udp b/server 53 allowed, $1
		no a/client tcp b/server 81 denied, $1
	X
	ns_yaml a team="$1" | apply
}

# perf: from before the first packet to behind the last one
mkfifo "$tmp/begun" "$tmp/over"
perf record -q -a -e netpol:netpol_packet -e netpol:netpol_commit -o "$tmp/perf.data" -- \
	sh -c "echo >$tmp/begun; read -r line <$tmp/over" >"$tmp/perf.out" 2>&1 &
recorder=$!
read -r _ <"$tmp/begun"
traffic perf
echo >"$tmp/over"
wait "$recorder"
is "$?" 0 "perf records"
perf script -i "$tmp/perf.data" >"$tmp/script" 2>"$tmp/perf.out" || note "$(cat "$tmp/perf.out")"
packets=$(grep -c 'netpol:netpol_packet:.*verdict=2 direction=0 reason=4 .*:81$' "$tmp/script")
is "$((packets >= 2))" 1 "perf has the denied packets, with their port"
is "$(grep 'netpol:netpol_packet:' "$tmp/script" | grep -vc ':81$')" 0 "and none that was allowed"
is "$(grep -c 'netpol:netpol_commit:.*generation=[1-9][0-9]* error=0 nanoseconds=[1-9]' "$tmp/script")" 1 \
	"perf has the commit"

# bpftrace: the program that docs/abi.md shows, which says when it is ready
sed -n '/^bpftrace -e/,/^```/p' /tests/abi.md | sed '$d; 1s/^/exec /' >"$tmp/program"
check "the page has a program" grep -q tracepoint:netpol:netpol_packet "$tmp/program"
bash "$tmp/program" >"$tmp/counts" 2>&1 &
tracer=$!
pids+=("$tracer")

eventually 120 grep -q '^ready' "$tmp/counts" || bail "bpftrace: $(cat "$tmp/counts")"
traffic bpftrace
kill "$tracer"
wait "$tracer"
check "bpftrace counts denials by port" grep -Eq '^@denied\[81\]: ([2-9]|[1-9][0-9]+)$' "$tmp/counts"
is "$(grep -c '^@denied' "$tmp/counts")" 1 "and nothing that was allowed"
check "and commits" grep -qx '@commits: 1' "$tmp/counts"
finish
