# SPDX-License-Identifier: GPL-2.0-or-later
#
# $raw (of guest.sh) and $host (of host_program) to rows {name, params, value, unit, target};
# params.low and params.high are quartiles, holds tells whether a target is met. Pairs are of
# the same round, in which all take turns. A round is the median of its chunks; 96 packets of each are timed.

def quantile($q): sort | ((length - 1) * $q) as $at | .[$at | floor] * (1 - ($at - ($at | floor)))
	+ .[$at | ceil] * ($at - ($at | floor));
def round2: . * 100 | round / 100;
def size: capture("^p(?<policies>[0-9]+)-n(?<pods>[0-9]+)$") | map_values(tonumber);
def row($name; $params; $unit; $target; holds):
	(quantile(0.5) | round2) as $value |
	{ name: $name, params: ($params + { low: (quantile(0.25) | round2),
					    high: (quantile(0.75) | round2) }),
	  value: $value, unit: $unit, target: $target } +
	if $target == null then {} else { holds: ($value | holds) } end;

[ $raw | splits("\n") | select(length > 0) | split(" ") |
  { model: .[0], alternative: .[1], workload: .[2], round: .[3], ns: ((.[4] | tonumber) / 96) } ] |
[ group_by([.model, .workload])[] |
  ((.[0].model | size) + { workload: .[0].workload }) as $params |
  (group_by(.alternative) | map({ key: .[0].alternative, value: map({ key: .round, value: .ns }) | from_entries })
   | from_entries) as $of |
  ($of.empty | keys_unsorted) as $rounds |
  ($params.workload == "denied") as $denied |
  ($of | keys_unsorted[]) as $a |
  ($params + { alternative: $a, rounds: ($rounds | length) }) as $p |
  ($rounds | map($of[$a][.]) | row("packet"; $p; "ns"; null; true)),
  (select($denied | not) | $rounds | map($of[$a][.] - $of.bare[.]) |
   row("packet, over a bare forward"; $p; "ns"; null; true)),
  (select(($denied | not) and $a != "bare" and $a != "empty" and $a != "cilium") |
   $rounds | map($of[$a][.] - $of.empty[.]) |
   row("packet, over conntrack and an empty hook"; $p; "ns"; null; true)),
  # the targets
  (select($a == "netpol" and ($params.workload | startswith("established"))) |
   $rounds | map(100 * ($of.netpol[.] - $of.empty[.]) / $of.bare[.]) |
   row("established, re-judged: share of a bare forward"; $p; "%"; 10; . <= 10)),
  (select($a | IN("bare", "empty", "netpol") | not) |
   $rounds | map($of[$a][.] / $of.netpol[.]) |
   row("whole packet, times netpol"; $p; "ratio"; 1; . >= 1)),
  (select(($params.workload | startswith("new")) and ($a | IN("bare", "empty", "netpol", "cilium") | not)) |
   (if ($a | IN("kube-router", "calico", "vmap")) and $params.policies >= 100 then 20 else 1 end) as $t |
   $rounds | map(($of[$a][.] - $of.empty[.]) / ([$of.netpol[.] - $of.empty[.], 1] | max)) |
   row("policy alone, times netpol"; $p; "ratio"; $t; . >= $t)),
  (select(($params.workload | startswith("new")) and $a == "cilium") |
   $rounds | map(($of.cilium[.] - $of.bare[.]) / ([$of.netpol[.] - $of.bare[.], 1] | max)) |
   row("policy and connections, times netpol"; $p; "ratio"; 1; . >= 1))
] + [ $host | splits("\n") | select(length > 0) | split(" ") | select(length == 6) |
  ((.[0] | size) + { workload: .[1], alternative: "cilium, host's kernel with JIT" }) as $p |
  { name: "program alone, over an empty one, by BPF_PROG_TEST_RUN", params: ($p + { packet: "first of its flow, cold" }),
    value: ((.[4] | tonumber) - (.[3] | tonumber) | round2), unit: "ns", target: null },
  { name: "program alone, over an empty one, by BPF_PROG_TEST_RUN", params: ($p + { packet: "repeated, hot" }),
    value: ((.[5] | tonumber) - (.[2] | tonumber) | round2), unit: "ns", target: null } ]
