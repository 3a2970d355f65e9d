#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Inside the VM: what deploy/image/module/load.sh says and does on a node, with the module built
# before; the guest is the container and the node.
set -eu
release=$(uname -r)

fails()
{
	if "$@" >/tmp/out 2>&1; then
		echo "did not fail: $*"
		exit 1
	fi
}

# A node without headers, and then the module that was built elsewhere.
fails sh /load.sh
grep -q "error: the node has no headers of Linux $release" /tmp/out
grep -q "hint: install linux-headers-$release" /tmp/out
[ ! -e /sys/module/netpol ]
sh /load.sh load
[ -e /sys/module/netpol ]

# Again, and with another version: the loaded one stays.
sh /load.sh | grep -q "is loaded"
sed -i 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="99"/' /usr/src/netpol/dkms.conf
sh /load.sh >/tmp/out
grep -q "it stays; the node gets version 99 when it boots again" /tmp/out
rmmod netpol

# A kernel that refuses it.
echo nonsense >/build/netpol/netpol.ko
fails sh /load.sh load
grep -q "hint: " /tmp/out
