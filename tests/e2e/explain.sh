#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves the man page, explain: the kernel's answer and its words are those of the files, for all
# samples at once; --verify finds what differs; ends that only a node knows.
#netpol-test: timeout=900
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
examples=/tests/examples

# load FILE...: all pods are local, behind no interface
load()
{
	local args=() f
	for f; do
		args+=(-f "$f")
	done
	netpolctl apply --replace --allow-empty-kinds --local all "${args[@]}" >/dev/null 2>"$tmp/err" ||
		bail "apply $*: $(cat "$tmp/err")"
}

# What matters of an answer: verdict, policies and rules in order, every word about them, and what
# would allow it.
words()
{
	jq -c '[.verdict, .reason, [.steps[] | del(.origin)], .change]'
}

load "$examples"/*.yaml
pods=(namespace-a/web namespace-b/api namespace-c/web)
differ='' verified='' count=0 denied=0
for src in "${pods[@]}" 198.51.100.7 world; do
	for dst in "${pods[@]}"; do
		for port in tcp/8005 icmp; do
			ask=("$src" "$dst" -p "$port")
			count=$((count + 1))
			netpolctl explain "${ask[@]}" -o json >"$tmp/kernel"
			kernel=$?
			netpolctl explain "${ask[@]}" -f "$examples" --verify -o json >"$tmp/files"
			files=$?
			denied=$((denied + files))
			if [ $kernel != $files ] ||
			   [ "$(words <"$tmp/kernel")" != "$(words <"$tmp/files")" ]; then
				differ+=" ${ask[*]}"
			fi
			jq -e '.verify.same and .from == "files" and .verify.generation > 0' \
				"$tmp/files" >/dev/null || verified+=" ${ask[*]}"
			jq -e '.from == "kernel" and .generation > 0 and has("change") == (.verdict == "DENY")' \
				"$tmp/kernel" >/dev/null || differ+=" form:${ask[*]}"
		done
	done
done
is "$differ" "" "$count answers of the kernel are those of the files, word for word"
is "$verified" "" "--verify finds no difference"
is "$((denied > 8 && denied < count - 3))" 1 "some are denied, some are not"
is "$(jq -r '[.steps[].origin // empty] | unique | join(" ")' "$tmp/kernel")" manual \
	"policies have their origin"

# The node itself.
ip addr add 192.0.2.77/32 dev lo
netpolctl explain host namespace-b/web -p tcp/80 >"$tmp/out" || not_ok "host: $?"
check "the node reaches its pods" grep -q '^ALLOW host -> namespace-b/web tcp/80 (sent by this node)   generation' "$tmp/out"
netpolctl explain namespace-b/web host -p tcp/80 >"$tmp/out"
is "$?" 1 "a pod whose egress is isolated does not reach its node"
check "the address is told" grep -q '^destination host: .*, an address of this node$' "$tmp/out"
netpolctl settings host-egress=allow >/dev/null || bail settings
netpolctl explain namespace-b/web host -p tcp/80 >"$tmp/out"
is "$?" 0 "host-egress=allow lets it, and explain says so"
check "with the reason" grep -q 'allowed by host-allow' "$tmp/out"
netpolctl settings host-egress= >/dev/null || bail settings

# answer OPTION...: of the connection that default-deny.yaml is about
answer() { netpolctl explain namespace-a/web namespace-b/web -p tcp/80 "$@"; }
cluster=(-f "$examples/cluster.yaml")
deny=("${cluster[@]}" -f "$examples/default-deny.yaml")

# The kernel has less than the files.
load "$examples/cluster.yaml"
answer "${deny[@]}" --verify >"$tmp/out"
is "$?" 1 "a difference: exit status 1"
check "both answers are there" grep -q '^DENY ingress namespace-b/web .* from files$' "$tmp/out"
check "and the kernel's" grep -q '^ALLOW namespace-a/web -> namespace-b/web tcp/80   generation' "$tmp/out"
check "which is said" grep -q "^The kernel's answer differs:\$" "$tmp/out"
# And more.
load "$examples/cluster.yaml" "$examples/default-deny.yaml"
answer "${cluster[@]}" --verify -o json >"$tmp/out"
is "$? $(jq -c '[.verdict, .verify.verdict, .verify.same]' "$tmp/out")" '1 ["ALLOW","DENY",false]' \
	"files allow what the kernel denies: exit status 1"

# What is observed for a pod needs no rule; the half that is enforced does.
within() { netpolctl explain namespace-b/web namespace-b/api -p tcp/8080 -o json; }
is "$(within | jq -c '[.verdict, [.change.policies[].spec.policyTypes[]]]')" \
	'["DENY",["Egress","Ingress"]]' "both directions deny, and both are proposed"
netpolctl audit --pod namespace-b/api --for 1h >/dev/null 2>&1 || bail audit
is "$(within | jq -c '[.verdict, [.change.policies[].spec.policyTypes[]]]')" '["DENY",["Egress"]]' \
	"with one of them observed, the other is proposed"
for dst in namespace-b/api namespace-b/web; do
	netpolctl explain namespace-b/web $dst -p tcp/8080 "${deny[@]}" --verify -o json >"$tmp/out"
	is "$(jq -c '.verify.same' "$tmp/out")" true "--verify judges $dst in files with that audit"
done
netpolctl audit --end --pod namespace-b/api >/dev/null || bail "audit --end"

# What is proposed puts an end to the denial, in the kernel: by files, and by what it has loaded.
answer "${deny[@]}" | sed -n '/^---/,$p' >"$tmp/allow.yaml"
answer | sed -n '/^---/,$p' >"$tmp/kernel.yaml"
check "the kernel's answer proposes the same" cmp "$tmp/kernel.yaml" "$tmp/allow.yaml"
netpolctl apply -f "$tmp/kernel.yaml" >/dev/null || bail "apply of what is proposed"
answer >"$tmp/out"
is "$?" 0 "what explain proposes, applied, allows it"
check "by its rule" grep -q 'ingress by namespace-b/allow-ingress-[0-9a-f]* ingress\[0\])' "$tmp/out"

# A pod that runs elsewhere is judged there.
netpolctl apply --replace --local none "${deny[@]}" >/dev/null 2>&1 || bail "apply --local none"
answer "${deny[@]}" --verify -o json >"$tmp/out"
is "$? $(jq -c .verify.same "$tmp/out")" '1 true' "what this node does not judge is no difference"

netpolctl explain namespace-a/nobody namespace-b/web -p tcp/80 2>"$tmp/err"
is "$?" 3 "a pod that is not loaded: exit status 3"
netpolctl flush --yes >/dev/null || bail flush
modprobe -r netpol || bail "modprobe -r netpol"
answer 2>"$tmp/err"
is "$?" 4 "no module: exit status 4"
setpriv --bounding-set=-all --inh-caps=-all netpolctl explain namespace-a/web namespace-b/web \
	-p tcp/80 "${cluster[@]}" >/dev/null
is "$?" 0 "files need neither module nor privileges"
finish
