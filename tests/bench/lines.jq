# SPDX-License-Identifier: GPL-2.0-or-later
#
# jq -n --slurpfile rows ROWS --rawfile touched FILE -f lines.jq: rows about the memory that
# packets touch. FILE is what tests/bench/lines.c wrote: a line of text for each packet, in the
# order of ROWS, with the numbers of the lines of 64 bytes. A line belongs to the peer or the rule
# if not every packet of the same kind to or from the same pod touches it.

# How many pods take turns, SUBJECTS of insn.c.
def subjects: 4;

# Of packets, each a list of lines: how many lines of each are not in all of them.
def of_the_peer:
	length as $n
	| (reduce add[] as $line ({}; .[$line] += 1)) as $packets
	| map(map(select($packets[.] < $n)) | length);

def row($name; $row; $counts):
	{name: $name, params: $row.params, value: ($counts | add / length * 10 | round / 10),
	 unit: "lines", min: ($counts | min), max: ($counts | max), peers: $row.peers};

($touched | rtrimstr("\n") | split("\n") | map(split(" ") | map(select(. != "")))) as $packets
| if ($packets | length) != ($rows | map(.peers) | add) then
	error("\($packets | length) packets, which are not those of the rows")
  else . end
| foreach $rows[] as $row ({at: 0}; .packets = $packets[.at:.at + $row.peers] | .at += $row.peers;
	if $row.params.kind | test("^(by any policy|new|established, reply|untracked, |CIDR, new, )")
	then
		.packets as $here
		| row("lines"; $row; $here | map(length)),
		  row("lines of the peer or rule"; $row; [range(subjects) as $subject
			| $here | to_entries | map(select(.key % subjects == $subject) | .value)
			| select(length > 1) | of_the_peer[]] | select(length > 0))
	else empty end)
