#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Installs what building and testing netpol needs on Debian 12. Silent and
# quick when it is all there already.
#
#   tests/run/deps.sh           install what is missing
#   tests/run/deps.sh demo      only what make demo needs
#   tests/run/deps.sh --list    print the package list
set -eu

# The tool, the module for Linux 6.12 and a virtual machine.
demo='
build-essential cpio kmod pkg-config xz-utils
libcjson-dev libcurl4-openssl-dev libmicrohttpd-dev libnl-3-dev libnl-genl-3-dev
libnl-route-3-dev libssl-dev libyaml-dev zlib1g-dev
linux-headers-6.12-cloud-amd64
bash busybox-static iproute2 iputils-ping netbase procps qemu-system-x86
'
# All tests and benches.
tests='
bc bison dkms flex pahole patchelf
libbpf-dev
linux-headers-cloud-amd64 linux-source-6.12
chromium chromium-driver fonts-dejavu-core python3-selenium
clang-14 libclang-rt-14-dev llvm-14 cppcheck fish mandoc openssl python3 python3-jsonschema python3-yaml shellcheck sparse systemd zsh
conntrack curl ethtool ipset iptables iputils-arping
bpftrace ipvsadm jq linux-perf nfdump nftables skopeo socat tcpdump
debhelper dh-dkms e2fsprogs lintian mmdebstrap rpm
valgrind
'
packages="$demo $tests"
[ "${1:-}" != demo ] || packages=$demo

if [ "${1:-}" = --list ]; then
	# shellcheck disable=SC2086 # one word a package
	printf '%s\n' $packages
	exit
fi

missing()
{
	# shellcheck disable=SC2086
	have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages \
		2>/dev/null | sed -n 's/^installed //p') || :
	for p in $packages; do
		case "
$have
" in
		*"
$p
"*) ;;
		*) printf '%s ' "$p" ;;
		esac
	done
}

want=$(missing)
[ -n "$want" ] || exit 0

log=$(mktemp)
trap 'rm -f "$log" $policy' EXIT
# Some are here for a tool of theirs: no service is to be started.
policy=
if [ "$(id -u)" = 0 ] && [ ! -e /usr/sbin/policy-rc.d ]; then
	policy=/usr/sbin/policy-rc.d
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi
try()
{
	n=1
	until "$@" >"$log" 2>&1; do
		if [ "$n" -ge 3 ]; then
			cat "$log" >&2
			return 1
		fi
		n=$((n + 1))
	done
}

# shellcheck disable=SC2086
echo "installing $(printf '%s\n' $want | wc -l) packages: $want" >&2
if [ "$(id -u)" != 0 ]; then
	echo "run as root, or install these packages first: $want" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
lock='-o DPkg::Lock::Timeout=600'
# shellcheck disable=SC2086
try apt-get $lock update -q
# shellcheck disable=SC2086
try apt-get $lock install -q -y --no-install-recommends $want
want=$(missing)
if [ -n "$want" ]; then
	echo "still missing after apt-get install: $want" >&2
	exit 1
fi
