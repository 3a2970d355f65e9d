#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/abi.md and the man page, EXIT STATUS: bad input is refused whole, with one
# line that names the place and one that says what to do, the exit status of its class,
# and nothing is changed in the kernel.
#netpol-test: timeout=300
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

cat >"$tmp/good" <<X
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: a, labels: {app: p}}
status: {phase: Running, podIP: 10.1.2.3}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: a}
spec: {podSelector: {}}
X
netpolctl apply --local all -f "$tmp/good" >/dev/null || bail "the good input is refused"
before=$(netpolctl get policies -o yaml; netpolctl get pods -o json; netpolctl status -o json |
	jq .generation)

# refused STATUS PATTERN WHAT COMMAND...: one error ($errors), a hint, nothing changed
errors=1
refused()
{
	local want=$1 pattern=$2 what=$3 status=0 now
	shift 3
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	is "$status" "$want" "$what: exit status"
	check "$what: the error names the place" grep -Eq "^netpolctl: error: .*$pattern" "$tmp/err"
	is "$(grep -c '^netpolctl: error: ' "$tmp/err")" "$errors" "$what: number of errors"
	check "$what: a hint" grep -q '^hint: ' "$tmp/err"
	now=$(netpolctl get policies -o yaml; netpolctl get pods -o json; netpolctl status -o json |
		jq .generation)
	is "$now" "$before" "$what: nothing is changed"
}

policy() # SPEC, a policy beside an object that is in order
{
	cat "$tmp/good"
	printf -- '---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n'
	printf 'metadata: {name: bad, namespace: a}\nspec:\n%s\n' "$1"
}
policy '  podSelector: {}
  ingres: []' >"$tmp/field"
policy '  podSelector: {}
  ingres: []
  ingress: [{ports: [{port: 80, endPort: 79}]}]' >"$tmp/two"
policy '  podSelector: {}
  ingress: [{ports: [{port: 80, endPort: 79}]}]' >"$tmp/ports"
policy "  podSelector: {matchLabels: {app: $(printf 'x%.0s' $(seq 64))}}" >"$tmp/label"
policy '  podSelector: {}
  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]' >"$tmp/except"
policy '  podSelector: {}
  ingress: [{from: [{}]}]' >"$tmp/peer"
{ cat "$tmp/good"; printf -- '---\nkind: [unfinished\n'; } >"$tmp/yaml"
head -c 10000000 /dev/zero | tr '\0' '[' >"$tmp/brackets"

refused 3 "$tmp/yaml:1[0-9]" "YAML that can't be read" netpolctl apply -f "$tmp/yaml"
refused 3 "$tmp/field:[0-9]+:[0-9]+: NetworkPolicy a/bad: spec.ingres" "an unknown field" netpolctl apply -f "$tmp/field"
refused 3 "endPort: .*79.*80" "a range the wrong way round" netpolctl apply -f "$tmp/ports"
refused 3 "$tmp/label:[0-9]+:[0-9]+: " "a label that is too long" netpolctl apply -f "$tmp/label"
refused 3 "except" "an except outside its block" netpolctl apply -f "$tmp/except"
refused 3 "from\[0\]" "an empty peer" netpolctl apply -f "$tmp/peer"
refused 3 "$tmp/brackets:1:" "10 MB of brackets" netpolctl apply -f "$tmp/brackets"
refused 3 "nobody" "eval of an unknown pod" netpolctl eval a/nobody a/p -p tcp/80
refused 3 "no-such-file" "a file that is not there" netpolctl apply -f "$tmp/no-such-file"
errors=3 refused 3 "$tmp/ports:.*endPort: .*79.*80" "three errors in two files" \
	netpolctl apply -f "$tmp/two" -f "$tmp/ports"
refused 2 "frobnicate" "an unknown command" netpolctl frobnicate
refused 2 "" "a flush without --yes" netpolctl flush
refused 6 "CAP_NET_ADMIN" "no permission" setpriv --bounding-set=-all --inh-caps=-all \
	netpolctl apply -f "$tmp/good"

netpolctl flush --yes >/dev/null || bail flush
modprobe -r netpol || bail "modprobe -r netpol"
status=0
netpolctl apply -f "$tmp/good" >"$tmp/out" 2>"$tmp/err" || status=$?
is "$status" 4 "no module: exit status"
check "no module: says so" grep -q '^netpolctl: error: .*not loaded' "$tmp/err"
check "no module: a hint" grep -q '^hint: .*dkms' "$tmp/err"
finish
