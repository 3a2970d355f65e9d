#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Random worlds of both kinds of policies, in the core under sanitizers against the naive
# evaluator, until at least so many verdicts were compared.
#
#   tests/truth/nightly.sh [VERDICTS] [SEED]
#
# The seed is that of the first history, and today's date if none is given, so that each night
# tries other worlds. Exits 1 after a mismatch, or where a tier, a Pass, an end that is not known, an audit
# that ends in one of the ways, or an observed policy that accepts was never met.
set -eu
cd "$(dirname "$0")/../.."

verdicts=${1:-10000000} seed=${2:-$(date +%Y%m%d)}
out=build/truth/nightly.log
rc=0
nice build/truth/worlds-asan -s "$seed" -n 10000000 -v "$verdicts" >"$out" 2>&1 || rc=$?
cat "$out"
[ "$rc" = 0 ] || exit 1
awk -v least="$verdicts" '
	function need(count, what) {
		if (count + 0 <= 0) {
			print "nightly: no " what
			bad = 1
		}
	}
	/ halves: / { need($3, "verdict of the Admin tier"); need($8, "verdict after a Pass");
		need($12, "verdict of NetworkPolicies"); need($15, "verdict of the Baseline tier");
		need($20, "end that is not known"); need($35, "observed policy that accepts"); lines++ }
	/^audits: / { need($2, "audit"); need($4, "audit that is ended by command");
		need($8, "audit that ends by time"); lines++ }
	/ verdicts compared, 0 mismatches$/ { if ($6 + 0 < least) need(0, "verdicts enough"); lines++ }
	END { if (lines != 3) { print "nightly: the counts are missing"; bad = 1 }; exit bad }' "$out"
