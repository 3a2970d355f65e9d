#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packs a directory as an OCI image (image-spec 1.0) of one layer, in one archive.

  oci.py DIRECTORY ARCHIVE NAME:TAG ARCHITECTURE PROGRAM [LABEL=VALUE...]

PROGRAM is what the container runs. The same directory always makes the same bytes: files are
sorted, belong to root and are from SOURCE_DATE_EPOCH, or 1970. Needs no container engine and no
privileges.
"""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
import time

EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))


def plain(entry):
    """Who made the archive, when and with which umask must not show in it."""
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = EPOCH
    return entry


def layer(directory):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for folder, names, files in os.walk(directory):
            names.sort()
            links = [name for name in names if os.path.islink(os.path.join(folder, name))]
            for path in [folder] + [os.path.join(folder, name) for name in sorted(files + links)]:
                name = os.path.relpath(path, directory)
                if name != ".":
                    tar.add(path, name, recursive=False, filter=plain)
    return out.getvalue()


class Archive:
    def __init__(self, path):
        self.tar = tarfile.open(path, "w", format=tarfile.GNU_FORMAT)

    def add(self, name, data):
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        entry.mode = 0o644
        self.tar.addfile(plain(entry), io.BytesIO(data))

    def blob(self, kind, data):
        """Adds a blob and returns its descriptor."""
        digest = hashlib.sha256(data).hexdigest()
        self.add("blobs/sha256/" + digest, data)
        return {"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + digest,
                "size": len(data)}

    def json(self, kind, value):
        return self.blob(kind, json.dumps(value, sort_keys=True).encode())


def main():
    directory, path, name, architecture, program = sys.argv[1:6]
    labels = dict(word.split("=", 1) for word in sys.argv[6:])
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(EPOCH))
    files = layer(directory)
    archive = Archive(path)
    archive.add("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
    packed = archive.blob("layer.v1.tar+gzip", gzip.compress(files, 9, mtime=0))
    config = archive.json("config.v1+json", {
        "architecture": architecture, "os": "linux", "created": created,
        "config": {"Entrypoint": [program], "User": "0:0", "WorkingDir": "/",
                   "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(files).hexdigest()]},
        "history": [{"created": created, "created_by": "deploy/image/oci.py"}]})
    manifest = archive.json("manifest.v1+json", {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config, "layers": [packed]})
    manifest["platform"] = {"architecture": architecture, "os": "linux"}
    # The first is the standard's, the second what containerd takes as the name.
    manifest["annotations"] = {"org.opencontainers.image.ref.name": name.split(":")[-1],
                               "io.containerd.image.name": name}
    archive.add("index.json", json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [manifest]}, sort_keys=True).encode())
    archive.tar.close()


main()
