# SPDX-License-Identifier: GPL-2.0-or-later
"""Cost of a list of many pods: many.py PODS [BYTES]."""
import json
import os
import sys
import tempfile

import harness
from harness import Test, check, is_list

# What a list of no pods takes, in KB, is measured in the same run; over that:
MEMORY_KB = 4096
# Processor time a pod: 10 s for 150,000 on one core, and room for slow machines.
LIMIT_US = 3 * 10e6 / 150000


def pod(size):
    """A pod as it is in a real list, of about this size; @ is where it differs."""
    body = {
        "metadata": {
            "name": "web-6d4cf56db6-@@@@@@@@", "namespace": "team-17", "uid": "0000-@@@@@@@@",
            "resourceVersion": "1", "labels": {"app": "web", "tier": "front",
                                               "pod-template-hash": "6d4cf56db6"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-6d4cf56db6"}],
            "managedFields": [{"manager": "kubelet", "fieldsV1": {
                "f:status": {"f:conditions": {'k:{"type":"Ready"}': {".": {}, "f:status": {}}}}}}]},
        "spec": {"nodeName": "node-7", "containers": [
            {"name": "web", "image": "registry.example/web:1.2.3",
             "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
             "env": [], "resources": {"limits": {"cpu": "1", "memory": "256Mi"}}}]},
        "status": {"phase": "Running", "podIP": "10.17.3.4", "podIPs": [{"ip": "10.17.3.4"}]}}
    env = body["spec"]["containers"][0]["env"]
    while len(json.dumps(body, separators=(",", ":"))) < size - 60:
        env.append({"name": "SETTING_%03d" % len(env), "value": 'some "quoted" text %d' % len(env)})
    return json.dumps(body, separators=(",", ":")).encode()


def serve(request, count, body):
    """One page with all: the names are written into one block that is sent again and again."""
    block = 250
    parts = (b"," + body) * block
    at = []
    place = parts.find(b"@@@@@@@@")
    while place >= 0:
        at.append(place)
        place = parts.find(b"@@@@@@@@", place + 8)
    buffer = bytearray(parts)
    request.start()
    request.chunk(b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"77"},"items":[' + body)
    for first in range(1, count, block):
        for i, place in enumerate(at):
            buffer[place:place + 8] = b"%08d" % (first + i // 2)
        end = min(block, count - first) * (len(body) + 1)
        request.chunk(bytes(buffer[:end]))
    request.chunk(b"]}")
    return request.end()


def measure(test, count, body):
    double = test.tls()
    double.streaming = False
    double.on(is_list, lambda r: serve(r, count, body))
    follow = test.follow(double, "--quiet")
    follow.until(call="synced")
    usage = next(line for line in follow.tell("usage") if line["call"] == "usage")
    state = follow.state()
    check(state["objects"] == count and usage["upserts"] == count, state)
    follow.quit()
    return usage, state["bytes"]


def main():
    count = int(sys.argv[1])
    body = pod(int(sys.argv[2]) if len(sys.argv) > 2 else 4400)
    harness.LIMIT = 280
    with tempfile.TemporaryDirectory(prefix="netpol-certs.") as directory:
        Test.certificates = harness.Certificates(directory)
        test = Test()
        few, _ = measure(test, 1, body)
        many, size = measure(test, count, body)
        test.close()
    us = 1000 * (many["user_ms"] + many["system_ms"] - few["user_ms"] - few["system_ms"]) / count
    more = many["rss_kb"] - few["rss_kb"]
    print("many: %d pods, %.0f MB of JSON over TLS: %.1f us of processor a pod (%.1f s for 150,000), "
          "%d KB more memory than for one pod (%d KB)" % (
              count, size / 1e6, us, us * 0.15, more, few["rss_kb"]))
    ok = us <= LIMIT_US and more <= MEMORY_KB
    sys.stdout.flush()
    os._exit(0 if ok else 1)


main()
