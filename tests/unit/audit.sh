#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl audit as a command: words and options that make no sense are refused before the kernel
# is asked; and the schema of what it prints takes nothing else. Without the module.
set -u
cd "$(dirname "$0")/../.." || exit 1
command=audit
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

# What is named.
expect 2 'audit takes one NAMESPACE or NAMESPACE/POLICY' shop bank --for 1h
expect 2 'not "shop/"' shop/ --for 1h
expect 2 'not "/redis"' /redis --for 1h
expect 2 'not "shop/redis/x"' shop/redis/x --for 1h
expect 2 '"" is no name of a namespace' '' --for 1h
expect 2 '"Shop" is no name of a namespace' Shop --for 1h
expect 2 '"Redis" is no name of a policy' shop/Redis --for 1h
expect 2 "\"$(printf 'a%.0s' {1..64})\" is no name of a namespace" "$(printf 'a%.0s' {1..64})" --for 1h
expect 2 'audit takes NAMESPACE or NAMESPACE/POLICY' "$(printf 'a%.0s' {1..64})/x" --for 1h
expect 2 'audit takes NAMESPACE or NAMESPACE/POLICY' "shop/$(printf 'a%.0s' {1..254})" --for 1h
expect 2 '--pod takes NAMESPACE/POD, not "web"' --pod web --for 1h
expect 2 '"Web" is no name of a pod' --pod shop/Web --for 1h
expect 2 '--pod can be given once' --pod shop/web --pod shop/cart --for 1h
expect 2 '--pod and "shop" exclude each other' shop --pod shop/web --for 1h
# How long.
expect 2 'how long\? --for 1h, or --for ever' shop
expect 2 'how long\? --for 1h, or --for ever' --pod shop/web
expect 2 '--for needs NAMESPACE' --for 1h
for time in '' 0 0s -1 500ms 1x h 1h30m 3651d 99999999999d never forever; do
	expect 2 "--for takes a time between 1s and 3650d.* not \"$time\"" shop --for "$time"
done
expect 2 'option --for needs a value' shop --for
# To end.
expect 2 '--for and --end exclude each other' shop --end --for 1h
expect 2 '--end needs NAMESPACE' --end
expect 2 '--all belongs to --end' --all
expect 2 '--all belongs to --end' shop --for 1h --all
expect 2 '--all and the name of an audit exclude each other' shop --end --all
expect 2 'no output form "wide"' -o wide
expect 2 'there is no option --confirm' shop --for 1h --confirm 5s
expect 0 'Usage: netpolctl audit' --help
command=monitor
expect 2 'monitor takes deny, audit, change or all' audits
expect 2 'monitor takes deny, audit, change or all' audit deny
command=audit

# What is right gets as far as the module, which is not asked in a test without it: the network
# namespace is one that is not there.
for words in '' shop shop/redis '--pod shop/web-1'; do
	for time in 1 30s 1500ms 10m 2h 7d 3650d ever; do
		# shellcheck disable=SC2086 # words
		expect 3 'network namespace no-such-one' --netns no-such-one $words ${words:+--for $time}
	done
	# shellcheck disable=SC2086 # words
	expect 3 'network namespace no-such-one' --netns no-such-one --end ${words:---all}
done
awk 'length > 80 { print "more than 80 columns: " $0; bad = 1 } END { exit bad }' \
	<("$tool" audit --help) <("$tool" monitor --help) || failed=1

# The schema takes what the command writes (tests/e2e/audit-tool.sh has the real documents), and
# not what it would never write.
/usr/bin/python3 - docs/schema/audit.json <<'P' || { echo "schema"; failed=1; }
import copy, json, sys
import jsonschema
schema = json.load(open(sys.argv[1], encoding="utf-8"))
jsonschema.Draft7Validator.check_schema(schema)
top = {"apiVersion": "netpolctl/v1", "kind": "AuditList"}
line = {"apiVersion": "netpolctl/v1", "kind": "Audit"}
shop = {"namespace": "shop", "policies": 3, "until": "2026-12-01T03:59:00Z", "secondsLeft": 59}
good = [
    dict(top, policies=0, items=[]),
    dict(top, policies=3, items=[shop, {"namespace": "shop", "policy": "redis", "policies": 1},
                                 {"namespace": "shop", "pod": "web-1"}]),
    dict(top, generation=7, items=[dict(shop, action="begun")]),
    dict(top, generation=8, items=[{"namespace": "shop", "action": "ended"}]),
    dict(line, **shop),
    dict(line, generation=8, namespace="shop", pod="web-1", action="ended"),
]
bad = [
    dict(top, items=[dict(shop, policy="redis", pod="web-1")]),
    dict(top, items=[dict(shop, until="tomorrow")]),
    dict(top, items=[dict(shop, secondsLeft=-1)]),
    dict(top, items=[dict(shop, action="stopped")]),
    dict(top, items=[{"policies": 3}]),
    dict(top),
    dict(line, items=[]),
    dict(line, kind="AuditResult", **shop),
]
for doc in good:
    jsonschema.validate(doc, schema)
for doc in bad:
    try:
        jsonschema.validate(doc, schema)
    except jsonschema.ValidationError:
        continue
    sys.exit(f"the schema takes {doc}")
P
exit $failed
