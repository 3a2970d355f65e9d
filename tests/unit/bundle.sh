#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl support-bundle as a command, without the module: the archive, the file that it is
# written to, what is missing. What is in it with the module is for tests/e2e/bundle.sh.
set -u
cd "$(dirname "$0")/../.." || exit 1
command=support-bundle
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

fail()
{
	echo "$*"
	failed=1
}

# whole FILE: tar reads it, and MANIFEST has a line on each file of it, of the right size
whole()
{
	rm -rf "$tmp/x"
	mkdir "$tmp/x"
	tar -xzf "$1" -C "$tmp/x" --no-same-owner || fail "tar cannot read $1"
	[ "$(find "$tmp/x" -mindepth 1 -maxdepth 1 | wc -l)" = 1 ] || fail "not one folder in $1"
	cd "$tmp/x"/* || exit 1
	for file in *; do
		[ "$file" != MANIFEST ] || continue
		grep -Eq "^(ok|cut) +$(stat -c %s "$file")  $file " MANIFEST || fail "MANIFEST: $file"
	done
	grep -E '^(ok|cut) ' MANIFEST | while read -r _ _ file _; do [ -e "$file" ] || echo "$file"; done |
		grep . && fail "MANIFEST has files that are not there"
	cd "$OLDPWD" || exit 1
}

expect 0 "^$tmp/b.tar.gz$" -o "$tmp/b.tar.gz"
expect 3 '^hint: --force replaces it$' -o "$tmp/b.tar.gz"
[ "$(stat -c %a "$tmp/b.tar.gz")" = 600 ] || fail "others can read it"
whole "$tmp/b.tar.gz"
manifest=$(echo "$tmp"/x/*/MANIFEST)
for file in version.json kernel.txt sysctl.txt host.txt doctor.json; do
	grep -q "^ok .* $file " "$manifest" || fail "no $file"
done
jq -e '.tool.version != ""' "$tmp"/x/*/version.json >/dev/null || fail "no version"
jq -e '.findings | length > 0' "$tmp"/x/*/doctor.json >/dev/null || fail "no findings"
grep -q '^missing .* pods.json .*: exit status 4: .*not loaded$' "$manifest" || fail "no reason"
grep -q '^missing .* agent-metrics.txt ' "$manifest" || fail "metrics of no agent"
! grep -rlE 'PATH=|HOME=|BEGIN .*KEY' "$tmp/x" || fail "an environment or a key is in it"

# A file that is there is kept, unless it is to be replaced; nothing is written through a link.
echo old >"$tmp/target"
ln -s "$tmp/target" "$tmp/link"
ln -s "$tmp/nowhere" "$tmp/dangling"
mkfifo "$tmp/pipe"
expect 3 'cannot write: No such file' -o "$tmp/none/b.tar.gz"
for force in '' --force; do
	for there in 'link symbolic link' 'dangling symbolic link' 'x folder' 'pipe pipe'; do
		expect 3 "cannot write: it is there, and it is a ${there#* }, which is never replaced" \
			-o "$tmp/${there%% *}" $force
		! grep -q 'hint: --force' "$tmp/err" || fail "--force is no help for a ${there#* }"
	done
done
[ ! -e "$tmp/nowhere" ] || fail "a link to nowhere was followed"
[ "$(cat "$tmp/target")" = old ] || fail "a link was followed"
[ -L "$tmp/link" ] && [ -L "$tmp/dangling" ] || fail "a link was replaced"
[ -p "$tmp/pipe" ] || fail "a pipe was replaced"
chmod 644 "$tmp/target"
expect 0 'target$' -o "$tmp/target" --force
[ "$(stat -c %a "$tmp/target")" = 600 ] || fail "the mode of the old file stays"
whole "$tmp/target"
[ "$(find "$tmp" -maxdepth 1 -name '*.??????' ! -name '*.tar.gz' | wc -l)" = 0 ] || fail "left over"

# Without -o a file in this folder, and to standard output.
(cd "$tmp" && "$tool" support-bundle -q >"$tmp/name") || fail "no file of its own name"
grep -Eqx 'netpol-support-[0-9]{8}-[0-9]{6}.tar.gz' "$tmp/name" || fail "its name"
whole "$tmp/$(cat "$tmp/name")"
"$tool" support-bundle -o - >"$tmp/stdout.tar.gz" 2>/dev/null || fail "standard output"
whole "$tmp/stdout.tar.gz"
"$tool" support-bundle -o - 2>"$tmp/err" >/dev/full && fail "a full disk is no error"
grep -q 'cannot write: No space left' "$tmp/err" || fail "a full disk: $(cat "$tmp/err")"
expect 2 'a file is given as -o' "$tmp/c.tar.gz"

# Programs are those of the system, whatever PATH says.
mkdir "$tmp/bin"
printf '#!/bin/sh\ntouch "%s"\n' "$tmp/ran" >"$tmp/bin/ip"
for name in lsmod modinfo dkms dmesg systemctl journalctl; do
	cp "$tmp/bin/ip" "$tmp/bin/$name"
done
chmod +x "$tmp"/bin/*
PATH=$tmp/bin:$PATH expect 0 'path.tar.gz$' -o "$tmp/path.tar.gz"
[ ! -e "$tmp/ran" ] || fail "a program of PATH was run"

# Made-up names: the node's name and its addresses are nowhere.
expect 0 'made up' -o "$tmp/r.tar.gz" --redact
whole "$tmp/r.tar.gz"
for file in journal.txt dmesg.txt; do
	grep -q "^left out .* $file " "$tmp"/x/*/MANIFEST || fail "not left out: $file"
done
node=$(uname -n)
case $node in
localhost | ?) ;;
*)	! grep -rwF -- "$node" "$tmp/x" || fail "the name of the node is left" ;;
esac
ip -o addr 2>/dev/null | awk '{ print $4 }' | cut -d/ -f1 | grep -vE '^(127\.|::1$)' |
	while read -r address; do
		! grep -rwF -- "$address" "$tmp/x" || echo "$address"
	done | grep . && fail "an address is left"

# agent FILE: something that answers at $tmp/sock with what the file has, each time
agent()
{
	local ready

	exec 3< <(exec /usr/bin/python3 -c '
import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(8)
print("ready", flush=True)
while True:
    with server.accept()[0] as client, open(sys.argv[2], "rb") as answer:
        client.sendall(answer.read())
' "$tmp/sock" "$1")
	agent=$!
	trap 'kill "$agent"; rm -rf "$tmp"' EXIT
	read -r ready <&3 && [ "$ready" = ready ] || fail "the agent of this test"
}

# Names that cannot be learnt would be left, so there is no archive. Without --redact there is one.
echo 'this is no status' >"$tmp/answer"
agent "$tmp/answer"
expect 3 'no names can be learnt from agent-status.json, so they cannot be replaced: exit status 5: ' \
	-o "$tmp/unknown.tar.gz" --redact --socket "$tmp/sock"
[ ! -e "$tmp/unknown.tar.gz" ] || fail "an archive with names that were not learnt"
expect 0 'unknown.tar.gz$' -o "$tmp/unknown.tar.gz" --socket "$tmp/sock"
whole "$tmp/unknown.tar.gz"
grep -q '^missing .* agent-status.json ' "$tmp"/x/*/MANIFEST || fail "a broken answer is there"

# What the agent quotes of objects is nowhere, also where doctor says it again.
cat >"$tmp/answer" <<'X'
{"apiVersion": "netpolctl/v1", "kind": "SyncStatus", "ready": false, "waitingFor": "what is \"quoted\"",
 "kinds": [{"kind": "pods", "connected": false, "error": "reading pods: \"quoted\" is no name"}]}
X
expect 0 'quoted.tar.gz$' -o "$tmp/quoted.tar.gz" --redact --socket "$tmp/sock"
whole "$tmp/quoted.tar.gz"
! grep -r 'quoted' "$tmp/x" || fail "what the agent quotes is left"
grep -Fq 'changes of pods: reading pods: \"...\" is no name' "$tmp"/x/*/doctor.json ||
	fail "doctor does not say what the agent says"

# Without root less is there, but nothing fails.
if [ "$(id -u)" = 0 ]; then
	chmod 777 "$tmp"
	setpriv --reuid=65534 --regid=65534 --clear-groups "$tool" support-bundle \
		-o "$tmp/user.tar.gz" >/dev/null 2>"$tmp/err" || fail "without root: $(cat "$tmp/err")"
	whole "$tmp/user.tar.gz"
	grep -q '^ok .* version.json' "$tmp"/x/*/MANIFEST || fail "without root: no version"
fi
exit $failed
