# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# TAP for test scripts in bash: results, and waiting for something. Sourced by lib.sh, and by
# tests/cluster. Whoever sources it has a directory of its own in $tmp.
test_number=0 test_failed=0
trap 'exit 99' USR1	# bail in a subshell

ok() { echo "ok $((++test_number)) - $*"; }
skip() { echo "ok $((++test_number)) - $1 # SKIP $2"; }
note() { sed 's/^/# /' <<<"$*"; }
not_ok()
{
	echo "not ok $((++test_number)) - $*"
	test_failed=1
}
# check WHAT COMMAND...
check()
{
	local what=$1
	shift
	if "$@" >"$tmp/check" 2>&1; then
		ok "$what"
	else
		not_ok "$what"
		note "$(tail -n 20 "$tmp/check")"
	fi
}
# is GOT WANT WHAT
is()
{
	if [ "$1" = "$2" ]; then
		ok "$3"
	else
		not_ok "$3"
		note "got: $1"
		note "not: $2"
	fi
}
bail()
{
	echo "Bail out! $*"
	[ "$BASHPID" = $$ ] || kill -USR1 $$
	exit 99
}
skip_all()
{
	echo "1..0 # SKIP $*"
	exit 0
}
finish()
{
	echo "1..$test_number"
	exit "$test_failed"
}

# eventually SECONDS COMMAND...: until it succeeds
eventually()
{
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -le "$end" ] || return 1
		sleep 0.05
	done
}
