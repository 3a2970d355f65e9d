#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# compat.sh SRCTREE [OBJTREE] - what do this kernel's headers have?
#
# Prints -DHAVE_FEATURE for each feature found. Kbuild puts the result on the
# compiler's command line and kmod/compat.h turns it into shims. Distribution
# kernels backport, so headers are looked at and versions never compared.
#
# To add a feature: one line in the list below, one shim in kmod/compat.h.
#
#   has FEATURE HEADER REGEX   grep -E finds REGEX in include/HEADER
#   file FEATURE HEADER        include/HEADER exists
#
# A line break inside the text that REGEX should match counts as one blank.
set -u

srctree=${1:?usage: compat.sh SRCTREE [OBJTREE]}
out=

# The header with comments and line breaks gone, so that a feature named only
# in a comment isn't taken for one that is there.
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

# Sanity first: what every kernel has must be found, and what none has must
# not. Else a wrong path would look like a kernel without features.
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
has GENL_REQ_ATTR_CHECK net/genetlink.h 'define GENL_REQ_ATTR_CHECK'
has BRIDGE_PHYSINDEV_NET linux/netfilter_bridge.h \
	'nf_bridge_get_physindev\(const struct sk_buff \*skb, struct net \*'
has NF_DROP_REASON linux/netfilter.h '[ *]NF_DROP_REASON\('
file LINUX_UNALIGNED_H linux/unaligned.h

for h in net/dropreason-core.h net/dropreason.h linux/skbuff.h; do
	if text "$h" | grep -Eq 'SKB_DROP_REASON_NETFILTER_DROP,'; then
		out="$out -DHAVE_NETFILTER_DROP_REASON"
		break
	fi
done

echo "${out# }"
