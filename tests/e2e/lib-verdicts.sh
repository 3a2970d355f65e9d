# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2016
#
# What diff, exposure and graph say of the kernel, in the form of what EVAL says by matrix, so that
# they can be compared. Sourced after lib.sh by tests that set $ports, a list as of --ports.

# jq: does a range of ports, as JSON has them, hold "TCP/80" or "ICMP/0"?
verdicts_jq='def covers($port): ($port | split("/")) as [$protocol, $number] |
	if $protocol == "ICMP" then .protocol == "other" or .protocol == "1"
	else .protocol == $protocol and .first <= ($number | tonumber) and
		($number | tonumber) <= .last end;'

# verdicts FILE: the kernel's verdict of every pair, by EVAL
verdicts()
{
	netpolctl matrix --kernel --ports "$ports" -o json >"$1" || bail matrix
}

# asked FILE: the ports of verdicts, as JSON
asked() { jq -c '.allowed | keys' "$1"; }

# passing FILE: what verdicts allow, as "PORT SOURCE DESTINATION"
passing()
{
	jq -r '.pods as $pods | .allowed | to_entries[] | .key as $port | .value | to_entries[] |
		.key as $s | .value | split("") | to_entries[] |
		select(.value == "1" and .key != $s) | "\($port) \($pods[$s]) \($pods[.key])"' "$1" | sort
}

# flips BEFORE AFTER: verdicts that differ, as "PORT SOURCE DESTINATION WAS IS"
flips()
{
	jq -rn --slurpfile a "$1" --slurpfile b "$2" '$a[0].pods as $pods | $a[0].allowed | keys[] as $p |
		range($pods | length) as $s | range($pods | length) as $d |
		[$a[0].allowed[$p][$s][$d:$d + 1], $b[0].allowed[$p][$s][$d:$d + 1]] |
		select(.[0] != .[1]) | "\($p) \($pods[$s]) \($pods[$d]) \(.[0]) \(.[1])"' | sort
}

# told JSON FILE: the same out of a diff, on the ports of verdicts
told()
{
	jq -r --argjson asked "$(asked "$2")" "$verdicts_jq"'
		(if .diff then .diff else . end) | .connectivity |
		(.groups | map({(.name): .pods}) | add) as $g | .changes[] | . as $c |
		select(.pods != "outside") | select(.families | index(4)) | $asked[] as $port |
		select(any(.ports[]; covers($port))) | $g[$c.source][] as $s | $g[$c.destination][] as $d |
		select($s != $d) | "\($port) \($s) \($d) \(if $c.was == "allowed" then 1 else 0
			end) \(if $c.is == "allowed" then 1 else 0 end)"' "$1" | sort
}

# exposed JSON FILE DIRECTION: what exposure says passes, in the form of passing
exposed()
{
	jq -r --argjson asked "$(asked "$2")" --arg direction "$3" "$verdicts_jq"'
		.workloads[] | "\(.namespace)/\(.name)" as $subject | .[$direction] |
		.otherNamespaces[], .ownNamespace[] | $asked[] as $port |
		select(any(.connections[]; .family != 6 and any(.ports[]; covers($port)))) |
		.workloads[] | select(. != $subject) |
		"\($port) " + if $direction == "ingress" then "\(.) \($subject)" else "\($subject) \(.)" end
		' "$1" | sort
}

# drawn HTML FILE: what the page of graph draws, in the form of passing
drawn()
{
	sed -n 's/^<script type="application\/json" id="data">\(.*}\).*/\1/p' "$1" |
		jq -r --argjson asked "$(asked "$2")" "$verdicts_jq"'
		(.workloads | map("\(.namespace)/\(.name)")) as $w | .labels as $labels |
		.arrows[] | . as $arrow | $asked[] as $port |
		select(any($labels[$arrow.label].ports[]; covers($port))) |
		$arrow.from[] as $s | $arrow.to[] as $d | select($s != $d) |
		"\($port) \($w[$s]) \($w[$d])"' | sort
}
