#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Inside the VM: guest.sh COMMAND... TABLE... - runs it, and then COMMAND (what comes
# before the first table) over a table with three lies, which it has to find.
set -u
command=
for x; do
	case "$x" in
	*.jsonl) break ;;
	*) command="$command $x" ;;
	esac
done
"$@" || exit
case "$*" in
*.jsonl*) ;;
*) exit 0 ;;
esac
# in a network namespace of its own: the names of the first run's pods are taken
# shellcheck disable=SC2086,SC2016 # words on purpose; for the shell inside
if unshare -n -m sh -c 'mount -t tmpfs run /run && mkdir /run/netns && ip link set lo up &&
		exec "$@"' sh $command /root/tests/truth/lies.jsonl >/tmp/lies; then
	echo "lies are taken for the truth:"
	cat /tmp/lies
	exit 1
fi
if ! grep -q ', 3 mismatches$' /tmp/lies; then
	echo "three lies, but:"
	cat /tmp/lies
	exit 1
fi
echo "and three lies were found"
