#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages that the tool writes, in a real browser: each tests/browser/X.py, which says
# "NAME: N passed, N failed" in its last line. Screenshots stay in build/browser.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tests/run/results.sh
. tests/run/results.sh
begin browser

run_check "tool builds" make -s tools
rm -rf build/browser
for src in tests/browser/*.py; do
	name=$(basename "$src" .py)
	# The browser gets a home of its own, which goes with it.
	home=$(mktemp -d)
	run_counted "$name" env HOME="$home" timeout -k 5 "${BROWSER_SECONDS:-300}" \
		/usr/bin/python3 "$src" build/netpolctl build/browser
	rm -rf "$home"
done
finish
