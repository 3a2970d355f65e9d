# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# For tests of one command of netpolctl, which run without the module. Sourced at the top of the
# source, with $command set.
#
#   expect STATUS PATTERN WORD...   exit status, and a line of output or errors
#   $tool, $tmp                     the program, and a folder that goes when the test ends
#   exit $failed                    at the end of the test
exec </dev/null
tool=$PWD/build/netpolctl
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

expect()
{
	local want=$1 pattern=$2 status=0
	shift 2
	"$tool" "$command" "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	if [ "$status" != "$want" ] || ! grep -Eq -- "$pattern" "$tmp/out" "$tmp/err"; then
		echo "$command $*: status $status, not $want, or no line has $pattern"
		cat "$tmp/out" "$tmp/err"
		failed=1
	fi
}
