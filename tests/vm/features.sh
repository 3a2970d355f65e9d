#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which kernel features that netpol's tests use does this kernel have? One
# TAP line each; a missing one is a skip, so that the log shows it.
#netpol-test: no-module

n=0
t()
{
	n=$((n + 1))
	what=$1
	shift
	if "$@" >/tmp/features.log 2>&1; then
		echo "ok $n $what"
	else
		echo "ok $n $what # SKIP not on this kernel: $(tail -n 1 /tmp/features.log)"
	fi
}
rule()
{
	nft -f - <<X
table inet features {
	chain pre { type $1 hook $2 priority $3; policy accept; $4; }
}
X
	rc=$?
	nft delete table inet features 2>/dev/null
	return $rc
}
link() { ip link add f0 type "$@" && ip link del f0; }
sub() { ip link add d0 type dummy; ip link add link d0 f0 type "$@" && ip link del f0; }
ipvs()
{
	ipvsadm -A -t 10.9.9.9:80 -s rr && ipvsadm -a -t 10.9.9.9:80 -r 10.9.9.8:80 -m &&
		ipvsadm -C
}
ipvs6() { ipvsadm -A -t '[fd00::9]:80' -s rr && ipvsadm -C; }
br_nf()
{
	modprobe br_netfilter && [ "$(cat /proc/sys/net/bridge/bridge-nf-call-iptables)" = 1 ]
}
sctp() { modprobe sctp && socat -u SCTP-LISTEN:9,accept-timeout=0.1 /dev/null; grep -q SCTP /proc/net/protocols; }
legacy() { iptables-legacy -t nat -A POSTROUTING -j MASQUERADE && iptables-legacy -t nat -F; }
compat() { iptables-nft -A INPUT -m comment --comment x -m set ! --match-set s src -j ACCEPT; }
set_() { ipset create s hash:ip && ipset test s 10.0.0.1; ipset list s; }
ct_list() { conntrack -L; }
synproxy6() { rule filter input 0 "tcp dport 80 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm"; }
pktgen() { modprobe pktgen && [ -e /proc/net/pktgen/pgctrl ]; }
flowtable()
{
	ip link add d0 type dummy 2>/dev/null
	nft -f - <<X
table inet ft {
	flowtable f { hook ingress priority 0; devices = { d0 }; }
	chain c { type filter hook forward priority 0; ip protocol tcp flow add @f; }
}
X
	rc=$?
	nft delete table inet ft 2>/dev/null
	return $rc
}
mirred()
{
	ip link add d0 type dummy 2>/dev/null
	tc qdisc add dev d0 clsact &&
		tc filter add dev d0 ingress matchall action mirred egress redirect dev lo
}
tun() { modprobe tun && ip tuntap add f0 mode tun && ip link del f0; }
vrf() { ip link add f0 type vrf table 10 && ip link del f0; }
xfrm() { ip link add f0 type xfrm dev lo if_id 1 && ip link del f0; }

echo 1..32
t "veth" link veth peer name f1
t "dummy" link dummy
t "bridge" link bridge
t "bridge with br_netfilter" br_nf
t "vxlan" link vxlan id 5 dstport 4789 local 127.0.0.1
t "geneve" link geneve id 5 remote 127.0.0.1
t "ipip" link ipip local 127.0.0.1 remote 127.0.0.2
t "tun" tun
t "ipvlan" sub ipvlan mode l3
t "macvlan" sub macvlan mode bridge
t "bond" link bond
t "vrf" vrf
t "xfrm interface" xfrm
t "netkit" link netkit
t "wireguard" link wireguard
t "nft ct" rule filter input 0 "ct state new accept"
t "nft notrack" rule filter prerouting -300 "notrack"
t "nft dnat" rule nat prerouting -100 "ip daddr 10.9.9.9 dnat ip to 10.9.9.8"
t "nft masquerade" rule nat postrouting 100 "oifname x masquerade"
t "nft redirect" rule nat prerouting -100 "tcp dport 80 redirect to :81"
t "nft tproxy" rule filter prerouting -150 "meta l4proto tcp tproxy ip to :81"
t "nft synproxy" synproxy6
t "nft flowtable" flowtable
t "conntrack by netlink" ct_list
t "iptables-legacy nat" legacy
t "ipset" set_
t "iptables-nft with xt matches" compat
t "ip_vs rr" ipvs
t "ip_vs IPv6" ipvs6
t "sctp" sctp
t "pktgen" pktgen
t "tc mirred" mirred
exit 0
