# SPDX-License-Identifier: GPL-2.0-or-later
"""The cluster as a side of netpolctl diff, which lists each kind once: L45."""
import json
import os
import subprocess

from harness import check, is_list

TOOL = os.environ.get("TOOL", "build/netpolctl")
KINDS = ["clusternetworkpolicies", "namespaces", "networkpolicies", "pods"]
DENY = {"podSelector": {}, "policyTypes": ["Ingress"]}


def fill(d, address="10.0.0.%d", count=2):
    """Two namespaces, pods, and a policy that isolates."""
    for name in ("a", "b"):
        d.put("namespaces", name)
    for i in range(count):
        d.put("pods", "p%d" % i, "a", spec={"nodeName": "n"}, status={
            "phase": "Running", "podIP": address % (i + 1), "podIPs": [{"ip": address % (i + 1)}]})
    d.put("networkpolicies", "deny", "a", spec=DENY)


def manifest(t, d, name="cluster.json"):
    """What kubectl get -o json would write of it."""
    api = {"namespaces": ("v1", "Namespace"), "pods": ("v1", "Pod"),
           "networkpolicies": ("networking.k8s.io/v1", "NetworkPolicy")}
    items = []
    for kind, (version, word) in api.items():
        items += [{**body, "apiVersion": version, "kind": word} for body in d.objects[kind].values()]
    return t.file(name, json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def diff(t, d, *args, user=None, config=None):
    """Runs netpolctl diff; returns its exit status, output and messages."""
    clean = {k: v for k, v in os.environ.items()
             if not k.lower().endswith("_proxy") and k != "KUBECONFIG"}
    config = config or t.config(d.url(), user)
    done = subprocess.run([TOOL, "diff", *args, "--kubeconfig", config], env=clean,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def L45_one_list(t):
    d = t.double()
    fill(d)
    d.served = ["v1alpha2"]
    file = manifest(t, d)
    code, out, text = diff(t, d, "cluster", file, "--lenient")
    check(code == 0 and "connections: 0 appear, 0 go" in out, code, out, text)
    lists = d.asked(is_list)
    check(sorted(r.kind for r in lists) == KINDS, [r.target for r in lists])
    # the newest, and nothing is watched
    check(not any("resourceVersion" in r.query for r in lists), [r.query for r in lists])
    check(not d.asked(lambda r: r.watch), "it watches")
    d.put("networkpolicies", "deny", "a", spec={"podSelector": {}, "ingress": [{}]})
    code, out, text = diff(t, d, "cluster", file, "--lenient")
    check(code == 1 and "~ networkpolicy/a/deny" in out and
          "connections: 0 appear, 2 go" in out, code, out, text)
    code, out, text = diff(t, d, file, "cluster", "--lenient", "-o", "json")
    doc = json.loads(out)
    check(code == 1 and doc["to"] == "cluster" and doc["connectivity"]["appear"] == 2, code, out)


def L45_pages(t):
    d = t.double()
    fill(d, "10.0.%d.1", 200)
    for i in range(400):
        d.put("pods", "q%d" % i, "b", status={"podIP": "10.1.%d.%d" % (i // 200, i % 200 + 1)})
    file = manifest(t, d)
    code, out, text = diff(t, d, "cluster", file, "--lenient", "--objects")
    check(code == 0, code, out, text)
    check(len(d.asked(lambda r: r.list and r.kind == "pods")) == 2)
    # a page that the server does not have any more: all of it again, and each pod is there once
    d.log.clear()
    d.on(lambda r: r.list and "continue" in r.query,
         lambda r: r.status(410, "Expired", "the continue token is too old"), times=1)
    code, out, text = diff(t, d, "cluster", file, "--lenient", "--objects")
    check(code == 0, code, out, text)
    asked = d.asked(lambda r: r.list and r.kind == "pods")
    check(len(asked) == 3 and "limit" not in asked[2].query, [r.target for r in asked])


def L45_forbidden(t):
    d = t.double()
    fill(d)
    d.on(lambda r: r.kind == "networkpolicies", lambda r: r.status(403, "Forbidden", "user \"x\" cannot"))
    code, out, text = diff(t, d, "cluster", "-", "--lenient")
    check(code == 7 and not out, code, out, text)
    for part in (d.url(), "the networkpolicies of the cluster cannot be listed", "must allow list of "
                 "networkpolicies in the API group \"networking.k8s.io\"", "user \"x\" cannot",
                 "kubectl auth can-i list networkpolicies -A"):
        check(part in text, part, "is missing in", text)


def L45_no_answer(t):
    d = t.double()
    fill(d)
    file = manifest(t, d)
    d.on(lambda r: r.kind == "pods", lambda r: r.status(401, "Unauthorized", "who are you"))
    code, _, text = diff(t, d, "cluster", file, "--lenient", user={"token": "t"})
    check(code == 7 and d.url() in text and "the pods" in text and
          "the credentials are refused" in text, code, text)
    d = t.double()
    d.stop()
    code, _, text = diff(t, d, "cluster", file, "--lenient")
    check(code == 7 and d.url() in text, code, text)
    # a server that takes the request and says nothing
    d = t.double()
    fill(d)
    d.on(lambda r: r.kind == "pods", lambda r: r.start() or True)
    code, _, text = diff(t, d, "cluster", file, "--lenient", "--timeout", "300ms")
    check(code == 8 and d.url() in text and "list of pods" in text and "--timeout" in text, code, text)
    code, _, text = diff(t, d, "cluster:nowhere", file, "--lenient")
    check(code == 7 and "nowhere" in text, code, text)


def L45_closed(t):
    """What cannot be read as a whole is closed, as the agent enforces it."""
    d = t.double()
    fill(d)
    file = manifest(t, d)
    d.put("networkpolicies", "deny", "a", spec={**DENY, "ingress": [{"unheard": 1}]})
    code, out, text = diff(t, d, "cluster", file, "--lenient")
    check("networkpolicies of the cluster, a/deny: " in text and "it is closed as far" in text, text)
    check(code == 0 and "connections: 0 appear, 0 go" in out, code, out, text)


def L45_unread(t):
    """What cannot be read at all denies everything as well, or nothing can be said."""
    d = t.double()
    fill(d)
    d.served = ["v1alpha2"]
    d.objects["networkpolicies"].clear()
    file = manifest(t, d)
    deep = []
    for _ in range(100):
        deep = [deep]
    d.put("networkpolicies", "deny", "a", spec={**DENY, "ingress": deep})
    code, out, text = diff(t, d, file, "cluster", "--lenient")
    check("a/deny: nested deeper" in text and "every pod of its namespace, as the agent" in text, text)
    check(code == 1 and "+ networkpolicy/a/deny" in out and
          "connections: 0 appear, 2 go" in out, code, out, text)
    d.objects["networkpolicies"].clear()
    d.put("clusternetworkpolicies", "adm", spec={
        "tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, "egress": deep})
    code, out, text = diff(t, d, file, "cluster", "--lenient")
    check("adm: nested deeper" in text and "every pod, as the agent" in text, text)
    check(code == 1 and "+ clusternetworkpolicy/adm" in out and
          "connections: 0 appear, 2 go" in out, code, out, text)
    d.objects["clusternetworkpolicies"].clear()
    d.put("networkpolicies", "", "a", spec=DENY)
    code, out, text = diff(t, d, file, "cluster", "--lenient")
    check(code == 7 and not out and "one of the networkpolicies of the cluster cannot be read" in text,
          code, out, text)
    # the agent does not load such a pod either
    d.objects["networkpolicies"].clear()
    d.put("pods", "p9", "a", spec={"containers": deep}, status={"podIP": "10.0.0.9"})
    code, out, text = diff(t, d, file, "cluster", "--lenient")
    check(code == 0 and "a/p9: nested deeper" in text and "it is left out" in text, code, out, text)


def L45_cluster_policies(t):
    """They are there, absent or there in another version; Nodes are listed if a rule names some."""
    d = t.double()
    fill(d)
    file = manifest(t, d)
    d.served = ["v1alpha2"]
    d.put("clusternetworkpolicies", "adm", spec={
        "tier": "Admin", "priority": 1, "subject": {"namespaces": {}},
        "egress": [{"action": "Deny", "to": [{"nodes": {"matchLabels": {"edge": "yes"}}}]}]})
    d.put("nodes", "n1", status={"addresses": [{"type": "InternalIP", "address": "192.0.2.1"}]})
    d.objects["nodes"][("", "n1")]["metadata"]["labels"] = {"edge": "yes"}
    code, out, text = diff(t, d, "cluster", file, "--lenient", "--objects")
    check(code == 1 and "- clusternetworkpolicy/adm" in out, code, out, text)
    check([r.kind for r in d.asked(is_list)].count("nodes") == 1, "Nodes are not listed once")
    code, out, text = diff(t, d, "cluster", file, "--lenient", "--connectivity")
    check(code == 1 and "(outside)/192.0.2.1" in out, code, out, text)
    d.log.clear()
    d.served = ["v1beta1"]
    code, out, text = diff(t, d, "cluster", file, "--lenient")
    check(code == 0 and "only as policy.networking.k8s.io/v1beta1" in text, code, out, text)
    check("nodes" not in [r.kind for r in d.asked(is_list)], "nobody needs Nodes")
    d.served = []
    code, out, text = diff(t, d, "cluster", file, "--lenient")
    check(code == 0 and not text, code, out, text)


def L45_contexts(t):
    one, two = t.double(), t.double()
    fill(one)
    fill(two)
    two.delete("networkpolicies", "deny", "a")
    config = t.file("config", json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "one",
        "contexts": [{"name": n, "context": {"cluster": n, "user": "x"}} for n in ("one", "two")],
        "clusters": [{"name": "one", "cluster": {"server": one.url()}},
                     {"name": "two", "cluster": {"server": two.url()}}],
        "users": [{"name": "x", "user": {}}]}))
    code, out, text = diff(t, one, "cluster:two", "cluster", config=config)
    check(code == 1 and "+ networkpolicy/a/deny" in out, code, out, text)
    code, out, text = diff(t, one, "cluster:one", "cluster", config=config)
    check(code == 0, code, out, text)
