# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Counting, for the scripts behind make check. Results are lines of the file
# build/results/PART.list, "passed|failed|skipped COUNT NAME", so that several
# processes can add to it at once.
#
#   begin PART; passed NAME [COUNT]; failed NAME [COUNT]; skipped NAME [COUNT]
#   run_check NAME COMMAND...   one result: the command's status; its output
#                               is shown only when it fails
#   run_counted NAME COMMAND...  a program that says "...: N passed, N failed[, N
#                               skipped]" in one of its last lines
#   finish                      prints the sum; fails if anything failed

results=$PWD/build/results

begin()
{
	part=$1
	mkdir -p "$results"
	: >"$results/$part.list"
}

result()
{
	[ "$3" -gt 0 ] || return 0
	printf '%s %s %s\n' "$1" "$3" "$2" >>"$results/$part.list"
}

passed() { result passed "$1" "${2:-1}"; }
failed() { result failed "$1" "${2:-1}"; }
skipped() { result skipped "$1" "${2:-1}"; }

run_check()
{
	name=$1
	shift
	log=$results/$part.$(printf '%s' "$name" | tr -c 'A-Za-z0-9.\n' _).log
	if "$@" >"$log" 2>&1; then
		passed "$name"
		echo "ok      $name"
	else
		failed "$name"
		echo "FAILED  $name"
		sed 's/^/    /' "$log" | tail -n "${LOG_LINES:-60}"
	fi
}

run_counted()
{
	name=$1
	shift
	log=$results/$part.$name.log rc=0
	"$@" </dev/null >"$log" 2>&1 || rc=$?
	line=$(sed -n 's/^.*: \([0-9]* passed, [0-9]* failed.*\)$/\1/p' "$log" | tail -n 1)
	n_pass=$(printf '%s\n' "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p')
	n_fail=$(printf '%s\n' "$line" | sed -n 's/.* \([0-9]*\) failed.*/\1/p')
	n_skip=$(printf '%s\n' "$line" | sed -n 's/.* \([0-9]*\) skipped.*/\1/p')
	if [ -z "$line" ]; then
		n_fail=1 line="no result (exit status $rc)"
	elif [ "$rc" != 0 ] && [ "$n_fail" = 0 ]; then
		n_fail=1 line="$line, then exit status $rc"
	fi
	passed "$name" "${n_pass:-0}"
	failed "$name" "${n_fail:-0}"
	skipped "$name" "${n_skip:-0}"
	if [ "${n_fail:-0}" = 0 ]; then
		echo "ok      $name: $line"
	else
		echo "FAILED  $name: $line"
		sed 's/^/    /' "$log" | tail -n "${LOG_LINES:-60}"
	fi
}

# sums LIST...: "N passed, N failed, N skipped"
sums()
{
	cat "$@" | awk '{ n[$1] += $2 } END {
		printf "%d passed, %d failed, %d skipped\n",
			n["passed"], n["failed"], n["skipped"] }'
}

finish()
{
	echo "check-$part: $(sums "$results/$part.list")"
	! grep -q '^failed' "$results/$part.list"
}
