#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves docs/review.md, "A change that takes itself back": what --confirm promises; that the
# keeper outlives its command and its terminal; and that nothing is lost, whenever the command is
# killed.
#netpol-test: timeout=600
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
examples=/tests/examples
cluster=$examples/cluster.yaml
deny=$examples/default-deny.yaml
range=$examples/port-range.yaml
# the keeper's own, for this network namespace
folder=/run/netpolctl/$(stat -Lc %i /proc/self/ns/net)

# verdicts: the kernel's verdict of every pair
verdicts()
{
	netpolctl matrix --kernel --ports tcp/80,udp/53 -o json | jq -c .allowed | md5sum
}

waits() { netpolctl status -o json | jq -e .confirmSeconds; }
over()
{
	netpolctl status -o json >"$tmp/status" 2>/dev/null &&
		jq -e '(has("confirmSeconds") or any(.warnings[]; test("confirmation"))) | not' "$tmp/status"
}
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
	local fd
	for fd in /proc/[0-9]*/fd/*; do
		[ ! "$fd" -ef "$folder/lock" ] || echo "$fd"
	done | cut -d/ -f3
}
# reached SECOND: the clock of this shell stands at it, or behind it
reached() { [ "$SECONDS" -ge "$1" ]; }
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
delete networkpolicy/namespace-b/default-deny --confirm 9s
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

# What is created, changed and deleted, of objects of each kind.
while read -r -a words; do
	netpolctl "${words[@]}" --confirm 1s >/dev/null 2>"$tmp/err" || bail "${words[*]}: $(cat "$tmp/err")"
	check "${words[0]} --confirm: taken back" eventually 20 over
	check "${words[0]} --confirm: all is as before" unchanged
done <<END
delete namespace/namespace-a
apply --replace --allow-empty-kinds -f $deny
apply --origin other -f $deny
END
for words in "settings event-rate=7" "restore $tmp/before.snapshot" "flush --yes"; do
	# shellcheck disable=SC2086 # words
	netpolctl $words --confirm 1s >/dev/null 2>&1
	is "$?" 2 "${words%% *} has no --confirm"
done

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
for signal in TERM INT; do
	[ "$signal" = TERM ] || netpolctl apply -f "$deny" --confirm 5m >/dev/null 2>&1 || bail apply
	kill -$signal "$(keeper)"
	check "the keeper gets SIG$signal: taken back at once" eventually 20 over
	check "all is as before" unchanged
done
# Confirmed and told to end in the same moment: the answer is what was done.
for ((i = 0; i < 10; i++)); do
	netpolctl apply -f "$deny" --confirm 5m >/dev/null 2>&1 || bail "apply --confirm"
	pid=$(keeper)
	kill -STOP "$pid"
	netpolctl confirm >/dev/null 2>&1 &
	asked=$!
	kill -TERM "$pid"
	kill -CONT "$pid"
	wait $asked
	status=$?
	eventually 20 over || bail "neither confirmed nor taken back"
	if [ $status = 0 ]; then
		[ "$(verdicts)" != "$before" ] || break
		netpolctl delete networkpolicy/namespace-b/default-deny >/dev/null || bail delete
	fi
	unchanged || break
done
is "$i" 10 "confirmed and told to end in one moment: the answer is what was done"
# Killed: the change stays, and what was in force before is still there.
netpolctl apply -f "$deny" --confirm 5m >/dev/null 2>&1 || bail "apply --confirm"
pid=$(keeper)
kill -KILL "$pid"
check "the keeper is killed: nothing waits" eventually 20 over
is "$(verdicts)" "$after" "the change stays, as docs/review.md says"
check "by hand" netpolctl restore "$folder/before"
check "all is as before" unchanged
netpolctl apply -f "$deny" --confirm 5m >/dev/null 2>&1 || bail "apply --confirm"
netpolctl confirm >/dev/null || bail confirm
check "the next change does not write over what the killed one left" netpolctl restore "$folder/kept"
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
netpolctl confirm --revert >/dev/null 2>"$tmp/err"
is "$?" 5 "the same origin was changed meanwhile: it is not taken back"
check "and why" grep -q 'origin "manual" was changed again since' "$tmp/err"
check "all is as that change left it" unchanged

# held WORDS...: starts a change and stops it when its keeper is there and nothing is committed
held()
{
	local generation try
	for ((try = 0; try < 30; try++)); do
		generation=$(netpolctl status -o json | jq .generation)
		netpolctl "$@" >/dev/null 2>"$tmp/held" &
		command=$!
		until [ -S "$folder/socket" ]; do
			kill -0 $command 2>/dev/null || break
		done
		kill -STOP $command 2>/dev/null
		[ "$(netpolctl status -o json | jq .generation)" != "$generation" ] || return 0
		kill -CONT $command
		wait $command
		netpolctl confirm --revert >/dev/null
	done
	bail "every command was too fast"
}
# Somebody else commits between what was saved and the change: nothing of that may be taken back.
held apply -f "$deny" --confirm 5m
elsewhere netpolctl apply -f "$range" --replace --local all -f "$cluster" >/dev/null 2>&1 ||
	bail "another apply"
kill -CONT $command
wait $command
is "$?" 5 "another change came before: this one is refused"
check "and says what to do" grep -q 'run it again' "$tmp/held"
check "nothing waits" eventually 20 over
check "nothing was changed" unchanged
# The command takes longer than the time: that begins when the change is made.
held apply -f "$deny" --confirm 1s
check "longer than the time is" eventually 10 reached $((SECONDS + 3))
check "the command takes longer: nothing is taken back before it is made" test -S "$folder/socket"
kill -CONT $command
wait $command
check "made, and taken back when the time is over" eventually 20 over
check "all is as before" unchanged

# An address that has gone to another pod meanwhile is not taken away from it.
netpolctl save "$tmp/plain.snapshot" 2>/dev/null || bail save
cat >"$tmp/old.yaml" <<END
apiVersion: v1
kind: Namespace
metadata: {name: z}
---
apiVersion: v1
kind: Pod
metadata: {name: old, namespace: z}
spec: {nodeName: elsewhere}
status: {phase: Running, podIPs: [{ip: 10.99.0.9}, {ip: "fd00:99::9"}]}
END
sed 's/name: old/name: new/' "$tmp/old.yaml" >"$tmp/new.yaml"
netpolctl apply -f "$tmp/old.yaml" >/dev/null 2>&1 || bail "apply old"
netpolctl delete pod/z/old --confirm 5m >/dev/null 2>&1 || bail "delete old"
elsewhere netpolctl apply --origin other -f "$tmp/new.yaml" >/dev/null 2>&1 || bail "apply new"
is "$(netpolctl confirm --revert)" \
	"the change was taken back, but for 1 pod, as it was asked for" "its address is another pod's now"
check "and stays so" test -z "$(netpolctl get pods -n z --origin manual --no-headers)"
netpolctl restore "$tmp/plain.snapshot" 2>/dev/null || bail restore
netpolctl delete --origin other --ignore-not-found -f "$tmp/new.yaml" >/dev/null || bail delete

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
	was=$(netpolctl status -o json | jq .generation)
	netpolctl apply -f "$deny" --confirm 1s >/dev/null 2>&1 &
	pid=$!
	# a moment that moves from round to round, over about the time that the command takes
	for ((n = 0; n < i * 240; n++)); do :; done
	# the last one comes to its end on any machine
	[ $i = 24 ] || kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	[ $? != 137 ] || killed=$((killed + 1))
	[ "$(netpolctl status -o json | jq .generation)" = "$was" ] || made=$((made + 1))
	eventually 30 over || break
	unchanged || lost=$((lost + 1))
done
is "$i" 25 "killed at any moment: nothing waits for ever"
is "$lost" 0 "and all is as before, each time"
check "some were killed" test "$killed" -gt 0
check "some changes were made, and some were not" test "$made" -gt 0 -a "$made" -lt 25
note "$killed of 25 commands were killed, $made changes were seen"
# What listens is no door for others.
chmod 755 /run/netpolctl
netpolctl apply -f "$deny" --confirm 5m >/dev/null 2>"$tmp/err"
is "$?" 6 "a folder that others may enter is not used"
chmod 700 /run/netpolctl
netpolctl apply -f "$deny" --confirm 5m >/dev/null 2>&1 || bail "apply --confirm"
setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all netpolctl confirm >/dev/null 2>&1
is "$?" 6 "only root reaches the keeper"
netpolctl confirm --revert >/dev/null || bail "confirm --revert"
check "all is as before" unchanged
finish
