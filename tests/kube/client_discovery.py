# SPDX-License-Identifier: GPL-2.0-or-later
"""A kind that the server need not have, ClusterNetworkPolicy: L42."""
import time

from double import GROUP, status
from harness import check, has, is_check, is_list, pods

KIND = "clusternetworkpolicies"
OURS = GROUP + "/v1alpha2"


def questions(double):
    """The questions whether the server has the version that is followed."""
    return double.asked(lambda r: r.path == OURS)


def of_kind(double, match):
    return double.asked(lambda r: r.kind == KIND and match(r))


def answer(double, code):
    """All questions get a status from now on."""
    return double.on(lambda r: r.path.startswith(GROUP) and not r.kind,
                     lambda r: r.status(code, "X"))


def absent(t, d, f):
    """Waits until the client knows that the server does not have the kind."""
    t.wait(lambda: f.state(KIND)["absent"])
    check(f.names(KIND) == [], f.names(KIND))


def gone_after_a_minute(t, d, f):
    """
    The server has said "none" once. It is asked again, in pauses that grow, and until a minute
    has passed no answer "none" takes anything away.
    """
    begun, passed, waits = time.monotonic(), 0, []
    held, synced, asked = f.names(KIND), len(f.calls("synced", KIND)), len(questions(d))
    while True:
        waits.append(f.pass_wait(KIND))
        passed += waits[-1]
        t.wait(lambda: len(questions(d)) == asked + len(waits))
        f.settle(KIND)
        if f.state(KIND)["absent"]:
            break
        check(f.names(KIND) == held and len(f.calls("synced", KIND)) == synced, waits)
    check(800 <= waits[0] <= 1600 and 4 <= len(waits) <= 9, waits)
    real = (time.monotonic() - begun) * 1000
    check(passed <= 62000 and passed + real >= 58000, passed, real)
    absent(t, d, f)


def L42_absent(t):
    """No kind at all: synced at once with nothing, and asked again every minute."""
    d = t.double()
    pods(d, 1)
    f = t.synced(d, kinds="pods," + KIND)
    state = f.state(KIND)
    check(state["absent"] and state["synced"] and state["connected"] and not state["error"] and
          state["version"] == "", state)
    check(not of_kind(d, lambda r: True), "it was listed")
    for n in range(1, 4):
        check(len(questions(d)) == n)
        left = f.settle(KIND)["left"]
        check(59000 <= left <= 75000, left)
        f.skip(left + 1)
        t.wait(lambda n=n: len(questions(d)) == n + 1)
    f.settle(KIND)
    check(len(f.calls("synced", KIND)) == 1 and len(f.calls("begin", KIND)) == 1)
    check(len([line for line in f.calls("log", KIND) if line["level"] != "debug"]) == 1)
    # The group is there, with kinds of an earlier version: it is the same.
    d.served = ["v1alpha1"]
    f.pass_wait(KIND)
    t.wait(lambda: len(d.asked(lambda r: r.path == GROUP + "/v1alpha1")) == 1)
    f.settle(KIND)
    check(f.state(KIND)["absent"] and not f.state(KIND)["other"])
    # So is the version itself, without the kind.
    d.on(lambda r: r.path == OURS, lambda r: r.json(200, {"resources": [{"name": "others"}, 7]}))
    f.pass_wait(KIND)
    f.settle(KIND)
    check(f.state(KIND)["absent"] and len(f.calls("synced", KIND)) == 1)


def L42_list_before_synced(t):
    """The kind is there: it is synced only when its list is complete, and then watched."""
    for streaming in (True, False):
        d = t.double()
        d.streaming = streaming
        d.served = ["v1alpha2"]
        d.put(KIND, "a")
        pods(d, 1)

        def cut(r, d=d):
            r.start()
            if r.watch:
                r.event("ADDED", d.objects[KIND][("", "a")])
            return r.reset()
        d.on(lambda r: r.kind == KIND, cut, times=2)
        f = t.follow(d, kinds="pods," + KIND)
        f.until(call="synced", kind="pods")
        f.seen = 0
        f.until(call="state", kind=KIND, error=has("broke off"))
        check(not f.calls("synced", KIND) and not f.state(KIND)["synced"])
        f.drive(lambda: f.calls("synced", KIND), KIND)
        check(f.names(KIND) == ["a"] and f.state(KIND)["version"] != "")
        f.settle(KIND, "stream")
        d.put(KIND, "b", uid="u1")
        f.until(call="upsert", kind=KIND, name="b", ns="")
        d.delete(KIND, "a")
        f.until(call="remove", kind=KIND, name="a")
        # a list again, after the watch has expired
        d.forget()
        d.put(KIND, "c")
        d.delete(KIND, "b")
        d.forget()
        d.end_watches()
        f.drive(lambda: len(f.calls("synced", KIND)) == 2, KIND)
        check(f.names(KIND) == ["c"], f.names(KIND))
        check(len(questions(d)) == 1, "asked although it is followed")


def L42_appears(t):
    d = t.double()
    pods(d, 1)
    f = t.synced(d, kinds="pods," + KIND)
    mark = len(f.lines)
    d.served = ["v1alpha1", "v1alpha2"]
    d.put(KIND, "a")
    hold = d.on(lambda r: r.kind == KIND, lambda r: r.status(503, "X"))
    f.pass_wait(KIND)
    f.until(call="log", kind=KIND, text=has("has the kind now"))
    # it counts as synced until it is: the pods go on
    f.until(call="state", kind=KIND, error=has("503"))
    check(all(line["synced"] for line in f.lines[mark:]
              if line["call"] == "state" and line["kind"] == KIND))
    d.put("pods", "late", "ns")
    f.until(call="upsert", name="late")
    d.off(hold)
    f.drive(lambda: len(f.calls("synced", KIND)) == 2, KIND)
    check(f.names(KIND) == ["a"] and not f.state(KIND)["absent"])
    lists = of_kind(d, lambda r: r.initial or is_list(r))
    check(not any(r.query.get("resourceVersion") for r in lists), [r.query for r in lists])


def L42_disappears(t):
    """404 on a watch or list: the objects stay until the server has said "none" twice."""
    d = t.double()
    d.served = ["v1alpha2"]
    d.put(KIND, "a")
    pods(d, 1)
    f = t.synced(d, kinds="pods," + KIND)
    f.settle(KIND, "stream")
    d.served = []
    d.end_watches()
    f.drive(lambda: len(questions(d)) == 2, KIND)
    f.until(call="log", level="warning", kind=KIND, text=has("stays until it says so again"))
    check(f.names(KIND) == ["a"] and len(f.calls("synced", KIND)) == 1)
    # An answer that says nothing, when the minute is nearly over: it begins again.
    f.pass_wait(KIND)
    f.settle(KIND)
    rule = answer(d, 503)
    f.skip(58000)
    f.until(call="state", kind=KIND, error=has("503"))
    d.off(rule)
    mark = len(questions(d))
    f.drive(lambda: len(questions(d)) == mark + 1, KIND)
    check(f.names(KIND) == ["a"] and not f.state(KIND)["absent"] and f.state(KIND)["synced"])
    gone_after_a_minute(t, d, f)
    check(len(f.calls("synced", KIND)) == 2 and f.state(KIND)["version"] == "")
    # It comes back, and is listed.
    d.served = ["v1alpha2"]
    d.delete(KIND, "a")
    d.put(KIND, "b")
    f.pass_wait(KIND)
    f.drive(lambda: f.names(KIND) == ["b"], KIND)


def L42_comes_back(t):
    """Gone for less than a minute: a list shows what is there now, and nothing else happens."""
    d = t.double()
    d.served = ["v1alpha2"]
    d.put(KIND, "a")
    f = t.synced(d, kinds=KIND)
    f.settle(KIND, "stream")
    d.served = []
    d.end_watches()
    f.drive(lambda: len(questions(d)) == 2, KIND)
    f.settle(KIND)
    d.served = ["v1alpha2"]
    d.delete(KIND, "a")
    d.put(KIND, "b")
    f.pass_wait(KIND)
    f.drive(lambda: f.names(KIND) == ["b"], KIND)
    check(len(f.calls("synced", KIND)) == 2)


def L42_discovery_and_list_disagree(t):
    """A server that says it has the kind, and answers each list with 404, is not asked in a loop."""
    d = t.double()
    d.served = ["v1alpha2"]
    d.on(lambda r: r.kind == KIND, lambda r: r.status(404, "NotFound"))
    f = t.follow(d, kinds=KIND)
    for n in range(1, 8):
        f.drive(lambda n=n: len(of_kind(d, lambda r: True)) == n, KIND)
    f.drive(lambda: len(questions(d)) == 8, KIND)
    waits = [f.pass_wait(KIND)]
    check(not f.calls("synced", KIND), "synced")
    f.drive(lambda: len(of_kind(d, lambda r: True)) == 9, KIND)
    waits.append(f.settle(KIND)["left"])
    check(waits[-1] > 25000, waits)


def L42_not_known(t):
    """Answers that say nothing of the kind: not synced before, and as before after that."""
    garbage = ({"resources": 7}, [], b"{", {"kind": "Status"})
    for how in (403, 500, 503, 429, 401, garbage[0], garbage[1], garbage[2], garbage[3], "cut",
                {"resources": [], "x": "x" * 600000}):
        def say(r, how=how):
            if how == "cut":
                return r.reset()
            return r.status(how, "X") if isinstance(how, int) else r.json(200, how)
        d = t.double()
        pods(d, 1)
        rule = d.on(lambda r: r.path.startswith(GROUP) and not r.kind, say)
        f = t.follow(d, kinds="pods," + KIND)
        f.until(call="synced", kind="pods")
        f.seen = 0
        f.until(call="state", kind=KIND, error=has("not known"))
        waits = [f.pass_wait(KIND) for _ in range(7)]
        check(800 <= waits[0] <= 1600 and 30000 <= waits[-1] <= 60000, how, waits)
        check(not f.calls("synced", KIND) and not f.calls("begin", KIND), how)
        check(not f.state(KIND)["synced"] and not f.state(KIND)["absent"])
        d.off(rule)
        f.drive(lambda f=f: f.state(KIND)["absent"], KIND)
        check(f.state(KIND)["error"] == "" and f.state(KIND)["synced"])
        # And now that it is known.
        rule = d.on(lambda r: r.path.startswith(GROUP) and not r.kind, say)
        f.pass_wait(KIND)
        f.until(call="state", kind=KIND, error=has("not known"), connected=0)
        state = f.state(KIND)
        check(state["absent"] and state["synced"] and len(f.calls("synced", KIND)) == 1, state)
        f.quit()


def L42_forbidden_list(t):
    """The kind is there and may not be listed: that is not "none"."""
    d = t.double()
    d.served = ["v1alpha2"]
    d.put(KIND, "a")
    rule = d.on(lambda r: r.kind == KIND, lambda r: r.status(403, "Forbidden", "cannot list"))
    f = t.follow(d, kinds=KIND)
    f.until(call="log", level="warning", kind=KIND,
            text=lambda s: "list and watch of clusternetworkpolicies" in s and
            '"policy.networking.k8s.io"' in s)
    for _ in range(4):
        f.pass_wait(KIND)
    check(not f.calls("synced", KIND) and not f.calls("begin", KIND))
    d.off(rule)
    f.drive(lambda: f.names(KIND) == ["a"], KIND)
    # a watch that is forbidden later leaves everything as it is
    f.settle(KIND, "stream")
    d.on(lambda r: r.kind == KIND, lambda r: r.status(403, "Forbidden"))
    d.end_watches()
    f.until(call="log", level="warning", kind=KIND, text=has("forbidden"))
    check(f.names(KIND) == ["a"] and f.state(KIND)["synced"] and len(questions(d)) == 1)


def L42_other_version(t):
    """The kind in another version only: neither there nor absent."""
    d = t.double()
    d.served = ["v1alpha1", "v1beta1"]
    pods(d, 1)
    f = t.follow(d, kinds="pods," + KIND)
    f.until(call="log", level="warning", kind=KIND,
            text=has("only as policy.networking.k8s.io/v1beta1"))
    state = f.state(KIND)
    check(state["other"] and not state["synced"] and not state["absent"], state)
    check(59000 <= f.pass_wait(KIND) <= 75000)
    f.settle(KIND)
    check(not f.calls("synced", KIND))
    # The version that is followed is served too.
    d.served = ["v1beta1", "v1alpha2"]
    d.put(KIND, "a")
    f.pass_wait(KIND)
    f.until(call="synced", kind=KIND)
    check(f.names(KIND) == ["a"] and not f.state(KIND)["other"])
    # It is served no more: what is known stays, however long it takes.
    f.settle(KIND, "stream")
    d.served = ["v1beta1"]
    d.end_watches()
    f.drive(lambda: f.state(KIND)["other"], KIND)
    for _ in range(3):
        f.pass_wait(KIND)
    f.settle(KIND)
    check(f.names(KIND) == ["a"] and len(f.calls("synced", KIND)) == 1)
    # Both are gone: twice, and then the objects too.
    d.served = []
    f.pass_wait(KIND)
    f.settle(KIND)
    check(f.names(KIND) == ["a"] and f.state(KIND)["other"])
    gone_after_a_minute(t, d, f)
    check(not f.state(KIND)["other"])
    # One that the group names and that is not there says nothing about the next one.
    d.served = ["v1alpha1", "v1beta1"]
    gone = d.on(lambda r: r.path == GROUP + "/v1alpha1", lambda r: r.status(404, "NotFound"))
    f.pass_wait(KIND)
    f.settle(KIND)
    check(f.state(KIND)["other"], f.state(KIND))
    d.off(gone)
    # A name of a version that is no part of a path is not sent.
    d.on(lambda r: r.path == GROUP, lambda r: r.json(200, {"versions": [{"version": "../../x"}]}))
    f.pass_wait(KIND)
    f.until(call="state", kind=KIND, error=has("cannot be read"))
    check(not d.asked(lambda r: ".." in r.target))


def L42_known_before(t):
    """A saved version, or what the kernel holds, says that the kind was there: twice."""
    for how in (("--version", KIND + "=90"), ("--have-cluster-policies",),
                ("--version", KIND + "=90", "--have-cluster-policies")):
        d = t.double()
        f = t.follow(d, "--have-state", *how, kinds=KIND)
        f.until(call="log", level="warning", kind=KIND, text=has("says so again"))
        check(not f.calls("synced", KIND) and not f.calls("begin", KIND), how)
        gone_after_a_minute(t, d, f)
        check(len(f.calls("synced", KIND)) == 1 and f.names(KIND) == [])
    # A kernel that holds some, and a server that has the kind: as if there were nothing to say.
    d = t.double()
    d.served = ["v1alpha2"]
    d.put(KIND, "a")
    f = t.synced(d, "--have-state", "--have-cluster-policies", kinds=KIND)
    check(f.names(KIND) == ["a"] and len(questions(d)) == 1)
    check("resourceVersion" not in of_kind(d, lambda r: r.initial)[0].query)
    # One that was not there before counts at once, and one that is there is listed.
    d = t.double()
    f = t.follow(d, "--have-state", kinds=KIND)
    absent(t, d, f)
    d = t.double()
    d.served = ["v1alpha2"]
    f = t.synced(d, "--have-state", "--version", KIND + "=90", kinds=KIND)
    check(of_kind(d, lambda r: r.initial)[0].query["resourceVersion"] == "90")


def L42_reconnect(t):
    """A server that was away may have the kind now: it is asked at once."""
    d = t.double()
    pods(d, 1)
    f = t.synced(d, kinds="pods," + KIND)
    f.settle(KIND)
    f.settle(what="stream")
    asked = len(questions(d))
    d.stop()
    f.pass_wait()
    f.settle()
    d.served = ["v1alpha2"]
    d.put(KIND, "a")
    d.listen()
    check(f.settle(KIND)["left"] > 20000)
    f.pass_wait()
    t.wait(lambda: f.waits(KIND)["for"] != "timer" or f.waits(KIND)["left"] <= 1000)
    f.drive(lambda: f.names(KIND) == ["a"], KIND)
    check(len(questions(d)) == asked + 1)


def L42_reload_and_refresh(t):
    d = t.double()
    d.served = ["v1alpha2"]
    d.put(KIND, "a")
    f = t.synced(d, kinds=KIND)
    f.settle(KIND, "stream")
    d.put(KIND, "b")
    f.until(call="upsert", name="b")
    f.tell("refresh")
    f.drive(lambda: len(f.calls("synced", KIND)) == 2, KIND)
    check(f.names(KIND) == ["a", "b"] and len(questions(d)) == 1)
    # Another server, which does not have the kind: once is not enough.
    other = t.double()
    t.config(other.url())
    f.tell("reload")
    t.wait(lambda: len(questions(other)) == 1)
    f.settle(KIND)
    check(f.names(KIND) == ["a", "b"])
    gone_after_a_minute(t, other, f)
    # And one that does, while the question waits.
    third = t.double()
    third.served = ["v1alpha2"]
    third.put(KIND, "c")
    f.settle(KIND)
    t.config(third.url())
    f.tell("reload")
    f.drive(lambda: f.names(KIND) == ["c"], KIND)
    first = of_kind(third, lambda r: r.initial)[0].query
    check("resourceVersion" not in first, first)


def L42_stuck_question(t):
    """An answer that does not end, or does not come, is given up; the pods go on."""
    for begin in (True, False):
        d = t.double()
        pods(d, 1)
        rule = d.on(lambda r: r.path == OURS, lambda r: not begin or r.start())
        f = t.follow(d, kinds="pods," + KIND)
        f.until(call="synced", kind="pods")
        t.wait(lambda: questions(d))
        f.settle(KIND, "answer")
        f.settle(what="stream")
        d.off(rule)
        f.skip(30001)
        f.drive(lambda: f.state(KIND)["absent"], KIND)
        check(len(questions(d)) >= 2 and f.names() == ["p0"], len(questions(d)))


def L42_410_is_no_404(t):
    """An ERROR event with 404 in a watch leads to the question as well, and 410 does not."""
    d = t.double()
    d.served = ["v1alpha2"]
    d.put(KIND, "a")
    f = t.synced(d, kinds=KIND)
    f.settle(KIND, "stream")
    d.send(KIND, "ERROR", status(410, "Expired"))
    f.drive(lambda: len(f.calls("synced", KIND)) == 2, KIND)
    check(len(questions(d)) == 1)
    f.settle(KIND, "stream")
    d.send(KIND, "ERROR", status(404, "NotFound"))
    f.drive(lambda: len(questions(d)) == 2, KIND)
    f.drive(lambda: len(f.calls("synced", KIND)) == 3, KIND)
    check(f.names(KIND) == ["a"] and not of_kind(d, is_check))
