#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is in deploy/, checked without a cluster: deploy.sh units|rules|dashboard|manifests
set -eu
cd "$(dirname "$0")/../.."

# Metrics that the agent has, by its source.
metrics()
{
	sed -n 's/.*"\(netpol_[a-z_]*\|process_[a-z_]*\)".*/\1/p' tools/lib/agent/metrics.c |
		sort -u
}

# Metrics that a file speaks of; what a histogram adds to its name is taken off.
used()
{
	grep -ohE '\b(netpol|process)_[a-z_]+[a-z]' "$@" | sed -E 's/_(bucket|sum|count)$//' |
		sort -u
}

known()
{
	local missing
	missing=$(comm -23 <(used "$@") <(metrics))
	[ -z "$missing" ] || { echo "no such metric: $missing"; return 1; }
}

# docs/sync.md names every metric of the agent's own, and no other.
documented()
{
	local missing
	known docs/sync.md
	missing=$(comm -13 <(used docs/sync.md) <(metrics | grep '^netpol_'))
	[ -z "$missing" ] || { echo "not in docs/sync.md: $missing"; return 1; }
}

units()
{
	local unit score limit=2.5
	for unit in deploy/systemd/*.service; do
		score=$(systemd-analyze security --offline=true "$unit" 2>/dev/null |
			sed -n 's/.*exposure level for [^ ]*: \([0-9.]*\).*/\1/p')
		echo "$unit: exposure $score"
		awk -v s="${score:-10}" -v l="$limit" 'BEGIN { exit !(s <= l) }'
		grep -q "\`$(basename "$unit")\` | $score " docs/sync.md || {
			echo "docs/sync.md has another score"
			return 1
		}
		grep -qEx 'CapabilityBoundingSet=CAP_NET_ADMIN( CAP_NET_BROADCAST)?' "$unit"
	done
	# room for the threads of a credential plugin in Go on a large machine
	[ "$(sed -n 's/^TasksMax=//p' deploy/systemd/netpolctl-sync.service)" -ge 4096 ]
}

rules()
{
	local alert
	local promtool
	promtool=$(bash tests/run/promtool.sh)
	"$promtool" check rules deploy/prometheus/netpol.rules.yaml
	(cd deploy/prometheus && "$promtool" test rules netpol.test.yaml)
	# Each alert has a test and a section that says what to do.
	for alert in $(sed -n 's/.*- alert: //p' deploy/prometheus/netpol.rules.yaml); do
		grep -q "alertname: $alert\$" deploy/prometheus/netpol.test.yaml ||
			{ echo "$alert has no test"; return 1; }
		grep -q "^#* *$alert\$" docs/sync.md ||
			{ echo "$alert has no section in docs/sync.md"; return 1; }
		grep -qi "runbook: docs/sync.md#$alert\$" deploy/prometheus/netpol.rules.yaml ||
			{ echo "$alert points elsewhere"; return 1; }
	done
	known deploy/prometheus/netpol.rules.yaml
	documented
}

dashboard()
{
	local file=deploy/grafana/netpol.json
	jq -e '
		(.title | type == "string") and (.schemaVersion >= 36) and
		([.templating.list[].name] | index("datasource") and index("job")) and
		(.panels | length > 10) and
		([.panels[].id] | length == (unique | length)) and
		all(.panels[]; .gridPos.x + .gridPos.w <= 24 and
			(.type == "row" or (.targets | length > 0) and
			 .datasource.uid == "${datasource}" and
			 all(.targets[]; .expr | contains("$job"))))' "$file" >/dev/null ||
		{ echo "$file is no dashboard of ours"; return 1; }
	# promtool parses each expression as a rule would.
	jq -r '{groups: [{name: "g", rules: [.panels[] | .targets // [] | .[] |
		{record: "x:y", expr: .expr}]}]}' "$file" >build/dashboard.rules.json
	"$(bash tests/run/promtool.sh)" check rules --lint=none build/dashboard.rules.json >/dev/null
	known "$file"
}

# The limits of memory in deploy/ and docs/sync.md are one, with room for what the bench allows.
memory()
{
	local limit worst
	limit=$(sed -n 's/^MemoryMax=\([0-9]*\)M$/\1/p' deploy/systemd/netpolctl-sync.service)
	worst=$(sed -n 's/.*"caps", world_caps, \([0-9]*\) .*/\1/p' tests/bench/agent_adversary.c)
	sed -n '/^ *limits:/,$p' deploy/kubernetes/daemonset.yaml |
		grep -qx " *memory: ${limit:-none}Mi" ||
		{ echo "daemonset.yaml has another limit than MemoryMax=${limit}M"; return 1; }
	grep -q "limit of ${limit} MiB" docs/sync.md ||
		{ echo "docs/sync.md has another limit than ${limit} MiB"; return 1; }
	[ "$((${worst:-limit} * 4))" -le "$((limit * 3))" ] ||
		{ echo "the bench allows ${worst} MiB, more than three quarters of ${limit}"; return 1; }
}

manifests()
{
	local file
	for file in deploy/kubernetes/*.yaml deploy/kubernetes/*/*.yaml; do
		build/netpolctl apply --dry-run=client -f "$file" >build/manifest.log 2>&1 || true
		! grep -q 'error: .*:[0-9]' build/manifest.log || { cat build/manifest.log; return 1; }
	done
	# Nothing but reading, and of what is not enforced not even changes.
	if sed -n 's/^  verbs: //p' deploy/kubernetes/rbac.yaml |
			grep -vxF -e '[list, watch]' -e '[list]'; then
		echo "rbac.yaml allows more than to read"
		return 1
	fi
	# Whoever removes a taint may patch nodes and do nothing else; the option names one taint everywhere.
	[ "$(sed -n '/^rules:/,/^---/p' deploy/kubernetes/taint/rbac.yaml)" = 'rules:
- apiGroups: [""]
  resources: [nodes]
  verbs: [patch]
---' ]
	grep -q '^ *value: --remove-taint=netpol.io/agent-not-ready$' deploy/kubernetes/taint/kustomization.yaml
	grep -q -e '`--register-with-taints=netpol.io/agent-not-ready=:NoSchedule`' docs/sync.md
	# The role has each kind that the agent asks for.
	sed -n 's/^	{ "\([a-z0-9.]*\)", "\([a-z]*\)".*/\1 \2/p' tools/lib/kube/foreign.c |
		while read -r group resource; do
			grep -A1 "^- apiGroups: \[.*\<$group\>" deploy/kubernetes/rbac.yaml |
				grep -q "\<$resource\>" ||
				{ echo "rbac.yaml does not list $resource.$group"; return 1; }
		done
	memory
	grep -q 'add: \[NET_ADMIN, NET_BROADCAST\]' deploy/kubernetes/daemonset.yaml
	! grep -q 'privileged: true' deploy/kubernetes/daemonset.yaml
}

mkdir -p build
"$1"
