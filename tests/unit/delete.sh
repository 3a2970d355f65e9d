#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpolctl delete as a command: words that name no object are refused before the kernel is asked.
set -u
cd "$(dirname "$0")/../.." || exit 1
command='delete'
# shellcheck source=tests/run/command.sh
. tests/run/command.sh

expect 2 '"deny" names no object' deny
expect 2 '"cnp/" names no object' cnp/
expect 2 '"cnp/a/deny" names no object' cnp/a/deny
# An empty namespace, as from an unset variable, makes no ClusterNetworkPolicy of a NetworkPolicy.
expect 2 '"policy//deny" names no object' policy//deny
expect 2 '"netpol//deny" names no object' netpol//deny
expect 2 '"pod//web" names no object' pod//web
expect 2 '"policy/deny" names no object' -n '' policy/deny
exit $failed
