#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs the commands of docs/guide.md, one after the other, on a node with the pods of examples/shop,
# and compares what they print. The cart tries to reach its database all the time, as in the guide.
# To write the page anew, take what this prints as "page: ".
#netpol-test: file=docs/guide.md
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(realpath "$(dirname "$0")")
# Ports of clients, times and packets are other ones each time.
same='s/[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}/TIME/
	s/:[0-9]+ ->/:PORT ->/
	s/[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}Z?/TIME/
	s/generation( *)[0-9]+/generation\1N/
	s/^module( *)[0-9.]+,/module\1VERSION,/
	/^(ingress|egress|denied|undecided|events) /s/[0-9]+/N/g
	/^shop .* manual /s/ [0-9]+ +[-0-9a-z]+ +[0-9]+m?s / N TIME /
	/^(identities|program-bytes|unfreed-bytes|transactions) /s/ [0-9]+ +/ N /'

node_make - 10.244.0.1 fd00:244::1
pod_make - shop/web-6f7b9c-x2x1k 10.244.1.11 -
pod_make - shop/cart-5d4c8-7kq2p 10.244.1.12 -
pod_make - shop/redis-1 10.244.1.13 -
serve_on shop/redis-1 -- tcp/6379
try() { probe batch -m 100 <<<"0 shop.cart-5d4c8-7kq2p tcp - 10.244.1.13 6379"; }
is "$(try)" "0 yes" "without policies the cart reaches its database"
cd "$tmp" || bail cd
ln -s /tests/examples examples
while :; do try; done >/dev/null 2>&1 &
pids+=($!)
SESSION_WRITE=$tmp/page bash "$here/lib-session.sh" /tests/guide.md "$same" >"$tmp/out"
is "$?" 0 "every command prints what the guide says"
grep -q '^+' "$tmp/out" && note "$(cat "$tmp/out")" && sed 's/^/page: /' "$tmp/page"
is "$(try)" "0 yes" "the cart reaches its database by the policy of the guide"
finish
