#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Inside the VM: one.sh [-n] [-m MODULE,MODULE] COMMAND... - loads the modules
# asked for and netpol (not with -n), then becomes the test.
module=netpol
while getopts nm: opt; do
	case "$opt" in
	n) module= ;;
	m)	for m in $(echo "$OPTARG" | tr , ' '); do
			modprobe "$m" || echo "# no module $m"
		done ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
if [ -n "$module" ] && ! modprobe netpol; then
	echo "Bail out! modprobe netpol failed"
	dmesg | tail -n 5 | sed 's/^/# /'
	exit 99
fi
exec "$@"
