# SPDX-License-Identifier: GPL-2.0-or-later
"""The taint of a new node: L41."""
import json

from harness import check, has

KEY = "netpol.io/agent-not-ready"
OTHER = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
OURS = {"key": KEY, "effect": "NoSchedule"}
HARD = {"key": KEY, "effect": "NoExecute"}


def is_patch(request):
    return request.method == "PATCH"


def node(double, *taints, name="me", **more):
    double.put("nodes", name, spec={"taints": list(taints), "podCIDR": "10.0.0.0/24"}, **more)


def taints(double, name="me"):
    with double.lock:
        return double.objects["nodes"][("", name)]["spec"]["taints"]


def client(t, double):
    return t.synced(double, "--node", "me", "--remove-taint", KEY, kinds="nodes")


def removed(f):
    # not "the Node has changed while the taint ... was removed", which is said of a refusal
    return [line for line in f.calls("log") if "was removed from this Node" in line["text"]]


def seen(f, double):
    """The client has read the Node as it is now."""
    return any(line["rv"] == str(double.version) for line in f.calls("upsert", "nodes"))


def L41_taint_is_removed(t):
    d = t.double()
    node(d, OTHER, OURS, {"key": "x", "value": KEY, "effect": "NoSchedule"}, HARD)
    f = client(t, d)
    f.settle("nodes", "stream")
    # not before the agent is ready
    f.skip(600000)
    f.settle("nodes", "stream")
    check(not d.asked(is_patch), "patched before the agent was ready")
    f.tell("ready")
    f.until(call="log", level="info", text=has("was removed from this Node"))
    check([taint["key"] for taint in taints(d)] == [OTHER["key"], "x"], taints(d))
    asked = d.asked(is_patch)
    check(len(asked) == 1 and asked[0].path == "/api/v1/nodes/me", [r.path for r in asked])
    check(asked[0].headers["content-type"] == "application/json-patch+json", asked[0].headers)
    check([(s["op"], s["path"]) for s in json.loads(asked[0].body)] ==
          [("test", "/spec/taints/3/key"), ("remove", "/spec/taints/3"),
           ("test", "/spec/taints/1/key"), ("remove", "/spec/taints/1")], asked[0].body)
    # nothing more is done, however often the agent says that it is ready, until it comes again
    t.wait(lambda: seen(f, d))
    f.tell("ready")
    f.skip(300000)
    check(len(d.asked(is_patch)) == 1, "patched without a taint")
    node(d, OURS, uid="another")
    t.wait(lambda: len(removed(f)) == 2)
    check(taints(d) == [], taints(d))
    # an agent that is not ready any more leaves it
    f.tell("unready")
    node(d, OURS)
    f.until(call="upsert", kind="nodes", rv=str(d.version))
    f.skip(300000)
    check(len(d.asked(is_patch)) == 2, "patched while the agent was not ready")


def L41_taint_is_set_again(t):
    """Somebody sets it whenever it is removed: that is no race between the two."""
    d = t.double()
    node(d, OURS)
    f = client(t, d)
    f.settle("nodes", "stream")
    f.tell("ready")
    f.until(call="log", level="info", text=has("was removed from this Node"))
    for n in range(1, 8):
        pause = 1000 * min(2 ** (n - 1), 60)
        node(d, OURS)
        f.until(call="upsert", kind="nodes", rv=str(d.version))
        f.skip(pause // 2)
        f.tell("ready")
        f.settle("nodes", "stream")
        # time also passes by itself
        check(pause < 8000 or len(d.asked(is_patch)) == n, "removed again too early", n)
        f.skip(pause * 3 // 2 + 1)
        f.until(call="log", level="warning", text=has("was removed from this Node"))
        check(len(d.asked(is_patch)) == n + 1, "removed more than once", n)
    # after a calm time it is removed at once
    f.settle("nodes", "stream")
    f.skip(300000)
    node(d, OURS)
    t.wait(lambda: len([x for x in removed(f) if x["level"] == "info"]) == 2)


def L41_no_taint_no_request(t):
    d = t.double()
    node(d, OTHER)
    f = client(t, d)
    f.tell("ready")
    f.settle("nodes", "stream")
    f.skip(100000)
    check(all(r.method == "GET" for r in d.log), [r.method for r in d.log])
    # and without the option never
    f.quit()
    node(d, OURS)
    f = t.synced(d, "--node", "me", kinds="nodes")
    f.tell("ready")
    f.settle("nodes", "stream")
    f.skip(100000)
    check(all(r.method == "GET" for r in d.log), [r.method for r in d.log])


def L41_taint_moved(t):
    """The list has changed since it was seen: no other taint is removed."""
    d = t.double()
    node(d, OURS, OTHER)
    f = client(t, d)
    f.settle("nodes", "stream")
    rule = d.on(is_patch, lambda r: node(d, OTHER, OURS), times=1)
    f.tell("ready")
    t.wait(lambda: len(d.asked(is_patch)) == 1)
    f.until(call="log", level="debug", text=has("has changed"))
    check(taints(d) == [OTHER, OURS], taints(d))
    f.until(call="upsert", kind="nodes", rv=str(d.version))
    f.skip(2001)
    f.until(call="log", level="info", text=has("was removed from this Node"))
    check(taints(d) == [OTHER] and not rule["times"], taints(d))
    check(not [line for line in f.calls("log") if line["level"] in ("warning", "error")], f.lines)


def L41_taint_refused(t):
    d = t.double()
    node(d, OURS)
    f = client(t, d)
    f.settle("nodes", "stream")
    rule = d.on(is_patch, lambda r: r.status(403, "Forbidden", "no patch for you"))
    f.tell("ready")
    line = f.until(call="log", level="error", text=has("deploy/kubernetes/taint"))
    check("no patch for you" in line["text"], line)
    # It is tried again, later and later, and told once.
    for n in range(1, 9):
        pause = 1000 * min(2 ** (n - 1), 60)
        f.skip(pause - 1)
        f.settle("nodes", "stream")
        check(len(d.asked(is_patch)) == n, "tried again too early", n)
        f.skip(pause + 1)
        f.until(call="log", level="debug", text=has("stays on this Node"))
        check(len(d.asked(is_patch)) == n + 1, "tried more than once", n)
    check(len([x for x in f.calls("log") if x["level"] == "error"]) == 1, "told again")
    # Conflicts and a Node that is gone are nothing to tell of.
    d.off(rule)
    rule = d.on(is_patch, lambda r: r.status(409, "Conflict", "try again"), times=1)
    f.skip(120001)
    f.until(call="log", level="debug", text=has("try again"))
    # no answer
    d.on(is_patch, lambda r: True, times=1)
    before = len(d.asked(is_patch))
    f.skip(120001)
    t.wait(lambda: len(d.asked(is_patch)) == before + 1)
    f.settle("nodes", "stream")
    f.skip(30001)
    f.until(call="log", level="warning", text=has("no answer in 30 seconds"))
    # The role is there: it is removed without a restart.
    f.skip(120001)
    f.until(call="log", level="info", text=has("was removed from this Node"))
    check(taints(d) == [], taints(d))

