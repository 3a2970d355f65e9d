#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# many.sh PODS [BYTES]: the client lists this many pods of 4.4 KB over TLS, and
# says what that cost. Fails over 67 us of processor a pod (10 s for 150,000) with
# room for a slow machine, or if memory depends on the number of pods.
set -eu
cd "$(dirname "$0")/../.."
export FOLLOW=build/kube/follow-plain PYTHONDONTWRITEBYTECODE=1
alone=()
if unshare -n true 2>/dev/null; then
	alone=(unshare -n)
fi
# shellcheck disable=SC2016 # for the inner shell
exec ${alone[@]+"${alone[@]}"} sh -c '
	[ "$1" = 0 ] || ip link set lo up
	shift
	exec /usr/bin/python3 tests/kube/many.py "$@"' many "${#alone[@]}" "$@"
