#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves that netpolctl doctor finds each thing that it looks for, and nothing where all is
# well (man page, DOCTOR; docs/semantics.md, "What goes past the policies").
#netpol-test: no-module
#netpol-test: modules=ip_vs,ip_vs_rr
#netpol-test: timeout=900
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
node=n1
np="netpolctl --netns n1"
node_make n1 10.244.0.1 fd00:244::1
bridge_make n1 br0 10.244.8.1/24 fd00:244:8::1/64
pod_make n1 a/routed 10.244.1.10 fd00:244:1::10
pod_make n1 a/left 10.244.8.10 fd00:244:8::10 br0
pod_make n1 a/right 10.244.8.20 fd00:244:8::20 br0
serve_on a/routed a/left a/right -- tcp/80
control=n1,10.244.1.10,80
dev=${end_dev[a/routed]}

# finds CHECK STATUS PATTERN WHAT: that check has such a finding
finds()
{
	$np doctor --check "$1" -o json >"$tmp/doctor" 2>&1
	check "doctor $1: $4" jq -e --arg s "$2" --arg p "$3" \
		'[.findings[] | select(.status == $s and (.text + " " + (.hint // "") | test($p)))] | length > 0' \
		"$tmp/doctor"
	[ -n "${2#ok}" ] || is "$(jq -r '[.findings[].status] | unique | join(" ")' "$tmp/doctor")" ok \
		"doctor $1: $4, and nothing else"
}
status() # WANT COMMAND...
{
	local want=$1 rc=0
	shift
	"$@" >/dev/null 2>&1 || rc=$?
	is "$rc" "$want" "exit status of ${*:1:6}"
}

# --- the module, and the next kernel ------------------------------------------------------

finds module fail "not loaded.*modprobe" "without the module"
status 1 $np doctor --check module
modprobe netpol || bail modprobe
finds module ok "ABI" "with the module"
status 0 $np doctor --check module
status 2 $np doctor --check nothing
status 2 $np doctor word
finds enforcing warn "nothing is loaded" "before anything is loaded"
mkdir -p /boot /lib/modules/9999.1-test
touch /boot/vmlinuz-9999.1-test
echo "kernel/net/llc/llc.ko.xz:" >/lib/modules/9999.1-test/modules.dep
finds next-kernel fail "9999.1-test.*dkms autoinstall -k 9999.1-test" "a kernel without the module"
status 1 $np doctor --check next-kernel
echo "updates/dkms/netpol.ko.xz: kernel/net/netfilter/nf_conntrack.ko.xz" >>/lib/modules/9999.1-test/modules.dep
finds next-kernel ok "9999.1-test" "a kernel with the module"
touch "/boot/vmlinuz-$(uname -r)"
ln -s "vmlinuz-$(uname -r)" /boot/vmlinuz
finds next-kernel ok "boots next, has the module" "where /boot/vmlinuz points"
finds next-kernel ok "boots next, has the module" "the newest one has it too"
echo "kernel/net/llc/llc.ko.xz:" >/lib/modules/9999.1-test/modules.dep
$np doctor --check next-kernel -o json >"$tmp/doctor" 2>&1
check "doctor next-kernel: the newest one without the module" jq -e \
	'.findings[1] | .status == "warn" and (.text | test("9999.1-test, which is the newest"))' "$tmp/doctor"
rm -r /boot/vmlinuz* /lib/modules/9999.1-test
finds signature ok "without a signature" "a kernel that wants none"

# --- pods -----------------------------------------------------------------------------------

expect <<X
yes n1 tcp a/left 80 before
yes n1 tcp a/right 80 before
X
{
	ns_yaml a
	pods_yaml a/routed a/left a/right
} | apply
finds enforcing ok generation "with objects"
finds interface ok "of 3 local pods" "all known"
cat >"$tmp/nowhere" <<X
apiVersion: v1
kind: Pod
metadata: {name: nowhere, namespace: a}
status: {phase: Running, podIP: 10.244.77.1}
X
netpol apply --local all -f "$tmp/nowhere"
finds interface warn "1 local pods.*a/nowhere" "a local pod behind no known interface"
netpol delete -f "$tmp/nowhere"

# --- bridges --------------------------------------------------------------------------------

finds bridge fail "br0.*br_netfilter is not loaded.*modprobe" "without br_netfilter"
if modprobe br_netfilter; then
	finds bridge ok "not those with a VLAN tag" "with br_netfilter"
	for x in iptables ip6tables; do
		echo "bridge/bridge-nf-call-$x 0" | sysctls n1
		finds bridge fail "bridge-nf-call-$x is 0" "bridge-nf-call-$x is 0"
		echo "bridge/bridge-nf-call-$x 1" | sysctls n1
	done
	echo "bridge/bridge-nf-call-iptables 0" | sysctls n1
	echo "bridge/bridge-nf-call-ip6tables 0" | sysctls n1
	finds bridge fail "is 0, and so is -ip6tables" "both are 0"
	ip -n n1 link set br0 type bridge nf_call_iptables 1 nf_call_ip6tables 1
	finds bridge ok br0 "the bridge's own flags"
	ip -n n1 link set br0 type bridge nf_call_iptables 0 nf_call_ip6tables 0
	for i in $(seq 60); do
		echo "$i a.left tcp - ${end_v4[a/right]} 80"
	done | batch >/dev/null
	finds unseen fail "a/right.*from and to" "after sixty connections past the hook"
	finds unseen fail "a/left" "at the other end too"
	echo "bridge/bridge-nf-call-iptables 1" | sysctls n1
	echo "bridge/bridge-nf-call-ip6tables 1" | sysctls n1
	ip -n n1 link add link br0 name br0.7 type vlan id 7
	finds bridge fail "VLAN tag.*filter-vlan-tagged=1" "a VLAN on the bridge"
	echo "bridge/bridge-nf-filter-vlan-tagged 1" | sysctls n1
	finds bridge ok "also tagged" "a VLAN on the bridge, with tags shown"
	ip -n n1 link del br0.7
else
	skip "doctor bridge: with br_netfilter" "no br_netfilter"
fi

# --- what takes packets away ------------------------------------------------------------------

finds flowtable ok none "none"
if in_netns n1 nft -f - 2>"$tmp/nft" <<-X
	table inet fast {
		flowtable f { hook ingress priority 0; devices = { $dev }; }
		flowtable empty { hook ingress priority 0; }
	}
X
then
	finds flowtable fail "flowtable f of table fast.*$dev, of pod a/routed" "one at a pod's interface"
	in_netns n1 nft delete table inet fast
	finds flowtable ok none "gone again"
else
	skip "doctor flowtable: one at a pod's interface" "$(head -n 1 "$tmp/nft")"
fi
finds redirect ok "3 pods" "none"
in_netns n1 tc qdisc add dev "$dev" clsact
for way in ingress egress; do
	in_netns n1 tc filter add dev "$dev" $way matchall action mirred egress redirect dev "${end_dev[a/left]}"
	finds redirect fail "$dev of pod a/routed.*redirects" "tc, $way"
	in_netns n1 tc filter del dev "$dev" $way
done
in_netns n1 tc filter add dev "$dev" ingress protocol ip flower ip_proto tcp action mirred egress redirect dev "${end_dev[a/left]}"
finds redirect fail "a/routed.*redirects" "tc, flower"
in_netns n1 tc filter del dev "$dev" ingress
in_netns n1 tc filter add dev "$dev" ingress matchall action mirred egress mirror dev "${end_dev[a/left]}"
finds redirect ok "3 pods" "a mirror is none"
in_netns n1 tc qdisc del dev "$dev" clsact
xdp n1 "$dev" >"$tmp/xdp" 2>&1 &
pids+=($!)
if eventually 10 grep -q attached "$tmp/xdp"; then
	finds redirect warn "$dev of pod a/routed.*XDP" "XDP"
	kill "${pids[-1]}"
	wait "${pids[-1]}" 2>/dev/null
	check "doctor redirect: XDP is gone" eventually 10 $np doctor --check redirect
else
	skip "doctor redirect: XDP" "$(tail -n 1 "$tmp/xdp")"
fi
finds ipvlan ok "no ipvlan or macvlan" "none"
netns_add child
for kind in "ipvlan mode l2" "ipvlan mode l3" "macvlan mode bridge"; do
	ip -n n1 link add up0 type dummy
	ip -n n1 link set up0 up
	# shellcheck disable=SC2086 # words
	ip -n n1 link add sub0 link up0 type $kind
	finds ipvlan ok "no ipvlan or macvlan" "$kind that is not moved yet"
	ip -n n1 link set sub0 netns child
	finds ipvlan fail "sub0 in network namespace child is a ${kind%% *} on up0" "$kind"
	ip -n n1 link del up0
done
# somebody else's child
ip -n child link add up0 type dummy
ip -n child link add sub0 link up0 type macvlan
netns_add grandchild
ip -n child link set sub0 netns grandchild
finds ipvlan ok "no ipvlan or macvlan" "of another network namespace"

finds ipvs ok "no IPVS" "none"
if in_netns n1 ipvsadm -A -t 10.96.0.20:80 -s rr 2>"$tmp/ipvs"; then
	echo "ipv4/vs/conntrack 0" | sysctls n1
	finds ipvs fail "1 IPVS services.*vs.conntrack=1" "conntrack=0"
	echo "ipv4/vs/conntrack 1" | sysctls n1
	finds ipvs ok "1 services" "conntrack=1"
	in_netns n1 ipvsadm -C
else
	skip "doctor ipvs: conntrack=0" "$(tail -n 1 "$tmp/ipvs")"
fi
finds vrf ok "no interface" "none"
if ip -n n1 link add red type vrf table 10 2>"$tmp/vrf"; then
	ip -n n1 link add d0 type dummy
	ip -n n1 link set d0 master red
	finds vrf warn "d0 is in VRF red.*--interface" "an interface in one"
	ip -n n1 link del red
else
	skip "doctor vrf: an interface in one" "$(tail -n 1 "$tmp/vrf")"
fi
finds tunnel ok "no tunnel" "none"
if ip -n n1 link add t0 type vxlan id 1 dstport 4789 2>"$tmp/tunnel"; then
	finds tunnel ok "1 tunnels, closed" "a tunnel"
	netpol settings tunnels=allow
	finds tunnel warn "through t0.*tunnels=deny" "a tunnel that pods may send to"
	netpol settings tunnels=
	ip -n n1 link del t0
else
	skip "doctor tunnel: a tunnel" "$(tail -n 1 "$tmp/tunnel")"
fi
finds xfrm ok "no IPsec" "none"
if ip -n n1 link add ipsec0 type xfrm dev lo if_id 1 2>"$tmp/xfrm"; then
	finds xfrm warn "ipsec0 is an IPsec interface" "one"
	ip -n n1 link del ipsec0
else
	skip "doctor xfrm: one" "$(tail -n 1 "$tmp/xfrm")"
fi

# --- DNS, guards ------------------------------------------------------------------------------

finds node-dns ok "no DNS cache" "none"
ip_batch n1 <<X
link add nodelocaldns type dummy
link set nodelocaldns up
addr add 169.254.20.10/32 dev nodelocaldns
addr add 10.96.0.10/32 dev nodelocaldns
addr add fd00:96::53/128 dev nodelocaldns nodad
X
for x in UDP4-RECVFROM:53,bind=169.254.20.10 TCP4-LISTEN:53,bind=169.254.20.10 \
	UDP4-RECVFROM:53,bind=10.96.0.10 "TCP6-LISTEN:53,bind=[fd00:96::53]" \
	UDP4-RECVFROM:53,bind=10.244.0.1 TCP4-LISTEN:53,bind=127.0.0.53 TCP4-LISTEN:5353,bind=10.96.0.10; do
	in_netns n1 socat "$x,fork" PIPE >/dev/null 2>&1 &
	pids+=($!)
done
# shellcheck disable=SC2317 # by eventually
sockets() { [ "$(in_netns n1 ss -Hlntu | grep -c ':53 ')" = 6 ]; }
check "doctor node-dns: the caches listen" eventually 20 sockets
netpol settings host-allow=10.244.0.1:tcp/9
finds node-dns warn "DNS cache.*host-allow=10.244.0.1:tcp/9," "one, and what was allowed before"
line=$($np doctor --check node-dns -o json | jq -r '.findings[0].hint')
for x in 169.254.20.10:udp/53 169.254.20.10:tcp/53 10.96.0.10:udp/53 fd00:96::53; do
	check "doctor node-dns: the line has $x" grep -qF "$x" <<<"$line"
done
is "$(grep -o '/53' <<<"$line" | wc -l)" 4 "doctor node-dns: and no more"
# shellcheck disable=SC2086 # the line is a command
netpol ${line#netpolctl }
finds node-dns ok "open to pods" "after that line"
netpol settings host-allow= host-egress=allow
finds node-dns ok "open to pods" "host-egress=allow"
netpol settings host-egress=
finds guard warn "no guard" "none"
netpol settings guard-prefix=10.244.1.0/24 unknown=allow
finds guard warn "unknown=allow" "not in force"
netpol settings unknown=deny
finds guard warn "no guard covers 3 of 3 local pods" "in force, and IPv6 is outside"
netpol settings guard-prefix=10.244.1.0/24,fd00:244:1::/64
finds guard warn "no guard covers 2 of 3 local pods .a/(left|right)." "in force, and not for all pods"
netpol settings "guard-interface=${end_dev[a/left]},${end_dev[a/right]%?}*"
finds guard ok "2 prefixes, 2 interface patterns" "prefixes and interfaces cover all pods"

# --- the clock ------------------------------------------------------------------------------------

finds clock warn "certificates may be taken for expired.*chrony" "nobody keeps it right"

# --- all of it ----------------------------------------------------------------------------------

netpolctl --netns n1 doctor >"$tmp/all" 2>&1
check "doctor: a line begins with its status and the check" grep -Eq "^ok    module  " "$tmp/all"
is "$(grep -Eo '^(ok|warn|fail) +[a-z-]+' "$tmp/all" | awk '{ print $2 }' | uniq | paste -sd' ')" \
	"module next-kernel signature enforcing interface bridge flowtable redirect ipvlan ipvs vrf xfrm tunnel node-dns guard unseen agent clock" \
	"doctor: all checks in order"
is "$(netpolctl --netns n1 doctor -o json 2>/dev/null | jq -r .kind)" Doctor "doctor: JSON"
before=$($np status -o json 2>/dev/null | jq .generation)
$np doctor >/dev/null 2>&1
is "$($np status -o json 2>/dev/null | jq .generation)" "$before" "doctor: changes nothing"
finish
