# SPDX-License-Identifier: GPL-2.0-or-later
#
# build/bench/packets.json as text.

def pad($n): tostring | if length < $n then . + " " * ($n - length) else . end;
def left($n): tostring | if length < $n then " " * ($n - length) + . else . end;
def spread: "\(.value) (\(.params.low) to \(.params.high))";
def order: {"bare":0,"empty":1,"netpol":2,"kube-router":3,"calico":4,"vmap":5,"interval":6,"expanded":7,"cilium":8}[.] // 9;

. as $rows |
"Nanoseconds of processor time a packet, median (quartiles) of \([.[].params.rounds // 0] | max) interleaved rounds in one boot.",
"bare: a forward without conntrack; empty: conntrack and an empty hook. UML has no JIT: cilium is interpreted.",
(map(select(.name == "packet")) | group_by([.params.policies, .params.pods, .params.workload])[] |
 .[0].params as $p | "",
 "\($p.workload), \($p.policies) policies on the pod, \($p.pods) pods",
 (sort_by(.params.alternative | order)[] | .params.alternative as $a |
  ($rows | map(select(.params.policies == $p.policies and .params.pods == $p.pods and
		      .params.workload == $p.workload and .params.alternative == $a))) as $mine |
  "  " + ($a | pad(12)) + (spread | pad(34)) +
  ([$mine[] | select(.unit == "ratio") | "\(.name): \(spread)" +
    if .holds then "" else ", MISSED (\(.target))" end] | join("; ")))),
"",
(map(select(.name | startswith("established, re-judged"))) | .[] |
 "\(.name), \(.params.workload), \(.params.policies) policies, \(.params.pods) pods: \(spread) %, \(if .holds then "holds" else "MISSED" end) (<= 10)"),
(map(select(.name | startswith("program alone"))) | .[] |
 "\(.params.alternative): \(.params.workload), \(.params.packet), \(.params.policies) policies, \(.params.pods) pods: \(.value) ns over an empty program")
