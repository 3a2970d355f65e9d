#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# installed.sh RELEASE - what make install says at its end: what is there and what is still to
# be enabled.
cat <<END

netpol is installed for kernel $1. What the running kernel enforces has not changed: a module that
is loaded stays until the next boot. The module is loaded at each boot; a new kernel needs it built
again, which DKMS does after "make dkms-install".

  modprobe netpol                   loads it now; empty, it changes no verdict
  netpolctl apply -f FILE           enforces policies of files

For the node agent, write /etc/netpol/sync.env (man netpolctl-sync), then

  systemctl daemon-reload
  systemctl enable --now netpol-restore netpolctl-sync

"netpolctl doctor" tells what keeps this node from enforcing.
END
