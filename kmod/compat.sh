#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# compat.sh SRCTREE [OBJTREE] - finds out what the headers of a kernel offer
#
# Prints -DHAVE_FEATURE for each feature that it finds. Kbuild passes the result
# to the compiler, and kmod/compat.h defines what is missing. Distributions
# backport features, so this looks at headers and never compares versions.
#
# A new feature needs one line in the list below and one shim in kmod/compat.h.
#
#   has FEATURE HEADER REGEX   grep -E finds REGEX in include/HEADER
#   file FEATURE HEADER        include/HEADER exists
#   exported FEATURE SYMBOL    modules may use SYMBOL of the kernel's image
#
# A line break inside the text that REGEX should match counts as one blank.
set -u

srctree=${1:?usage: compat.sh SRCTREE [OBJTREE]}
objtree=${2:-$srctree}
out=

# Prints a header without comments and line breaks, so that a feature that is
# only named in a comment is not found.
text()
{
	sed -e 's@/\*.*\*/@@g' -e '/^[ 	]*\/\*/,/\*\//d' -e 's@//.*@@' \
		"$srctree/include/$1" 2>/dev/null | tr '\n\t' '  ' | tr -s ' '
}

has()
{
	if text "$2" | grep -Eq -- "$3"; then
		out="$out -DHAVE_$1"
	fi
}

file()
{
	if [ -f "$srctree/include/$2" ]; then
		out="$out -DHAVE_$1"
	fi
}

exported()
{
	if cut -f 2,3 "$objtree/Module.symvers" 2>/dev/null | grep -qx "$2	vmlinux"; then
		out="$out -DHAVE_$1"
	fi
}

# First check that what every kernel has is found, and that what no kernel has
# is not. Otherwise a wrong path would look like a kernel without features.
has SANITY net/genetlink.h 'struct genl_family \{'
has SANITY linux/netfilter.h 'nf_register_net_hooks\('
has INSANITY linux/netfilter.h 'netpol_no_such_function'
if [ "$out" != " -DHAVE_SANITY -DHAVE_SANITY" ]; then
	echo "compat.sh: $srctree holds no usable kernel headers" >&2
	exit 1
fi
out=

has GENL_MCAST_CAP_NET_ADMIN net/genetlink.h 'define GENL_MCAST_CAP_NET_ADMIN'
has GENL_INFO_DUMP net/genetlink.h '[ *]genl_info_dump\('
has GENL_FAMILY_BIND net/genetlink.h '\(\*bind\)\(int mcgrp\);'
has BRIDGE_PHYSINDEV_NET linux/netfilter_bridge.h \
	'nf_bridge_get_physindev\(const struct sk_buff \*skb, struct net \*'
has NF_DROP_REASON linux/netfilter.h '[ *]NF_DROP_REASON\('
has CONNTRACK_DCCP net/netfilter/nf_conntrack.h 'struct nf_ct_dccp dccp;'
has UDP_TABLE_OF_NETNS net/netns/ipv4.h 'struct udp_table \*udp_table;'
exported UDP_ENCAP_NEEDED_KEY udp_encap_needed_key
# came when sockets of IPv6 began to count there as well: 5.12, and 5.10.110
has UDP_ENCAP_COUNTS_IP6 net/udp.h '[ *]udp_encap_disable\('
has NL_SET_ERR_ATTR_MISS linux/netlink.h 'define NL_SET_ERR_ATTR_MISS\('
has GENL_MCAST_FLAGS net/genetlink.h \
	'struct genl_multicast_group \{ char name\[GENL_NAMSIZ\]; u8 flags;'
has UDP_LOOKUP_OF_TABLE net/udp.h '__udp4_lib_lookup\([^;]*struct udp_table \*'
file LINUX_UNALIGNED_H linux/unaligned.h

for h in net/dropreason-core.h net/dropreason.h linux/skbuff.h; do
	if text "$h" | grep -Eq 'SKB_DROP_REASON_NETFILTER_DROP,'; then
		out="$out -DHAVE_NETFILTER_DROP_REASON"
		break
	fi
done

echo "${out# }"
