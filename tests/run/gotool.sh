#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# gotool.sh helm|kustomize - prints where the program is. Debian 12 has no package of either, so
# both are built, once for each version, as Go modules with Debian's Go 1.19; hence not the newest.
# Ends with 77 where the modules cannot be fetched.
set -eu
case "${1:-}" in
helm) module=helm.sh/helm/v3/cmd/helm version=v3.11.3 ;;
kustomize) module=sigs.k8s.io/kustomize/kustomize/v4 version=v4.5.7 ;;
*) sed -n '4,5s/^# //p' "$0" >&2; exit 2 ;;
esac
cache=${NETPOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/netpol}
program=$cache/go/$1-$version
mkdir -p "$cache/go"
exec 7>"$cache/go/lock"
flock 7
if [ ! -x "$program" ]; then
	if [ ! -x /usr/lib/go-1.19/bin/go ]; then
		DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 install -y \
			--no-install-recommends golang-1.19-go ca-certificates >&2
	fi
	work=$(mktemp -d "$cache/go/.tmp.XXXXXX")
	trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
	echo "building $1 $version, some minutes" >&2
	env -u GOROOT PATH="/usr/lib/go-1.19/bin:$PATH" GOTOOLCHAIN=local GOFLAGS=-modcacherw \
		GOBIN="$work" GOPATH="$work/path" GOCACHE="$work/objects" CGO_ENABLED=0 \
		go install -ldflags=-s "$module@$version" >"$cache/go/log" 2>&1 ||
		{
			tail -n 20 "$cache/go/log" >&2
			! grep -Eq 'dial tcp|proxyconnect|no such host|i/o timeout' "$cache/go/log" ||
				exit 77
			exit 1
		}
	mv "$work/$1" "$program"
fi
echo "$program"
