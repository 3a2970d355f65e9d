#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The module loads, shows up, and leaves nothing behind when it goes.
#netpol-test: no-module

n=0 bad=0
echo 1..5
t()
{
	n=$((n + 1))
	what=$1
	shift
	if "$@"; then
		echo "ok $n $what"
	else
		echo "not ok $n $what"
		bad=1
	fi
}
loaded() { grep -q '^netpol ' /proc/modules; }
not_loaded() { ! loaded; }
twenty()
{
	i=0
	while [ $i -lt 20 ]; do
		modprobe netpol && rmmod netpol || return 1
		i=$((i + 1))
	done
}

t "modprobe netpol" modprobe netpol
t "the module is listed" loaded
t "rmmod netpol" rmmod netpol
t "it is gone" not_loaded
t "load and unload 20 times" twenty
exit $bad
