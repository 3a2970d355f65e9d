# SPDX-License-Identifier: GPL-2.0-or-later
#
# awk -f tap.awk -v rc=STATUS LOG: counts a TAP stream. Prints "PASSED FAILED
# SKIPPED" and then, one a line, what is wrong. A test that the plan has and
# the output hasn't failed; so did a stream without a plan, a "Bail out!", and
# an exit status that doesn't fit.

{ sub(/\r$/, "") }

/^1\.\.[0-9]+/ {
	if (plan == "") {
		plan = substr($1, 4) + 0
		if (plan == 0 && toupper($0) ~ /# *SKIP/)
			whole = 1
	}
	next
}

/^Bail out!/ { why[++wrong] = $0; failed++; bail = 1; next }

/^(not )?ok([ \t]|$)/ {
	seen++
	up = toupper($0)
	if (up ~ /# *SKIP/) {
		skipped++
	} else if (up ~ /# *XPASS/) {
		# Also what the harness makes of a test that exits with 3.
		failed++
		why[++wrong] = $0
	} else if ($1 == "ok" || up ~ /# *XFAIL/ || up ~ /# *TODO/) {
		passed++
	} else {
		failed++
		why[++wrong] = $0
	}
}

END {
	if (plan == "" && !bail) {
		failed++
		why[++wrong] = "no TAP plan (exit status " rc ")"
	} else if (seen < plan) {
		failed += plan - seen
		why[++wrong] = (plan - seen) " of " plan " tests gave no result"
	} else if (plan != "" && seen > plan) {
		failed++
		why[++wrong] = seen " results for a plan of " plan
	}
	if (whole && !seen)
		skipped++
	# 4 is the kselftest status for "skipped".
	if (rc != 0 && !failed && !(rc == 4 && skipped)) {
		failed++
		why[++wrong] = "exit status " rc " although no test failed"
	}
	if (rc == 0 && failed && !bail && plan != "" && seen >= plan)
		why[++wrong] = "exit status 0 although a test failed"
	printf "%d %d %d\n", passed, failed, skipped
	for (i = 1; i <= wrong; i++)
		print why[i]
}
