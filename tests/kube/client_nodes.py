# SPDX-License-Identifier: GPL-2.0-or-later
"""All Nodes, which are followed only on demand: L43."""
from harness import check, has, is_check, is_list, pods

KIND = "allnodes"


def asked(double, match=lambda r: True):
    """Requests for all Nodes, and not for one."""
    return double.asked(lambda r: r.kind == "nodes" and "fieldSelector" not in r.query and
                        match(r))


def need(follow):
    follow.tell("need nodes")


def nodes(t, *names, **more):
    """A server with these Nodes, and a client that follows pods and may follow Nodes."""
    d = t.double()
    pods(d, 1)
    for name in names:
        d.put("nodes", name, status={"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]})
    f = t.follow(d, kinds="pods," + KIND, **more)
    f.until(call="synced", kind="pods")
    return d, f


def L43_on_demand(t):
    """Nothing is asked before; then a list, a watch, and an end of both."""
    d, f = nodes(t, "a", "b")
    f.settle(what="stream")
    f.skip(3600000)
    f.drive(lambda: len(d.asked(lambda r: r.kind == "pods" and r.watch)) > 1)
    f.settle(what="stream")
    check(not asked(d) and not f.calls("begin", KIND), "asked although nobody needs it")
    check(not f.state(KIND)["synced"] and not f.state(KIND)["error"])
    need(f)
    f.until(call="synced", kind=KIND)
    check(f.names(KIND) == ["a", "b"] and f.state(KIND)["synced"])
    f.settle(KIND, "stream")
    d.put("nodes", "c")
    f.until(call="upsert", kind=KIND, name="c")
    d.delete("nodes", "a")
    f.until(call="remove", kind=KIND, name="a")
    f.tell("drop nodes")
    state = f.state(KIND)
    check(not state["synced"] and not state["connected"] and state["version"] == "", state)
    before, lines = len(asked(d)), len(f.calls("upsert", KIND))
    d.put("nodes", "d")
    d.put("pods", "late", "ns")
    f.until(call="upsert", name="late")
    f.skip(3600000)
    f.settle(what="stream")
    check(len(asked(d)) == before and len(f.calls("upsert", KIND)) == lines, "still followed")


def L43_at_once(t):
    """The first request of others is delayed at random, and somebody waits for this one."""
    d = t.double()
    d.put("nodes", "a")
    f = t.follow(d, "--spread", "3600000", kinds="pods," + KIND)
    need(f)
    f.until(call="synced", kind=KIND)
    check(not d.asked(lambda r: r.kind == "pods"))


def L43_again(t):
    """Needed again: from the beginning, and not from an older state than before."""
    d, f = nodes(t, "a", "b")
    need(f)
    f.until(call="synced", kind=KIND)
    f.settle(KIND, "stream")
    d.put("nodes", "c")
    f.until(call="upsert", kind=KIND, name="c")
    last = [line["rv"] for line in f.calls("upsert", KIND)][-1]
    f.tell("drop nodes")
    d.delete("nodes", "b")
    need(f)
    f.drive(lambda: len(f.calls("synced", KIND)) == 2, KIND)
    check(f.names(KIND) == ["a", "c"], f.names(KIND))
    query = asked(d, lambda r: r.initial)[-1].query
    check(query["resourceVersionMatch"] == "NotOlderThan" and
          query["resourceVersion"] == last, query)
    # asked for twice, and dropped twice: nothing comes of it
    need(f)
    f.settle(KIND, "stream")
    check(len(f.calls("begin", KIND)) == 2)
    f.tell("drop nodes")
    f.tell("drop nodes")
    check(not f.state(KIND)["synced"])


def L43_forbidden(t):
    """403 is told as what it is, and the other kinds go on."""
    d, f = nodes(t, "a")
    rule = d.on(lambda r: r.kind == "nodes", lambda r: r.status(403, "Forbidden", "no"))
    need(f)
    f.until(call="log", level="warning", kind=KIND,
            text=lambda s: "list and watch of nodes in the API group" in s)
    f.until(call="state", kind=KIND, refused=1)
    for _ in range(4):
        f.pass_wait(KIND)
    check(not f.calls("synced", KIND) and not f.calls("begin", KIND))
    check(f.state(KIND)["refused"] and not f.state(KIND)["synced"])
    d.put("pods", "late", "ns")
    f.until(call="upsert", name="late")
    # a server that cannot answer does not refuse, and its pauses do not begin again at the shortest
    d.off(rule)
    rule = d.on(lambda r: r.kind == "nodes", lambda r: r.status(503, "X"))
    f.pass_wait(KIND)
    f.until(call="state", kind=KIND, error=has("503"))
    check(not f.state(KIND)["refused"])
    d.off(rule)
    rule = d.on(lambda r: r.kind == "nodes", lambda r: r.status(403, "Forbidden"))
    f.pass_wait(KIND)
    f.until(call="state", kind=KIND, refused=1)
    check(f.settle(KIND)["left"] > 10000)
    # nor does one that is away
    d.stop()
    f.pass_wait(KIND)
    f.until(call="state", kind=KIND, refused=0)
    d.off(rule)
    d.listen()
    f.drive(lambda: f.names(KIND) == ["a"], KIND)
    check(not f.state(KIND)["refused"])
    # refused later: what is known stays
    f.settle(KIND, "stream")
    rule = d.on(lambda r: r.kind == "nodes", lambda r: r.status(403, "Forbidden"))
    d.end_watches()
    f.drive(lambda: f.state(KIND)["refused"], KIND)
    check(f.state(KIND)["synced"] and f.names(KIND) == ["a"])
    # and dropped and needed again it is not known before a list
    f.tell("drop nodes")
    check(not f.state(KIND)["refused"] and not f.state(KIND)["error"])


def L43_drop_while_listing(t):
    """Dropped in the middle of a list: nothing of it is heard any more."""
    for streaming in (True, False):
        d, f = nodes(t, "a", "b")
        d.streaming = streaming

        def begin(r, d=d):
            r.start()
            if r.watch:
                r.event("ADDED", d.objects["nodes"][("", "a")])
            return True
        rule = d.on(lambda r: r.kind == "nodes", begin)
        need(f)
        t.wait(lambda d=d: asked(d))
        f.tell("drop nodes")
        d.off(rule)
        f.skip(600000)
        check(not f.calls("synced", KIND) and len(asked(d)) <= 2, len(asked(d)))
        need(f)
        f.drive(lambda f=f: f.calls("synced", KIND), KIND)
        check(f.names(KIND) == ["a", "b"] and len(f.calls("synced", KIND)) == 1)


def L43_outage(t):
    """Servers that go away and come back: the state stays, and the watch goes on."""
    d, f = nodes(t, "a")
    need(f)
    f.until(call="synced", kind=KIND)
    f.settle(KIND, "stream")
    d.stop()
    for _ in range(3):
        f.pass_wait(KIND)
    check(f.names(KIND) == ["a"] and f.state(KIND)["synced"])
    d.put("nodes", "b")
    d.listen()
    f.drive(lambda: f.names(KIND) == ["a", "b"], KIND)
    check(len(f.calls("synced", KIND)) == 1)
    # the version has expired: a list shows what is gone
    f.settle(KIND, "stream")
    d.delete("nodes", "a")
    d.forget()
    d.end_watches()
    f.drive(lambda: f.names(KIND) == ["b"], KIND)


def L43_reload(t):
    """Another cluster: a kind at rest forgets its version, one that is followed is listed."""
    d, f = nodes(t, "a")
    need(f)
    f.until(call="synced", kind=KIND)
    other = t.double()
    other.put("nodes", "x")
    t.config(other.url())
    f.tell("reload")
    f.drive(lambda: f.names(KIND) == ["x"], KIND)
    check("resourceVersion" not in asked(other, lambda r: r.initial)[0].query)
    f.tell("drop nodes")
    third = t.double()
    third.put("nodes", "y")
    t.config(third.url())
    f.tell("reload")
    t.wait(lambda: third.asked(lambda r: r.kind == "pods"))
    f.settle(what="stream")
    check(not asked(third), "at rest, and listed")
    f.tell("refresh")
    f.settle(what="stream")
    check(not asked(third), "at rest, and listed again")
    need(f)
    f.drive(lambda: f.names(KIND) == ["y"], KIND)
    check("resourceVersion" not in asked(third, lambda r: r.initial)[0].query)


def L43_restart(t):
    """With a saved version the first list is not older than what the kernel has."""
    d = t.double()
    d.put("nodes", "a")
    f = t.follow(d, "--have-state", "--version", KIND + "=90", kinds=KIND)
    need(f)
    f.until(call="synced", kind=KIND)
    check(asked(d, lambda r: r.initial)[0].query["resourceVersion"] == "90")
    # its own Node and all Nodes are two kinds, with a stream each
    d = t.double()
    d.put("nodes", "me")
    d.put("nodes", "other")
    f = t.follow(d, "--node", "me", kinds="nodes," + KIND)
    need(f)
    f.until(call="synced", kind=KIND)
    f.drive(lambda: f.calls("synced", "nodes"), "nodes")
    check(f.names(KIND) == ["me", "other"] and not asked(d, is_check) and
          not asked(d, is_list))
