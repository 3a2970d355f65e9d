#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tables of options: help fits a terminal, what completion offers is accepted, and bash, zsh and
# fish complete a line. Names of what is loaded are in tests/e2e/completion.sh.
set -u
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tool=$PWD/build/netpolctl
mkdir "$tmp/bin"
ln -s "$tool" "$tmp/bin/netpolctl"
PATH=$tmp/bin:$PATH
failed=0

fail()
{
	echo "$*"
	failed=1
}

"$tool" __options >"$tmp/options"
mapfile -t commands < <(jq -r '.commands[].name' "$tmp/options")
[ "${#commands[@]}" -gt 20 ] || fail "only ${#commands[@]} commands"

# Help has every option, in 80 columns; what it says of them is a phrase that the man page ends.
"$tool" help >"$tmp/help"
for command in "${commands[@]}"; do
	"$tool" "$command" --help >"$tmp/help.$command" || fail "$command --help: status $?"
	"$tool" help "$command" | cmp -s - "$tmp/help.$command" || fail "help $command differs"
	grep -q "^Usage: netpolctl .*$command" "$tmp/help.$command" || fail "$command: no usage"
	grep -q "^  $command " "$tmp/help" || fail "help does not list $command"
	while read -r name; do
		grep -qE -- "^  (-.,|   ) --$name( |$)" "$tmp/help.$command" ||
			fail "$command --help has no --$name"
	done < <(jq -r --arg c "$command" '.commands[] | select(.name == $c).options[].name' \
		"$tmp/options")
done
awk 'length > 80 { print FILENAME ": more than 80 columns: " $0; bad = 1 } END { exit bad }' \
	"$tmp"/help* || failed=1
jq -r '.options[], .commands[].options[] | .text' "$tmp/options" | grep -nE '^[A-Z][a-z]|\.$' &&
	fail "the text of an option begins with a capital or ends in a full stop"

# offers WANT WORD...: the candidates that the tool offers for the last word, on one line
offers()
{
	local want=$1 got
	shift
	got=$("$tool" __complete "$@" 2>"$tmp/errors" | cut -f 1 | paste -sd ' ')
	[ "$got" = "$want" ] || fail "completion of '$*': '$got' instead of '$want'"
	[ ! -s "$tmp/errors" ] || fail "completion of '$*' says: $(cat "$tmp/errors")"
}

offers 'doctor' 'do'
offers 'apply' help app
offers 'table wide json yaml name' get pods -o ''
offers 'json' get pods -oj -o j
offers '--output=yaml' status --output=y
offers 'none client kernel' apply -R -f x --dry-run ''
offers '--dry-run=none --dry-run=client --dry-run=kernel' apply --dry-run=
offers '--all-namespaces' get --a
offers ':files' apply -Rf ''
offers 'none :folders' apply --cni-cache ''
offers 'pods policies' get po
offers 'policy/ pod/ namespace/ clusternetworkpolicy/' delete ''
offers 'guard-prefix= guard-interface=' settings unknown=deny gu
offers 'NP001' lint --disable NP001
offers 'bridge' doctor --check br
offers 'kernel cluster :files' diff kernel ''
offers 'html dot mermaid' graph -f x -o ''
offers 'deny audit change all' monitor ''
offers 'deny audit all' flows ''
offers 'jsonl ipfix' flows -o ''
offers ':files' flows --write ''
offers 'ever' audit shop --for ''
offers '--audit --audit-annotations' apply --au
# Where -o names a file, it is no form.
offers ':files' support-bundle -o ''
offers ':files' support-bundle --output=
offers '' diff a b ''
offers '' top pods ''
offers '' get pods -- -
offers '' apply --nonsense=
offers '' nonsense ''
offers '' get --unused ''
offers '' __complete ''
# Without the module there are no names, and no complaint.
[ -e /sys/module/netpol ] || offers '' get pods -n ''
[ -e /sys/module/netpol ] || offers 'world host' explain ''

# Every word that is offered as the value of an option is taken: the form of the output is looked at
# when all options were read.
n=0
while read -r command option word; do
	n=$((n + 1))
	"$tool" "$command" "--$option=$word" -o nonsense >"$tmp/out" 2>&1 </dev/null
	grep -q 'no output form "nonsense"' "$tmp/out" ||
		fail "$command --$option=$word: $(cat "$tmp/out")"
done < <(jq -r '.commands[] | .name as $c | .options[] | .name as $o | (.from // "") |
	split(" ")[] | select(test("^[^@]*[^@/]$")) | "\($c) \($o) \(.)"' "$tmp/options")
[ "$n" -gt 20 ] || fail "only $n words of options"
# So are words; what is not a network namespace ends the command before anything happens.
for command in "get " "top " "monitor "; do
	for word in $("$tool" __complete $command '' | cut -f 1); do
		"$tool" $command "$word" --netns /dev/null >"$tmp/out" 2>&1 </dev/null
		if [ $? = 2 ] && [ "$word" != trie ]; then
			fail "$command$word: $(cat "$tmp/out")"
		fi
	done
done

# bash, by its variables: it makes words of their own of = and :.
completes()
{
	local want=$1 got
	shift
	got=$(bash --norc -c 'complete() { :; }
		. deploy/completion/netpolctl
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_netpolctl
		echo "${COMPREPLY[*]}"' - "$@" 2>&1)
	[ "$got" = "$want" ] || fail "bash completes '$*' with '$got' instead of '$want'"
}
completes 'pods policies' netpolctl get po
completes 'client' netpolctl apply --dry-run = c
completes 'none client kernel' netpolctl apply --dry-run =
completes 'deploy/completion' netpolctl apply -f deploy/comp
completes 'deploy/completion' netpolctl matrix --expect = deploy/comp
completes '' netpolctl eval label : a
completes '' no-such-tool get ''

# The shells as somebody types: what the key of completion adds to the line.
cat >"$tmp/typed.py" <<'X2'
import os
import pty
import select
import sys
import time


def until(fd, text):
    """Reads until the text has come."""
    got, end = b"", time.monotonic() + 60
    while text not in got:
        left = end - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            break
        try:
            got += os.read(fd, 65536)
        except OSError:
            break
    return text in got, got


shell, setup, line, want = sys.argv[1:]
pid, fd = pty.fork()
if not pid:
    os.environ.update(TERM="dumb", PS1="", INPUTRC="/dev/null")
    os.execvp(shell, {"bash": ["bash", "--norc", "--noprofile", "-i"],
                      "zsh": ["zsh", "-f", "-i"]}[shell])
try:
    os.write(fd, f"{setup}; echo rea''dy\n".encode())
    good, got = until(fd, b"ready")
    if good:
        os.write(fd, f"{line}\t".encode())
        good, got = until(fd, want.encode())
finally:
    os.close(fd)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
if not good:
    print(f"{shell}: '{line}' and the tabulator do not give '{want}': {got}")
    sys.exit(1)
X2
typed()
{
	python3 "$tmp/typed.py" "$@" || failed=1
}
for shell in bash zsh; do
	# shellcheck disable=SC2016 # for zsh
	case $shell in
	bash) setup='. deploy/completion/netpolctl' ;;
	zsh) setup='fpath=($PWD/deploy/completion $fpath); autoload -Uz compinit; compinit -u -D' ;;
	esac
	typed $shell "$setup" 'netpolctl doc' 'doctor '
	typed $shell "$setup" 'netpolctl apply --dry-run=k' '--dry-run=kernel '
	typed $shell "$setup" 'netpolctl apply --allow-e' '--allow-empty-kinds '
	typed $shell "$setup" 'netpolctl apply -f deploy/comp' 'deploy/completion/'
	typed $shell "$setup" 'netpolctl matrix --expect=deploy/comp' '=deploy/completion/'
	typed $shell "$setup" 'netpolctl settings guard-p' 'guard-prefix='
done
# fish says itself what it would offer.
fish_completes()
{
	local want=$1 got
	got=$(HOME=$tmp fish --no-config -c '. deploy/completion/netpolctl.fish
		complete -C $argv[1]' "$2" 2>&1 | cut -f 1 | paste -sd ' ')
	[ "$got" = "$want" ] || fail "fish completes '$2' with '$got' instead of '$want'"
}
fish_completes 'pods policies' 'netpolctl get po'
fish_completes '--dry-run=client' 'netpolctl apply --dry-run=c'
fish_completes 'deploy/completion/' 'netpolctl apply -f deploy/comp'
fish_completes '--expect=deploy/completion/' 'netpolctl matrix --expect=deploy/comp'
fish_completes '' '/nonexistent/netpolctl get po'
exit $failed
