#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/review.md, "A change that takes itself back": what --confirm promises, for each command
# that changes something; that the keeper outlives its command and its terminal; and that nothing
# is lost, whenever the command is killed.
#netpol-test: timeout=600
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
examples=/tests/examples
cluster=$examples/cluster.yaml
deny=$examples/default-deny.yaml
range=$examples/port-range.yaml

# verdicts: the kernel's verdict of every pair
verdicts()
{
	netpolctl matrix --kernel --ports tcp/80,udp/53 -o json | jq -c .allowed | md5sum
}

waits() { netpolctl status -o json | jq -e .confirmSeconds; }
over() { ! waits; }
# unchanged: all objects, settings and verdicts are those from before
unchanged()
{
	netpolctl diff "$tmp/before.snapshot" kernel >"$tmp/diff" || return 1
	[ "$(netpolctl settings -o json | md5sum)" = "$settings" ] || return 1
	[ "$(verdicts)" = "$before" ]
}
# keeper: the process that has the lock open
keeper()
{
	local lock fd
	lock=/run/netpolctl/$(stat -Lc %i /proc/self/ns/net)/lock
	for fd in /proc/[0-9]*/fd/*; do
		[ ! "$fd" -ef "$lock" ] || echo "$fd"
	done | cut -d/ -f3
}
# elsewhere COMMAND...: as on a machine where nobody knows of the change that waits
elsewhere()
{
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m --propagation private sh -c 'mount -t tmpfs none /run && exec "$@"' sh "$@"
}

netpolctl apply --replace --local all -f "$cluster" -f "$range" >/dev/null 2>"$tmp/err" ||
	bail "apply: $(cat "$tmp/err")"
netpolctl settings event-rate=50 >/dev/null || bail settings
netpolctl save "$tmp/before.snapshot" || bail save
before=$(verdicts)
settings=$(netpolctl settings -o json | md5sum)
check "at first nothing waits" over
netpolctl confirm 2>"$tmp/err"
is "$?" 1 "and there is nothing to confirm"

# Nobody confirms: all is as before, without anybody asking for it.
netpolctl apply -f "$deny" --confirm 2s -o json >"$tmp/out" 2>"$tmp/err"
is "$(jq .confirmSeconds "$tmp/out")" 2 "apply --confirm: it waits two seconds"
check "and says so" grep -q "is taken back in 2 s unless 'netpolctl confirm' is run" "$tmp/err"
check "nobody confirms it: taken back" eventually 20 over
check "objects, settings and verdicts are those from before" unchanged
netpolctl confirm 2>"$tmp/err"
is "$?" 1 "it can't be confirmed any more"
check "and the answer tells how it ended" grep -q 'taken back, as nobody confirmed it in time' \
	"$tmp/err"

# While one waits, it is in force, and nothing else is changed by hand.
netpolctl apply -f "$deny" --confirm 5m >/dev/null 2>&1 || bail "apply --confirm"
check "while it waits, it is in force" test "$(verdicts)" != "$before"
check "status shows it" grep -qE 'change is taken back in [0-9]+ s' <(netpolctl status)
generation=$(netpolctl status -o json | jq .generation)
while read -r -a words; do
	netpolctl "${words[@]}" >/dev/null 2>"$tmp/err"
	is "$?" 5 "while it waits: netpolctl ${words[0]} is refused"
	check "with what to do" grep -q "'netpolctl confirm' keeps it" "$tmp/err"
done <<END
apply -f $range
apply -f $range --confirm 9s
delete networkpolicy/namespace-b/default-deny
settings event-rate=7
restore $tmp/before.snapshot
flush --yes
END
is "$(netpolctl status -o json | jq .generation)" "$generation" "nothing of it was changed"
check "a dry run goes on" netpolctl apply -f "$range" --dry-run=kernel
check "so do questions" netpolctl settings
after=$(verdicts)
check "confirmed" netpolctl confirm
check "nothing waits any more" over
is "$(verdicts)" "$after" "the change stays"
check "a change is possible again" netpolctl delete networkpolicy/namespace-b/default-deny
check "and that makes all as before" unchanged

# At once, on request.
netpolctl apply -f "$deny" --confirm 5m >/dev/null 2>&1 || bail "apply --confirm"
is "$(netpolctl confirm --revert)" "the change was taken back, as it was asked for" "confirm --revert"
check "all is as before" unchanged

# What changes nothing does not wait.
netpolctl apply -f "$range" --confirm 5m >/dev/null 2>"$tmp/err" || bail "apply --confirm"
check "nothing has changed: nothing waits" over
check "and it is said" grep -q 'nothing has changed, so nothing waits' "$tmp/err"
netpolctl apply -f /nowhere --confirm 5m >/dev/null 2>&1
is "$?" 3 "bad input"
check "nothing waits after it" over

# Each command that changes something.
while read -r -a words; do
	netpolctl "${words[@]}" --confirm 1s >/dev/null 2>"$tmp/err" || bail "${words[*]}: $(cat "$tmp/err")"
	check "${words[0]} --confirm: taken back" eventually 20 over
	check "${words[0]} --confirm: all is as before" unchanged
done <<END
delete namespace/namespace-a
settings event-rate=7 unknown=allow
flush --yes
apply --replace --allow-empty-kinds -f $deny
apply --origin other -f $deny
END
netpolctl apply -f "$deny" >/dev/null 2>&1 && netpolctl save "$tmp/after.snapshot" &&
	netpolctl restore "$tmp/before.snapshot" 2>/dev/null || bail restore
netpolctl restore "$tmp/after.snapshot" --confirm 1s 2>/dev/null || bail "restore --confirm"
check "restore --confirm: taken back" eventually 20 over
check "restore --confirm: all is as before" unchanged

# The end of the session: its processes get SIGHUP, and are killed.
setsid bash -c "netpolctl apply -f $deny --confirm 3s >/dev/null 2>&1
	kill -HUP 0; kill -KILL 0" 2>/dev/null
check "the terminal is gone: the change waits" waits
check "and is taken back in time" eventually 20 over
check "all is as before" unchanged
# A pipe that the command had open is not held.
exec 9< <(netpolctl apply -f "$deny" --confirm 5m 2>/dev/null)
check "the keeper holds no pipe of its command" timeout 20 cat <&9
exec 9<&-
# Told to end: taken back at once, as nobody is there to confirm it.
kill -TERM "$(keeper)"
check "the keeper is told to end: taken back at once" eventually 20 over
check "all is as before" unchanged
# Killed: the change stays, and what was in force before is still there.
netpolctl apply -f "$deny" --confirm 5m >/dev/null 2>&1 || bail "apply --confirm"
pid=$(keeper)
kill -KILL "$pid"
check "the keeper is killed: nothing waits" eventually 20 over
is "$(verdicts)" "$after" "the change stays, as docs/review.md says"
check "by hand" netpolctl restore "/run/netpolctl/$(stat -Lc %i /proc/self/ns/net)/before"
check "all is as before" unchanged

# What somebody else has changed meanwhile is not thrown away.
netpolctl apply -f "$deny" --confirm 5m >/dev/null 2>&1 || bail "apply --confirm"
elsewhere netpolctl apply --origin other -f "$range" >/dev/null || bail "another origin"
netpolctl confirm --revert >/dev/null || bail "confirm --revert"
is "$(verdicts)" "$before" "another origin's change meanwhile: taken back what was ours"
is "$(netpolctl get policies -A --origin other -o json | jq '.items | length')" 1 "and not that"
netpolctl delete --origin other -f "$range" >/dev/null || bail delete
netpolctl apply -f "$deny" --confirm 5m >/dev/null 2>&1 || bail "apply --confirm"
elsewhere netpolctl delete networkpolicy/namespace-b/default-deny >/dev/null || bail delete
check "the same origin was changed meanwhile: what is newer stays" grep -q \
	'what was changed again since stays' <(netpolctl confirm --revert)
check "all is as that change left it" unchanged

# One network namespace does not wait for another one.
ip netns add confirm-other && namespaces+=(confirm-other) || bail "ip netns"
netpolctl apply -f "$deny" --confirm 5m >/dev/null 2>&1 || bail "apply --confirm"
check "another network namespace can be changed" netpolctl --netns confirm-other settings event-rate=9
netpolctl --netns confirm-other confirm >/dev/null 2>&1
is "$?" 1 "and has nothing to confirm"
netpolctl confirm --revert >/dev/null || bail "confirm --revert"
check "all is as before" unchanged

# Killed at any moment: before, in or after the commit, what was in force comes back.
lost=0 killed=0 made=0
for ((i = 0; i < 25; i++)); do
	netpolctl apply -f "$deny" --confirm 1s >/dev/null 2>&1 &
	pid=$!
	# a moment that moves from round to round, over about the time that the command takes
	for ((n = 0; n < i * 240; n++)); do :; done
	kill -KILL $pid 2>/dev/null && killed=$((killed + 1))
	wait $pid 2>/dev/null
	[ "$(verdicts)" = "$before" ] || made=$((made + 1))
	eventually 30 over || break
	unchanged || lost=$((lost + 1))
done
is "$i" 25 "killed at any moment: nothing waits for ever"
is "$lost" 0 "and all is as before, each time"
check "some were killed" test "$killed" -gt 0
note "$killed of 25 commands were killed, $made changes were seen"
# What listens is no door for others.
is "$(stat -c %a /run/netpolctl)" 700 "only root reaches the keeper"
finish
