#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make demo, inside the VM: three Kubernetes namespaces of pods (network namespaces behind
# veth pairs) on one node, the module, and each sample policy: who reaches whom before and
# after, by real connections, held against what the module answers to `netpolctl eval`.
# Any difference is an error. Then live connections that policies cut, with times.
#
# Also a test of make check, which wants a TAP line at the end.
# Proves docs/design.md, "A packet": live connections end at their next packet, and what
# `netpolctl eval` answers is what a real connection meets.
#netpol-test: no-module modules=br_netfilter timeout=300
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$here/lib.sh"
examples=/examples
[ -d $examples ] || examples=/tests/examples
problems=0
began=$SECONDS

title() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
say() { printf '%s\n' "$*"; }
problem()
{
	printf '\033[31mERROR: %s\033[0m\n' "$*"
	problems=$((problems + 1))
}
# What a person would type; shows it and its output.
run()
{
	printf '$ %s\n' "$*"
	"$@" 2>&1 | sed 's/^/  /'
	return "${PIPESTATUS[0]}"
}
must() { run "$@" || { problem "$1 failed"; bail "$*"; }; }

# ask ROWS COLUMNS PORTS: real connections into $tmp/real, verdicts into $tmp/eval;
# one line "SOURCE|DESTINATION|PROTO/PORT|FAMILY yes|no" each
ask()
{
	local src dst port f v s d
	: >"$tmp/batch"
	: >"$tmp/questions"
	for src in $1; do
		for dst in $2; do
			[ "$src" != "$dst" ] || continue
			for port in $3; do
				for f in 4 6; do
					v=end_v$f"[$dst]" s=$src d=$dst
					# A machine outside is known by its address.
					[ "${src#*/}" != "$src" ] || { s=end_v$f"[$src]"; s=${!s}; }
					[ "${dst#*/}" != "$dst" ] || d=${!v}
					echo "$src|$dst|$port|$f ${end_netns[$src]} ${port%/*} - ${!v} ${port#*/}" \
						>>"$tmp/batch"
					echo "$src|$dst|$port|$f $s $d ${port%/*} ${port#*/} $f" \
						>>"$tmp/questions"
				done
			done
		done
	done
	batch <"$tmp/batch" >"$tmp/real" || exit 99
	verdict <"$tmp/questions" >"$tmp/eval" || bail "verdict"
	if ! cmp -s "$tmp/real" "$tmp/eval"; then
		problem "real connections and eval differ (source|destination|port|family real eval):"
		paste -d' ' "$tmp/real" "$tmp/eval" | awk '$2 != $4 { print "  " $1, $2, $4 }' | head -n 20
	fi
}

count_yes() { grep -c ' yes$' "$tmp/real"; }

# Rows: sources; columns: destination and port.
matrix()
{
	awk -v rows="$1" -v columns="$2" -v ports="$3" '
	{ answer[$1] = $2 }
	# One line of the head: part i of "namespace/pod", or the ports.
	function head(text, i,    c, p, part, last, line) {
		line = sprintf("  %-" label "s ", text)
		for (c = 1; c <= nc; c++) {
			split(column[c], part, "/")
			if (i < 3)
				line = line sprintf(" | %-" (width * np - 1) "s",
					i == 1 && part[1] == last ? "" : part[i])
			else
				for (p = 1; p <= np; p++)
					line = line sprintf("%s%-" (width - (p == np)) "s",
						p == 1 ? " | " : "", port[p])
			last = part[1]
		}
		sub(/ *$/, "", line)
		print line
	}
	END {
		nr = split(rows, row, " "); nc = split(columns, column, " ")
		np = split(ports, port, " ")
		for (i = 1; i <= nr; i++)
			if (length(row[i]) > label)
				label = length(row[i])
		for (p = 1; p <= np; p++)
			if (length(port[p]) + 1 > width)
				width = length(port[p]) + 1
		if (width < 8 && nc < 4)
			width = 8
		head("", 1)
		head("from \\ to", 2)
		head("", 3)
		for (i = 1; i <= nr; i++) {
			line = sprintf("  %-" label "s ", row[i])
			for (c = 1; c <= nc; c++)
				for (p = 1; p <= np; p++) {
					k = row[i] "|" column[c] "|" port[p] "|"
					a = answer[k 4] == "yes"; b = answer[k 6] == "yes"
					cell = a ? (b ? "ok" : "v4 only") : (b ? "v6 only" : "-")
					if (row[i] == column[c])
						cell = ""
					line = line sprintf("%s%-" (width - (p == np)) "s",
						p == 1 ? " | " : "", cell)
				}
			sub(/ *$/, "", line)
			print line
		}
	}' "$tmp/real"
}

# sample FILE COLUMNS PORTS [MORE-ROWS]
sample()
{
	local file=$examples/$1 rows="$pods ${4:-}" before line src dst port rc
	title "$1"
	sed -n '/^#$/q; s/^# //p' "$file"
	ask "$rows" "$2" "$3"
	before=$(count_yes)
	say "before: $before of $(wc -l <"$tmp/real") connections pass, as eval says"
	[ "$before" = "$(wc -l <"$tmp/real")" ] || problem "something is denied before the policy"
	must netpolctl apply -f "$file"
	ask "$rows" "$2" "$3"
	say "after:  $(count_yes) of $(wc -l <"$tmp/real") connections pass"
	matrix "$rows" "$2" "$3"
	line=$(grep ' no$' "$tmp/eval" | grep '|4 ' | head -n 1)
	IFS='|' read -r src dst port _ <<<"$line"
	[ "${src#*/}" != "$src" ] || src=${end_v4[$src]}
	[ "${dst#*/}" != "$dst" ] || dst=${end_v4[$dst]}
	run netpolctl eval "$src" "$dst" -p "$port"
	rc=$?
	[ $rc = 1 ] || problem "netpolctl eval says $rc, not 1 (denied)"
	must netpolctl delete -f "$file"
}

# times PHASE: what hold said of one phase, for a person
times()
{
	awk -v phase="$1" '$1 == phase {
		split($5, last, "="); split($6, first, "=")
		if ($3 == "out") {
			l = last[2]; f = first[2]; state = $4
			next
		}
		if (state != $4 || $4 ~ /^not-/)
			text = "NOT as it should be: " state " and " $4
		else if ($4 == "cut")
			text = "cut; last packet " l " us after the return, of the answers " last[2] " us"
		else if ($4 == "open")
			text = "flows again; first packet " f " us after the return, of the answers " \
				first[2] " us"
		else
			text = "flows on, nothing lost"
		printf "  %-17s %s\n", $2, text
	}' "$tmp/hold"
}

held()
{
	local rc=0
	hold -i 1000 "$tmp/live" "$@" >"$tmp/hold" 2>"$tmp/hold.err" || rc=$?
	[ $rc -lt 2 ] || { cat "$tmp/hold.err"; problem "hold: $rc"; bail "live connections"; }
	[ $rc = 0 ] || problem "a live connection did not do what the policy says"
}

title "A node with six pods in three Kubernetes namespaces"
node_make - 10.244.0.1 fd00:244::1
cluster_make - $examples/cluster.yaml
for name in $pods; do
	say "  $name: ${end_v4[$name]} ${end_v6[$name]}, behind ${end_dev[$name]}"
done
bridge_make - cni0 10.244.8.1/24 fd00:244:8::1/64
pod_make - namespace-b/left 10.244.8.10 fd00:244:8::10 cni0
pod_make - namespace-b/right 10.244.8.20 fd00:244:8::20 cni0
say "  and two more on the bridge cni0 (br_netfilter on), two machines outside"
title "The module, and what the cluster looks like"
uname -sr
modprobe br_netfilter || bail "no br_netfilter"
must modprobe netpol
must netpolctl apply -f $examples/cluster.yaml
must netpolctl get pods
all="tcp/80 udp/53"
ask "$pods" "$pods" "$all"
say "No policy: who reaches whom (ok: over IPv4 and IPv6)"
matrix "$pods" "$pods" "$all"

sample network-policy-namespace-a.yaml "$pods" "$all"
sample np-allow-ns-a.yaml "$pods" "$all"
sample isolate-namespace.yaml "$pods" "$all"
sample default-deny.yaml "$pods" "$all"
sample dns-only.yaml "namespace-a/web namespace-b/web namespace-c/web" "tcp/53 udp/53 tcp/80"
sample ipblock-except.yaml "namespace-a/web namespace-a/api" "$all" "outside-10 outside-200"
sample named-port.yaml "namespace-b/web namespace-b/api" "tcp/80 tcp/8080 udp/53"
sample port-range.yaml "namespace-c/web namespace-c/api" \
	"tcp/7999 tcp/8000 tcp/8005 tcp/8010 tcp/8011"
sample dual-stack.yaml "namespace-b/web namespace-b/api" "$all"
sample admin/isolate-tenant.yaml "$pods" "$all"
sample admin/forbid-metadata.yaml "namespace-a/web outside-10 outside-200" "tcp/80 udp/53"
sample admin/always-dns-and-monitoring.yaml "namespace-a/web namespace-c/api" "tcp/8080 udp/53"
sample admin/private-networks.yaml "namespace-a/web outside-10 outside-200" "tcp/80 udp/53"
sample admin/quarantine.yaml "$pods outside-10" "tcp/80 udp/53"
sample admin/baseline-deny.yaml "$pods" "$all" "outside-10"

title "What was enforced"
run netpolctl status

title "Connections that were open before the very first policy"
must netpolctl flush --yes
{
	echo "routed-tcp-v4 tcp namespace-a.web namespace-b.web ${end_v4[namespace-b/web]} 9000"
	echo "routed-tcp-v6 tcp namespace-a.web namespace-b.web ${end_v6[namespace-b/web]} 9000"
	echo "routed-udp-v4 udp namespace-a.web namespace-b.web ${end_v4[namespace-b/web]} 9000"
	echo "bridged-tcp-v4 tcp namespace-b.left namespace-b.right ${end_v4[namespace-b/right]} 9000"
	echo "bridged-udp-v6 udp namespace-b.left namespace-b.right ${end_v6[namespace-b/right]} 9000"
	echo "elsewhere-tcp-v4 tcp namespace-a.api namespace-c.web ${end_v4[namespace-c/web]} 9000"
} >"$tmp/live"
# The node has to have seen the pods on the bridge, to know their ports.
batch >/dev/null <<X
a - icmp - 10.244.8.10 0
b - icmp - 10.244.8.20 0
c - icmp - fd00:244:8::10 0
d - icmp - fd00:244:8::20 0
X
{
	cat $examples/cluster.yaml
	pods_yaml namespace-b/left namespace-b/right
} >"$tmp/cluster.yaml"
held steady "netpolctl apply -f $tmp/cluster.yaml" \
	"elsewhere-tcp-v4=steady,*=cut" "netpolctl apply -f $examples/default-deny.yaml"
say "With TCP the server talks first; both ends send a number every millisecond."
say "$ netpolctl apply -f cluster.yaml      (pods and namespaces, no policy)"
times 1
say "$ netpolctl apply -f default-deny.yaml (isolates namespace-b)"
times 2
must netpolctl delete -f $examples/default-deny.yaml

title "A namespace is relabelled under a live connection"
must netpolctl apply -f $examples/np-allow-ns-a.yaml
ns_yaml namespace-b ns-policy=other >"$tmp/relabel.yaml"
ns_yaml namespace-b ns-policy=namespace-b >"$tmp/label.yaml"
{
	echo "b-to-a-tcp-v4 tcp namespace-b.web namespace-a.web ${end_v4[namespace-a/web]} 9001"
	echo "b-to-a-tcp-v6 tcp namespace-b.web namespace-a.web ${end_v6[namespace-a/web]} 9001"
	echo "b-to-a-udp-v4 udp namespace-b.web namespace-a.web ${end_v4[namespace-a/web]} 9001"
} >"$tmp/live"
held cut "netpolctl apply -f $tmp/relabel.yaml" open "netpolctl apply -f $tmp/label.yaml"
say "$ netpolctl apply -f namespace-b.yaml  (ns-policy: other, no longer namespace-b)"
times 1
say "$ netpolctl apply -f namespace-b.yaml  (ns-policy: namespace-b again; TCP waits for its timer)"
times 2

title "At the end"
must netpolctl flush --yes
must modprobe -r netpol
if [ "$problems" = 0 ]; then
	say "The demo took $((SECONDS - began)) s; no real connection differed from its verdict."
else
	say "The demo found $problems problems."
fi
if [ -n "${NETPOL_KERNEL:-}" ]; then
	is "$problems" 0 "every step of the demo"
	finish
fi
[ "$problems" = 0 ]
