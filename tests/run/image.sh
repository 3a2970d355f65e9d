#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The image of the tool: the same bytes whenever and wherever it is made, what is in it and what
# is not, and that it runs.
set -eu
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
image=build/image/netpolctl-$version-$(dpkg --print-architecture).tar
rm -f "$image"
make -s image
# another folder, another umask, another time
(
	umask 077
	deploy/image/root.sh build/netpolctl "$tmp/again"
	make -s image IMAGE_ROOT="$tmp/again" IMAGE_FILE="$tmp/again.tar"
)
cmp "$image" "$tmp/again.tar"

# skopeo checks each digest and size on the way.
skopeo copy -q "oci-archive:$image" "dir:$tmp/dir"
skopeo inspect "dir:$tmp/dir" >"$tmp/inspect"
jq -e --arg v "$version" '.Os == "linux" and
	.Labels["org.opencontainers.image.version"] == $v and
	(.Layers | length == 1)' "$tmp/inspect" >/dev/null || { cat "$tmp/inspect"; exit 1; }
layer=$(jq -r '.Layers[0]' "$tmp/inspect")
mkdir "$tmp/root"
tar -xzf "$tmp/dir/${layer#sha256:}" -C "$tmp/root"

# One program. Whoever gets into the agent finds no shell, no interpreter and nothing setuid.
programs=$(cd "$tmp/root" && find . -type f -perm /111 ! -name '*.so' ! -name '*.so.*')
[ "$programs" = ./usr/sbin/netpolctl ] || { echo "programs: $programs"; exit 1; }
odd=$(find "$tmp/root" -perm /7000)
[ -z "$odd" ] || { echo "setuid, setgid or sticky: $odd"; exit 1; }
# What Debian says of each library, for its licence and for scanners.
for package in libc6 libcurl4 libssl3 libyaml-0-2 libnl-genl-3-200; do
	[ -s "$tmp/root/usr/share/doc/$package/copyright" ]
	grep -q '^Version: ' "$tmp/root/var/lib/dpkg/status.d/$package"
done
# It runs from a read-only root, with nothing of this machine.
cat >"$tmp/run" <<X
mount --bind "$tmp/root" "$tmp/root"
mount -o remount,ro,bind "$tmp/root"
exec chroot "$tmp/root" /usr/sbin/netpolctl "\$@"
X
unshare -m sh "$tmp/run" matrix -f - --ports tcp/80 <examples/cluster.yaml >"$tmp/matrix"
grep -q namespace-a "$tmp/matrix"

# A program whose library is not on this machine makes no image.
sed 's/libyaml-0\.so\.2/libyaml-0.so.X/' build/netpolctl >"$tmp/lacking"
chmod +x "$tmp/lacking"
if deploy/image/root.sh "$tmp/lacking" "$tmp/none" >"$tmp/log" 2>&1; then
	echo "an image without a library was made"
	exit 1
fi
grep -q 'libyaml-0.so.X' "$tmp/log"

# What the DaemonSet asks for is what `make image` makes.
grep -qx "  newName: $(make -s image-name)" deploy/kubernetes/kustomization.yaml
grep -qx "  newTag: $version" deploy/kubernetes/kustomization.yaml
