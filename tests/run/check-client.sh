#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The API client (with sanitizers) against the scripted API server, in a network
# namespace of its own. Each test has the name of a statement of docs/api-client.md;
# T="NAME..." runs only those whose names have one of these parts.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh
begin client

export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
export FOLLOW=build/kube/follow PYTHONDONTWRITEBYTECODE=1
make -s -j"$(nproc)" client-bins tools

# A network namespace of its own where that is allowed: nobody else's ports.
alone=()
if unshare -n true 2>/dev/null; then
	alone=(unshare -n)
fi
read -ra names <<<"${T:-}"
parts=$(nproc)
pids=()
where=(slow)
for ((i = 0; i < parts; i++)); do
	where+=("$i/$parts")
done
for w in "${where[@]}"; do
	# shellcheck disable=SC2016 # for the inner shell
	CLIENT_PART=$w timeout -k 5 600 ${alone[@]+"${alone[@]}"} sh -c '
		[ "$1" = 0 ] || ip link set lo up
		shift
		exec /usr/bin/python3 tests/kube/run.py "$@"' run "${#alone[@]}" \
		${names[@]+"${names[@]}"} >"$results/client.${w%/*}.log" 2>&1 &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || :
done
while read -r word name; do
	case $word in
	ok) passed "$name" ;;
	FAILED) failed "$name" ;;
	esac
done < <(cat "$results"/client.{slow,[0-9]*}.log)
grep -hA30 '^FAILED' "$results"/client.{slow,[0-9]*}.log || :
# A run that died says nothing of the tests that it didn't reach.
want=$(grep -cE '^def [LK][0-9]' tests/kube/client_*.py | awk -F: '{ n += $2 } END { print n }')
have=$(grep -hcE '^(ok|FAILED) ' "$results"/client.{slow,[0-9]*}.log | awk '{ n += $1 } END { print n }')
if [ -z "${T:-}" ] && [ "$want" != "$have" ]; then
	failed "$((want - have)) tests did not run"
	tail -n 20 "$results"/client.{slow,[0-9]*}.log
fi
# The page of statements and the tests name each other.
documented()
{
	local test
	diff <(grep -oE '\b[LK][0-9]+_[A-Za-z0-9_]+' docs/api-client.md | sort -u) \
		<(sed -n 's/^def \([LK][0-9][A-Za-z0-9_]*\)(.*/\1/p' tests/kube/client_*.py | sort -u) || return 1
	for test in $(grep -oE '\b(k[0-9]+|test)_[a-z0-9_]+' docs/api-client.md | sort -u); do
		grep -qE "^static void $test\(" tests/unit/*.c || { echo "no unit test $test"; return 1; }
	done
}
run_check "every statement has its test" documented
run_check "list of many pods" timeout -k 5 300 bash tests/kube/many.sh "${MANY_PODS:-15000}"
[ ! -e "$results/client.list_of_many_pods.log" ] ||
	grep '^many:' "$results/client.list_of_many_pods.log" || :
finish
