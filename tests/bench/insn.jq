# SPDX-License-Identifier: GPL-2.0-or-later
#
# jq -s --slurpfile accepted FILE -f insn.jq LINES: rows with their targets, and how even
# they are. A row's value is the mean over its peers; what is held against the accepted
# figures is the smallest, which does not depend on who shares a bucket with whom.

# What a row is called among the accepted figures.
def key: [.name, (.params |
	if .shape then [.kind, .shape]
	else [.kernel, .kind, .family, .policies, .cluster, .pods, .cidrs, .ports, .locals,
		.addresses, .guards] + (if .admins then [.admins, .passes] else [] end) end |
		map(tostring))[]] | join("/");

# What packets are to cost at most. Cluster-wide policies on the pod may add a quarter.
def target:
	if .params.admins then (.params |= del(.admins) | target | if . then . * 1.25 else null end)
	elif .name == "lines" then 12
	elif .name == "lines of the peer or rule" then 4
	elif .unit != "instructions" or .name != "packet" then .target
	elif .params.kind | startswith("between") then null
	elif .params.kind | startswith("CIDR") then 350
	elif .params.kind | test("ICMP|SCTP") then 400
	elif .params.kind | startswith("untracked") then 350
	elif .params.cidrs > 0 or (.params.kind | test("outside|to the node")) then null
	elif .params.family == "v4" then 240
	else 300 end;

# Lines of the peer or rule that do not depend on which of few rules share a line by chance.
def steady:
	.name != "lines of the peer or rule" or
	(.params.policies >= 100 and (.params.kind | startswith("by any policy")));

# What chance may add to the smallest value of a row. An address in its second bucket costs more
# instructions and another line (docs/performance.md). Of many peers one is in its first bucket;
# a row of few may have none. Where an allocation begins in a line is chance in every row.
def chance:
	if .peers == null or .peers >= 8 then (if .unit == "lines" then 1 else 0 end)
	elif .unit == "lines" then 3
	else 100 end;

# Rows that differ in policies and pods alone, by kind and family.
def even:
	map(select(.name == "packet" and .params.cidrs == 0 and .params.ports == 1 and
		.params.locals == 30 and .params.addresses == "dense" and
		(.params.guards | not)))
	| group_by([.params.kernel, .params.kind, .params.family, (.params.admins != null),
		.params.passes])
	| map({name: "packet, largest over smallest",
		params: (.[0].params | {kernel, kind, family} + if .admins then {passes} else {} end),
		value: (([.[].value] | max) / ([.[].value] | min) * 1000 | round / 1000),
		unit: "ratio", target: 1.1});

. as $rows
| ($rows | map(. + {target: target})) + ($rows | even)
| map(. + {key: key} | . + {accepted: $accepted[0][.key]}
	| .missed = (.target != null and .value > .target)
	| .slower = (.accepted != null and steady and .min > .accepted * 1.02 + chance))
