#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lib-session.sh PAGE [SED-SCRIPT]: runs the commands of a page and compares their output with what
# the page says. A command is a line that begins with "$ " between two lines of ```; what stands
# below it, up to the next one, is its output. All run in the working directory, one after the
# other. The script is for what differs each time, such as the time of day: it is applied to both
# sides. Ends with 1 where they differ, and prints how; with SESSION_WRITE, a file, it gets the page
# as it should be. tests/unit runs this on the host, tests/e2e in the VM.
set -u
page=$1 script=${2:-}
now=$(mktemp) || exit 2
trap 'rm -f "$now"' EXIT
code='' skip='' count=0

while IFS= read -r line; do
	case "$line" in
	'```'*)
		[ -z "$code" ] && code=1 || code=''
		skip='' ;;
	'$ '*)
		if [ -n "$code" ]; then
			printf '%s\n' "$line"
			bash -c "${line#??}" </dev/null 2>&1
			count=$((count + 1)) skip=1
		fi ;;
	esac
	[ -n "$skip" ] || printf '%s\n' "$line"
done <"$page" >"$now"

[ -z "${SESSION_WRITE:-}" ] || cp "$now" "$SESSION_WRITE"
echo "$count commands"
[ "$count" -gt 0 ] || exit 1
diff -u --label "$page" --label "what the commands print" <(sed -E "$script" "$page") \
	<(sed -E "$script" "$now")
