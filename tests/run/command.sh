# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# For tests of one command of netpolctl, which run without the module. Sourced at the top of the
# source, with $command set.
#
#   expect STATUS PATTERN WORD...   exit status, and a line of output or errors
#   holds FILTER                    what the last command wrote, by jq
#   schema [WORD...]                what it wrote is as docs/schema/$command.json says
#   by_schema FILE                  so it is with FILE: status 0 if it is
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

holds()
{
	jq -e "$1" "$tmp/out" >/dev/null && return
	echo "not true of the output: $1"
	cat "$tmp/out"
	failed=1
}

# FILE is JSON, and read as such, if it begins with a brace; else it is YAML.
by_schema()
{
	/usr/bin/python3 -c '
import json, sys, jsonschema, yaml
schema, doc = (open(name, encoding="utf-8").read() for name in sys.argv[1:])
schema = json.loads(schema)
jsonschema.Draft7Validator.check_schema(schema)
jsonschema.validate(json.loads(doc) if doc.startswith("{") else yaml.safe_load(doc), schema)
' "docs/schema/$command.json" "$1"
}

schema()
{
	by_schema "$tmp/out" && return
	echo "not by the schema: $*"
	failed=1
	return 1
}
