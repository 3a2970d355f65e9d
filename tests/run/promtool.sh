#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints where promtool is. It comes with Debian's package prometheus, which is
# unpacked into the cache and not installed: installing it would start a server.
set -eu
if type -P promtool; then
	exit
fi
cache=${NETPOL_CACHE:-${HOME:-/root}/.cache/netpol}
mkdir -p "$cache"
exec 7>"$cache/promtool.lock"
flock 7
version=$(apt-cache show --no-all-versions prometheus | sed -n 's/^Version: *//p' | tr : _)
at=$cache/promtool-$version
if [ -z "$version" ] || [ ! -x "$at/usr/bin/promtool" ]; then
	work=$(mktemp -d "$cache/promtool.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	(
		cd "$work"
		apt-get -q -o DPkg::Lock::Timeout=600 -o APT::Sandbox::User=root update
		apt-get -q -o APT::Sandbox::User=root download prometheus
		dpkg-deb -x prometheus_*.deb root
	) >&2
	version=$(dpkg-deb -f "$work"/prometheus_*.deb Version | tr : _)
	at=$cache/promtool-$version
	rm -rf "$at"
	mv "$work/root" "$at"
fi
echo "$at/usr/bin/promtool"
