#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/design.md, "The parts" (eval runs the code that judges packets): `netpolctl
# eval` and a real connection agree for every pair, port and sample: each sample policy, then all of them at once; every source and destination,
# nine ports, both families. What is expected is written down a third time, below.
#netpol-test: timeout=400
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
examples=/tests/examples
ports="tcp/53 tcp/80 tcp/7999 tcp/8000 tcp/8010 tcp/8011 tcp/8080 udp/53 udp/80"

# The sentence at the head of each sample, as a program.
# shellcheck disable=SC2016
oracle='
function ns(end) { sub("/.*", "", end); return end }
function in_(end, x) { return ns(end) == "namespace-" x }
function want(src, dst, port, family,    p) {
	p = port
	sub(".*/", "", p)
	if (sample == "network-policy-namespace-a")
		return !in_(dst, "a")
	if (sample == "np-allow-ns-a")
		return !(in_(dst, "a") && !in_(src, "b")) && !(in_(src, "a") && !in_(dst, "b"))
	if (sample == "isolate-namespace")
		return !in_(dst, "a") || in_(src, "a")
	if (sample == "default-deny")
		return !in_(dst, "b") && !in_(src, "b")
	if (sample == "dns-only")
		return !in_(src, "c") || p == 53
	if (sample == "ipblock-except")
		return dst != "namespace-a/web" || (src == "outside-10" && family == 4)
	if (sample == "named-port")
		return !in_(dst, "b") || port == (dst ~ /web/ ? "tcp/80" : "tcp/8080")
	if (sample == "port-range")
		return dst != "namespace-c/web" || (port ~ /tcp/ && p >= 8000 && p <= 8010)
	if (sample == "dual-stack")
		return dst != "namespace-b/web" || in_(src, family == 4 ? "a" : "c")
	return 1
}
{
	split($1, q, "|")
	if (($2 == "yes") != want(q[1], q[2], q[3], q[4]))
		print $0
}'

node_make - 10.244.0.1 fd00:244::1
cluster_make - $examples/cluster.yaml
apply $examples/cluster.yaml

for src in $pods outside-10 outside-200; do
	for dst in $pods outside-10; do
		[ "$src" != "$dst" ] || continue
		[ "$src" = "${src#outside}" ] || [ "$dst" = "${dst#outside}" ] || continue
		for port in $ports; do
			for f in 4 6; do
				to=end_v$f"[$dst]" a=$src b=$dst
				[ "$src" = "${src#outside}" ] || { a=end_v$f"[$src]"; a=${!a}; }
				[ "$dst" = "${dst#outside}" ] || b=${!to}
				k="$src|$dst|$port|$f"
				echo "$k ${end_netns[$src]} ${port%/*} - ${!to} ${port#*/}" >&3
				echo "$k $a $b ${port%/*} ${port#*/} $f" >&4
			done
		done
	done
done 3>"$tmp/list" 4>"$tmp/questions"
note "$(wc -l <"$tmp/list") connections for each sample"

# compare NAME: what holds now, by packets, by the kernel's answer and by the oracle
compare()
{
	local k line src dst port f rc n=0
	batch <"$tmp/list" >"$tmp/real" || exit 99
	verdict <"$tmp/questions" >"$tmp/eval" || bail "verdict"
	is "$(paste -d' ' "$tmp/real" "$tmp/eval" | awk '$2 != $4 { print $1, "real", $2, "eval", $4 }' |
		head -n 20)" "" "$1: real connections and eval agree ($(grep -c ' no$' "$tmp/real") denied)"
	[ "$1" = all ] ||
		is "$(awk -v sample="$1" "$oracle" "$tmp/real" | head -n 20)" "" \
			"$1: and it is what the sample says"
	# The same question by the command itself, now and then.
	while read -r k line; do
		IFS='|' read -r src dst port f <<<"$k"
		read -r src dst _ < <(grep -F "$k " "$tmp/questions" | cut -d' ' -f2-)
		netpolctl eval "$src" "$dst" -p "$port" --family "$f" >/dev/null
		rc=$?
		[ "$rc" = "$([ "$line" = yes ] && echo 0 || echo 1)" ] ||
			note "netpolctl eval $src $dst -p $port --family $f: $rc, not $line"
		[ "$rc" = "$([ "$line" = yes ] && echo 0 || echo 1)" ] && n=$((n + 1))
	done < <(awk 'NR % 293 == 0' "$tmp/eval")
	is "$n" "$(awk 'NR % 293 == 0' "$tmp/eval" | wc -l)" "$1: netpolctl eval says the same"
}

compare none
for file in "$examples"/*.yaml; do
	name=$(basename "$file" .yaml)
	[ "$name" != cluster ] || continue
	apply "$file"
	compare "$name"
	netpol delete -f "$file"
done
for file in "$examples"/*.yaml; do
	apply "$file"
done
compare all
finish
