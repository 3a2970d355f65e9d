#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every kind of document that netpolctl writes has a schema in docs/schema, and each schema is one; what
# is written without the module is as it says. tests/e2e/schemas.sh has what needs the module.
set -u
cd "$(dirname "$0")/../.." || exit 1
command=version
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

# The others are data inside of pages, the source of man pages, and a file format of its own.
/usr/bin/python3 - <<'P' || failed=1
import glob, json, re, sys
import jsonschema
written = set()
for name in glob.glob("tools/**/*.c", recursive=True):
    text = open(name, encoding="utf-8").read()
    written |= set(re.findall(r'np_write_top\([^;]*?"(\w+)"\)', text))
    written |= set(re.findall(r'np_result_print\([^;]*?"(\w+)"', text))
    written |= set(re.findall(r'"netpolctl/v1\\",\\"kind\\":\\"(\w+)', text))
written -= {"MatrixPage", "GraphPage", "Commands", "Snapshot"}
described = set()

def walk(part):
    if isinstance(part, dict):
        properties = part.get("properties", {})
        if properties.get("apiVersion") == {"const": "netpolctl/v1"}:
            described.add(properties["kind"]["const"])
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else []:
        walk(inner)

for name in glob.glob("docs/schema/*.json"):
    schema = json.load(open(name, encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    before = len(described)
    walk(schema)
    if len(described) == before:
        sys.exit(f"{name} describes no kind")
if written != described:
    sys.exit(f"without a schema: {written - described}; never written: {described - written}")
if len(written) < 20:
    sys.exit(f"only {len(written)} kinds are written")
P

# as SCHEMA WORD...: a command whatever its status; what it writes is by the schema, with another kind not
as()
{
	local of=$1
	shift
	"$tool" "$@" >"$tmp/out" 2>/dev/null
	if ! command=$of by_schema "$tmp/out"; then
		echo "not by docs/schema/$of.json: $*"
		failed=1
	fi
	sed 's/"kind": *"[A-Z][A-Za-z]*"/"kind":"Nothing"/' "$tmp/out" >"$tmp/wrong.json"
	if command=$of by_schema "$tmp/wrong.json" 2>/dev/null; then
		echo "docs/schema/$of.json takes any kind"
		failed=1
	fi
}

as version version -o json
as lint lint -f examples/dual-stack.yaml -f examples/cluster.yaml -o json
as eval eval namespace-a/web namespace-b/web -p tcp/80 -f examples/cluster.yaml -f examples/default-deny.yaml -o json
as eval eval 192.0.2.1 namespace-b/web -p tcp/80 -f examples/cluster.yaml -o json
as apply apply -f examples/cluster.yaml --dry-run=client --local none -o json
as error eval namespace-a/none namespace-b/web -p tcp/80 -f examples/cluster.yaml -o json
printf '{"apiVersion": "v1", "kind": "Pod"}\n' >"$tmp/a.json"
cp "$tmp/a.json" "$tmp/b.json"
as error lint -f "$tmp/a.json" -f "$tmp/b.json" -o json
if ! grep -q '"notListed"' "$tmp/out"; then echo "several errors are not listed"; failed=1; fi
exit $failed
