# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists, streaming lists, watches, versions, annotations: L1 to L11, L19 to L23, L44."""
import gzip
import hashlib
import json
import threading

from double import status, too_large
from harness import check, has, is_check, is_initial, is_list, is_watch, pods


def L1_streaming_list(t):
    d = t.double()
    pods(d, 3)
    f = t.synced(d)
    check(f.names() == ["p0", "p1", "p2"], f.names())
    q = d.asked(is_initial)[0].query
    check(q["watch"] == "1" and q["sendInitialEvents"] == "true" and
          q["resourceVersionMatch"] == "NotOlderThan" and
          q["allowWatchBookmarks"] == "true" and "resourceVersion" not in q, q)
    # the same stream goes on as the watch
    d.put("pods", "late", "ns")
    f.until(call="upsert", name="late")
    check(len(d.asked(lambda r: r.kind)) == 1, "more than one request")


def L1_fallback_is_remembered(t):
    d = t.double()
    d.streaming = False
    pods(d, 1)
    f = t.synced(d)
    check(len(d.asked(is_initial)) == 1 and len(d.asked(is_list)) == 1)
    f.tell("refresh")
    f.until(call="synced")
    check(len(d.asked(is_initial)) == 1, "asked for a streaming list again")
    check(f.names() == ["p0"])


def L1_no_bookmark(t):
    d = t.double()
    pods(d, 2)

    def silent(r):
        r.start()
        r.event("ADDED", d.objects["pods"][("ns", "p0")])
        return r.gone()
    d.on(is_initial, silent)
    f = t.follow(d)
    f.until(call="upsert", name="p0")
    f.settle(what="stream")
    f.skip(10001)
    f.until(call="log", level="warning", text=has("says nothing for 10 seconds"))
    check(not f.calls("synced"))
    f.skip(20001)
    f.until(call="synced")
    check(len(d.asked(is_list)) == 1 and f.names() == ["p0", "p1"])


def L1_refused_stream(t):
    """What a server with an etcd too old for streaming lists does: an error in each stream."""
    def error(code):
        def answer(r):
            r.start()
            r.event("ERROR", status(code, "InternalError", "etcd"))
            return r.end()
        return answer

    def garbage(r):
        r.start()
        r.chunk(b"[]")
        return r.end()
    for act in (error(500), error(404), lambda r: r.status(503, "ServiceUnavailable"),
                lambda r: r.status(404, "NotFound"), garbage):
        d = t.double()
        pods(d, 2)
        d.on(is_initial, act)
        f = t.follow(d)
        f.drive(lambda: f.find(call="synced") is not None, waits=2)
        check(len(d.asked(is_initial)) == 1 and len(d.asked(is_list)) == 1, len(d.asked(is_initial)))
        check(f.names() == ["p0", "p1"])


def L1_refused_role(t):
    """These would refuse a list in pages as well."""
    for code, reason in ((401, "Unauthorized"), (403, "Forbidden"), (429, "TooManyRequests")):
        d = t.double()
        pods(d, 1)
        d.on(is_initial, lambda r, c=code, w=reason: r.status(c, w), times=3)
        f = t.follow(d)
        f.drive(lambda: f.find(call="synced") is not None)
        check(len(d.asked(is_initial)) >= 3 and not d.asked(is_list))


def L2_cut_initial_stream(t):
    d = t.double()
    pods(d, 3)

    def cut(r):
        r.start()
        for name in ("p0", "p1"):
            r.event("ADDED", d.objects["pods"][("ns", name)])
        return r.reset()
    d.on(is_initial, cut, times=1)
    f = t.follow(d)
    f.until(call="upsert", name="p1")
    check(f.state()["version"] == "" and not f.calls("synced"))
    f.pass_wait()
    f.until(call="synced")
    queries = [r.query for r in d.asked(is_initial)]
    check(len(queries) == 2 and "resourceVersion" not in queries[1], queries)
    check(f.state()["relists"]["cut"] == 1, f.state())


def L3_pages(t):
    d = t.double()
    d.streaming = False
    pods(d, 1203)
    f = t.synced(d, kinds="pods")
    lists = d.asked(is_list)
    check([r.query.get("limit") for r in lists] == ["500"] * 3)
    check("continue" not in lists[0].query and
          all("continue" in r.query and "resourceVersion" not in r.query for r in lists[1:]))
    check(len(f.names()) == 1203)


def L3_page_expired(t):
    d = t.double()
    d.streaming = False
    pods(d, 3100)
    d.on(lambda r: r.list and "continue" in r.query and len(d.asked(is_list)) == 7,
         lambda r: r.status(410, "Expired", "continue token is too old"), times=1)
    f = t.follow(d)
    f.drive(lambda: f.find(call="synced") is not None)
    whole = d.asked(is_list)[-1].query
    check("limit" not in whole and "continue" not in whole, whole)
    check(len(d.asked(is_list)) == 8 and len(f.names()) == 3100)


def L3_whole_list_fails(t):
    """A list in one piece that the server does not manage: the next one comes in pages again."""
    d = t.double()
    d.streaming = False
    pods(d, 1100)
    d.on(lambda r: r.list and "continue" in r.query,
         lambda r: r.status(410, "Expired", "continue token is too old"), times=1)
    d.on(lambda r: r.list and "limit" not in r.query, lambda r: r.status(504, "Timeout", "too much"))
    f = t.follow(d)
    f.drive(lambda: f.find(call="synced") is not None)
    whole = [r for r in d.asked(is_list) if "limit" not in r.query]
    check(len(whole) == 1 and len(f.names()) == 1100, len(whole))


def L3_slow_first_byte(t):
    """A list in one piece, which a server puts together before it sends the first byte."""
    d = t.double()
    d.streaming = False
    pods(d, 1)
    ready = threading.Event()
    rule = d.on(is_list, lambda r: not ready.wait(60))
    f = t.follow(d)
    t.wait(lambda: d.asked(is_list))
    f.skip(89000)
    f.settle(what="answer")
    check(not f.state()["error"], f.state())
    ready.set()
    f.until(call="synced")
    check(len(d.asked(is_list)) == 1, "asked again")
    # the rule below is not for the watch that is about to begin
    t.wait(lambda: d.asked(is_watch))
    f.settle(what="stream")
    # A later page, which is small, and a watch get 30 seconds.
    d.off(rule)
    d.on(is_watch, lambda r: r.gone(), times=1)
    d.end_watches()
    t.wait(lambda: len(d.asked(is_watch)) == 2)
    f.settle(what="answer")
    f.skip(30001)
    f.until(call="state", error=has("no answer in 30 seconds"))


def L4_cold_and_warm(t):
    d = t.double()
    d.streaming = False
    pods(d, 1)
    t.synced(d)
    check(d.asked(is_list)[0].query.get("resourceVersion") == "0")
    t.synced(d, "--have-state")
    check("resourceVersion" not in d.asked(is_list)[1].query)
    t.synced(d, "--have-state", "--version", "pods=101")
    q = d.asked(is_list)[2].query
    check(q["resourceVersion"] == "101" and q["resourceVersionMatch"] == "NotOlderThan", q)
    d.streaming = True
    t.synced(d, "--have-state", "--version", "pods=101")
    q = d.asked(is_initial)[-1].query
    check(q["resourceVersion"] == "101" and q["resourceVersionMatch"] == "NotOlderThan", q)


def L4_too_large(t):
    for streaming in (False, True):
        d = t.double()
        d.streaming = streaming
        pods(d, 1)
        d.on(lambda r: "resourceVersion" in r.query and not is_watch(r),
             lambda r: r.json(504, too_large()))
        f = t.follow(d, "--version", "pods=999", "--have-state")
        f.drive(lambda: f.find(call="synced") is not None)
        asked = [r.query.get("resourceVersion") for r in d.asked(lambda r: r.kind)]
        check("0" not in asked and asked[-1] is None or asked[-1] == "101", asked)
        check(None in asked, asked)


def L5_kinds_apart(t):
    d = t.double()
    pods(d, 1)
    d.put("namespaces", "ns")
    d.on(lambda r: r.kind == "namespaces", lambda r: r.status(500, "InternalError"))
    f = t.follow(d, kinds="pods,namespaces")
    f.until(call="synced", kind="pods")
    check(not f.calls("synced", "namespaces"), "synced without an answer")


def L6_relist_sweeps(t):
    d = t.double()
    pods(d, 10)
    f = t.synced(d)
    d.end_watches()
    f.until(call="log", text=has("watch ended"))
    f.settle(what="stream")
    d.forget()
    for i in range(3):
        d.delete("pods", "p%d" % i, "ns")
    d.forget()
    d.end_watches()
    f.drive(lambda: len(f.calls("synced")) == 2)
    check(f.names() == ["p%d" % i for i in range(3, 10)], f.names())
    check(not f.calls("remove"))


def L7_watch_query(t):
    d = t.double()
    d.streaming = False
    pods(d, 1)
    seconds = []
    for _ in range(12):
        d.log.clear()
        f = t.synced(d)
        t.wait(lambda: d.asked(is_watch))
        q = d.asked(is_watch)[0].query
        check(q["allowWatchBookmarks"] == "true" and q["resourceVersion"] == "101", q)
        seconds.append(int(q["timeoutSeconds"]))
        f.quit()
    check(all(300 <= s <= 600 for s in seconds) and len(set(seconds)) > 3, seconds)


def L8_opaque_versions(t):
    d = t.double()
    d.show = lambda n: "v/%d &=%s" % (1000 - n, "x" * 40)
    pods(d, 1)
    f = t.synced(d)
    d.put("pods", "a", "ns")
    f.until(call="upsert", name="a")
    d.bookmark("pods")
    f.until(call="state", version=d.show(103))
    d.end_watches()
    t.wait(lambda: d.asked(is_watch))
    check(d.asked(is_watch)[0].query["resourceVersion"] == d.show(103))
    d.put("pods", "b", "ns")
    f.until(call="upsert", name="b")
    d.delete("pods", "b", "ns")
    f.until(call="remove", name="b")
    check(f.state()["version"] == d.show(105))


def L8_older_data(t):
    """etcd was restored from a backup: the version of the last event is one of the future."""
    d = t.double()
    pods(d, 20)
    f = t.synced(d)
    with d.lock:
        d.objects["pods"] = {("ns", "old"): {"metadata": {
            "name": "old", "namespace": "ns", "uid": "uid-old", "resourceVersion": "50"}}}
    d.restore(50)
    f.drive(lambda: len(f.calls("synced")) == 2)
    check(f.names() == ["old"], f.names())
    check(f.state()["relists"]["restored"] == 1, f.state())
    check(f.find(call="log", level="warning", text=has("older data than this agent")) is not None)
    check("resourceVersion" not in d.asked(is_initial)[1].query)
    # and it follows from there
    d.put("pods", "late", "ns")
    f.until(call="upsert", name="late")


def L8_older_bookmark(t):
    """The stream outlived it: the next bookmark tells."""
    d = t.double()
    pods(d, 20)
    f = t.synced(d)
    d.objects["pods"].clear()
    d.send("pods", "BOOKMARK", {"kind": "Bookmark", "metadata": {"resourceVersion": "99"}})
    f.drive(lambda: len(f.calls("synced")) == 2)
    check(f.names() == [] and f.state()["relists"]["restored"] == 1, f.state())


def L8_check_fails(t):
    """No watch goes on before the version was seen."""
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    refuse = d.on(is_check, lambda r: r.status(503, "ServiceUnavailable"), times=2)
    f.skip(2000)
    d.end_watches()
    f.drive(lambda: d.asked(is_watch))
    check(refuse["times"] == 0 and not d.asked(is_list) and len(d.asked(is_initial)) == 1)
    check(len(d.asked(is_check)) == 3)


def L9_clean_end(t):
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    f.skip(2000)
    d.end_watches()
    t.wait(lambda: d.asked(is_watch))
    check(d.asked(is_watch)[0].query["resourceVersion"] == "101")
    check(not d.asked(is_list) and len(d.asked(is_initial)) == 1)
    check(f.state()["ends"]["closed"] == 1)


def L9_closed_at_once(t):
    d = t.double()
    pods(d, 1)
    f = t.synced(d)

    def shut(r):
        r.start()
        return r.end()
    d.on(is_watch, shut)
    f.skip(2000)
    d.end_watches()
    waits = [f.pass_wait() for _ in range(6)]
    check(all(w > 700 for w in waits), waits)
    check(not d.asked(is_list), "relisted")


def L10_error_event(t):
    d = t.double()
    pods(d, 2)
    f = t.synced(d)
    d.delete("pods", "p0", "ns")
    d.end_watches()
    d.forget()
    d.on(is_initial, lambda r: r.status(410, "Expired") if "resourceVersion" in r.query else False,
         times=1)
    f.drive(lambda: len(f.calls("synced")) == 2)
    asked = [r.query.get("resourceVersion") for r in d.asked(is_initial)]
    # with the last version first, then without, as that was refused
    check(asked[1] is not None and asked[2] is None, asked)
    check(f.names() == ["p1"] and f.state()["relists"]["expired"] >= 1)


def L10_http_410(t):
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    d.on(is_watch, lambda r: r.status(410, "Gone", "too old"), times=1)
    f.skip(2000)
    d.end_watches()
    f.drive(lambda: len(f.calls("synced")) == 2)
    check(f.state()["relists"]["expired"] == 1)
    check(d.asked(is_initial)[1].query["resourceVersion"] == "101")


def L10_after_absence(t):
    """A server that was away and then answers 410: nothing waits as if it were away still."""
    d = t.double()
    pods(d, 1)
    d.put("networkpolicies", "a", "ns")
    f = t.follow(d, kinds="pods,networkpolicies")
    kinds = ("pods", "networkpolicies")
    for kind in kinds:
        f.until(call="synced", kind=kind)
        f.seen = 0
        f.settle(kind, "stream")
    d.stop()
    for kind in kinds:
        check([f.pass_wait(kind) for _ in range(6)][-1] > 25000)
        check(f.settle(kind)["left"] > 25000)
    d.forget()
    d.log.clear()
    d.listen()
    f.seen = mark = len(f.lines)
    # one kind's time has come; the other one follows it, and need not wait for its own
    f.drive(lambda: d.asked(lambda r: r.kind == "pods"))
    f.until(call="state", kind="pods", connected=1)
    waits = f.waits("networkpolicies")
    # or it has asked already, and waits because of the answer
    check(waits["for"] != "timer" or waits["left"] <= 800 or
          d.asked(lambda r: r.kind == "networkpolicies"), waits)
    # Passing the time of one kind passes that of the other one too, so the sum is what tells:
    # one step to follow and one to list again for each kind, and nothing of the 25 seconds.
    passed = f.passed
    for kind in kinds:
        f.drive(lambda: len(f.calls("synced", kind)) == 2, kind)
        f.settle(kind, "stream")
        check(f.state(kind)["connected"])
        # the stream that said 410 had ended, and the state said so
        told = [line["connected"] for line in f.lines[mark:]
                if line["call"] == "state" and line["kind"] == kind]
        check((1, 0) in zip(told, told[1:]), told)
    check(f.passed - passed <= 2 * (800 + 1600), f.passed - passed)
    # a server that answers one kind and has too much to do for another one is not asked sooner
    d = t.double()
    d.streaming = False
    d.on(lambda r: is_list(r) and r.kind == "pods", lambda r: True)
    f = t.follow(d, kinds="pods,networkpolicies")
    f.until(call="synced", kind="networkpolicies")
    for _ in range(6):
        # the kind that is answered has its stream again, so that it fails at nothing itself
        f.drive(lambda: f.waits("networkpolicies")["for"] == "stream", "networkpolicies")
        f.settle("pods", "answer")
        f.skip(90001)
        # 90 seconds, or 30 if the request was still on its way when the time passed
        f.until(call="state", kind="pods", error=has("no answer in "))
        f.pass_wait("pods")
    f.drive(lambda: f.waits("networkpolicies")["for"] == "stream", "networkpolicies")
    f.settle("pods", "answer")
    f.skip(90001)
    check(f.settle("pods")["left"] > 25000)
    asked = len(d.asked(lambda r: is_watch(r) and r.kind == "networkpolicies"))
    d.end_watches()
    f.drive(lambda: len(d.asked(lambda r: is_watch(r) and r.kind == "networkpolicies")) > asked,
            "networkpolicies")
    f.settle("networkpolicies", "stream")
    check(f.waits("pods")["left"] > 10000, f.waits("pods"))
    # one that always says so waits longer each time
    d = t.double()
    d.streaming = False
    pods(d, 1)
    d.on(is_watch, lambda r: r.status(410, "Gone", "too old"))
    f = t.follow(d, kinds="pods")
    waits = []
    for n in range(5):
        f.drive(lambda: len(d.asked(is_watch)) == n + 1)
        waits.append(f.pass_wait())
    check(waits[0] <= 1600 and waits[-1] > 6000, waits)


def L11_refused_keeps_state(t):
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    d.stop()
    for _ in range(5):
        f.pass_wait()
    d.listen()
    f.drive(lambda: d.asked(is_watch))
    d.put("pods", "late", "ns")
    f.until(call="upsert", name="late")
    check(not d.asked(is_list) and len(d.asked(is_initial)) == 1, "relisted")
    check(d.asked(is_watch)[-1].query["resourceVersion"] == "101")


def L11_429_keeps_state(t):
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    d.on(is_watch, lambda r: r.status(429, "TooManyRequests"), times=3)
    f.skip(2000)
    d.end_watches()
    f.drive(lambda: len(d.asked(is_watch)) == 4)
    d.put("pods", "late", "ns")
    f.until(call="upsert", name="late")
    check(not d.asked(is_list) and len(d.asked(is_initial)) == 1, "relisted")
    check(f.state()["throttled"] == 3)


def L12_watch_errors(t):
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    rule = d.on(is_watch, lambda r: r.status(500, "InternalError", "etcd"))
    f.skip(2000)
    d.end_watches()
    f.pass_wait()
    check(len(d.asked(is_initial)) == 1, "relisted at once")
    f.drive(lambda: len(d.asked(is_initial)) == 2)
    check(3 <= len(d.asked(is_watch)) <= 10, len(d.asked(is_watch)))
    f.until(call="synced")
    check(f.state()["relists"]["error"] == 1)
    d.off(rule)


def one_byte(r, d):
    """A streaming list in chunks and TCP segments of one byte."""
    text = b""
    for body in d.objects["pods"].values():
        text += json.dumps({"type": "ADDED", "object": body}).encode()
    text += json.dumps({"type": "BOOKMARK", "object": {"metadata": {
        "resourceVersion": "101", "annotations": {"k8s.io/initial-events-end": "true"}}}}).encode()
    r.start()
    for i in range(len(text)):
        r.chunk(text[i:i + 1])
    return r.gone()


def L19_one_byte_reads(t):
    d = t.double()
    pods(d, 3)
    d.on(is_initial, lambda r: one_byte(r, d), times=1)
    f = t.synced(d)
    check(f.names() == ["p0", "p1", "p2"])


def L19_large_event(t):
    d = t.double()
    f = t.synced(d)
    # 3 MiB of '<', each of which an API server writes as six bytes, before what is needed
    d.put("pods", "big", "ns", big=18 << 20, spec={"nodeName": "me"}, status={"podIP": "10.0.0.1"})
    d.put("pods", "after", "ns")
    f.until(call="upsert", name="big")
    f.until(call="upsert", name="after")


def L20_too_large_object(t):
    d = t.double()
    d.put("pods", "huge", "ns", big=(20 << 20) + 1)
    d.put("pods", "ok", "ns")
    f = t.synced(d)
    line = f.calls("rejected")[0]
    check(line["name"] == "huge" and line["ns"] == "ns" and line["uid"] == "uid-huge" and
          "20 MiB" in line["reason"], line)
    check(f.names() == ["ok"])
    d.put("pods", "huge", "ns", big=(20 << 20) + 2)
    f.until(call="rejected", name="huge")
    # its version counts, and its end is known
    check(f.state()["version"] == "103" and f.state()["rejected"] == 2, f.state())
    d.delete("pods", "huge", "ns")
    f.until(call="remove", name="huge")
    d.streaming = False
    d.put("pods", "huge", "ns", big=(20 << 20) + 1)
    f.until(call="rejected", name="huge")
    f.tell("refresh")
    f.drive(lambda: len(f.calls("synced")) == 2)
    check(f.calls("rejected")[-1]["name"] == "huge" and f.names() == ["ok"])


def L20_too_deep_object(t):
    d = t.double()

    def nested(levels):
        value = "x"
        for _ in range(levels):
            value = [value]
        return value
    # what nobody reads may be nested as deeply as an API server takes it
    d.put("pods", "odd", "ns", spec={"a": nested(500), "nodeName": "me"})
    d.put("pods", "deep", "ns", spec={"nodeName": nested(80)})
    d.put("pods", "ok", "ns")
    f = t.synced(d)
    check(f.calls("rejected")[0]["name"] == "deep" and "64" in f.calls("rejected")[0]["reason"])
    check(f.names() == ["odd", "ok"] or f.names() == ["ok", "odd"], f.names())


def L21_undecodable_object(t):
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    for body in ({"metadata": {"uid": "u"}}, {"metadata": {"name": "x"}}, {"metadata": {"name": 1, "namespace": "ns"}},
                 {"metadata": []}, {}):
        d.send("pods", "MODIFIED", body)
        f.until(call="rejected")
    d.put("pods", "after", "ns")
    f.until(call="upsert", name="after")
    check(f.state()["rejected"] == 5 and f.names() == ["after", "p0"])
    check(len(d.asked(lambda r: r.kind)) == 1, "the stream was dropped")


def L21_refused_object(t):
    """JSON, but what no manifest may say: that object alone is rejected."""
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    event = b'{"type":"%s","object":{"metadata":{"name":"x","namespace":"ns","uid":"u"%s},"spec":{%s}}}'
    for meta, spec, why in ((b',"labels":{"a":"b","a":"c"}', b"", "twice"), (b',"labels":{"a":"b\\u0000c"}', b"", "NUL"),
                            (b"", b'"nodeName":"\xff"', "UTF-8")):
        d.send("pods", "", event % (b"MODIFIED", meta, spec))
        f.until(call="rejected")
        last = f.calls("rejected")[-1]
        check((last["ns"], last["name"], last["uid"]) == ("ns", "x", "u") and why in last["reason"], last)
    # what nobody reads may say anything, and the end of an object is one whatever else it says
    d.send("pods", "", event % (b"MODIFIED", b',"managedFields":[{"a":1,"a":2}]', b'"x":"\\u0000\xff"'))
    f.until(call="upsert", name="x")
    d.send("pods", "", event % (b"DELETED", b',"labels":{"a":"b","a":"c"}', b""))
    f.until(call="remove", name="x")
    check(f.state()["rejected"] == 3 and len(d.asked(lambda r: r.kind)) == 1, "the stream was dropped")


def L21_garbage(t):
    for garbage in (b"{]", b"nonsense", b'{"type":"ADDED","object":{a}}', b'{"type":"WHAT","object":{}}',
                    b'{"type":"ADDED"}', b"[]", b'\x00\x01'):
        d = t.double()
        pods(d, 1)
        f = t.synced(d)
        d.send("pods", "", garbage)
        f.drive(lambda: d.asked(is_watch))
        # first a watch from the same version, the second time a list
        check(d.asked(is_watch)[0].query["resourceVersion"] == "101")
        f.drive(lambda: len(d.asked(is_initial)) == 2)
        f.drive(lambda: len(f.calls("synced")) == 2)
        check(f.state()["relists"]["garbage"] == 1, garbage, f.state())
        check(f.names() == ["p0"])
        f.quit()


def L21_unreadable_item(t):
    """An item of a list that is no JSON: only the second time, and only that object is rejected."""
    items = b"".join(b'{"metadata":{"name":"%s","namespace":"ns","uid":"u-%s"}%s},' % x for x in (
        (b"a", b"a", b""), (b"bad", b"bad", b',"spec":{"nodeName":n}'), (b"b", b"b", b"")))
    for streaming in (False, True):
        d = t.double()
        d.streaming = streaming
        pods(d, 1)
        body = b'{"metadata":{"resourceVersion":"101"},"items":[' + items[:-1] + b"]}"
        rules = [d.on(is_list, lambda r, body=body: r.json(200, body))]
        rules += [d.on(is_initial, lambda r: streaming and r.start() and
             r.chunk(b'{"type":"ADDED","object":{"metadata":{"name":"bad"},"spec":{"nodeName":n}}}\n') and r.gone())]
        f = t.follow(d)
        f.until(call="state", error=has("not JSON"))
        check(not f.calls("rejected") and not f.calls("synced"), "taken the first time")
        f.drive(lambda: f.find(call="synced") is not None)
        bad = f.calls("rejected")
        check([(x["ns"], x["name"], x["uid"]) for x in bad] == [("ns", "bad", "u-bad")], bad)
        check(f.names() == ["a", "b"] and len(d.asked(is_list)) == 2 - streaming, f.names())
        d.put("pods", "later", "ns")
        f.until(call="upsert", name="later")
        # With the end of the watch it is asked for again, and taken when it can be read.
        for rule in rules:
            d.off(rule)
        with d.lock:
            d.put("pods", "bad", "ns")
            d.history["pods"].pop()
        f.settle(what="stream")
        f.skip(2000)
        d.end_watches()
        f.until(call="upsert", name="bad")
        f.until(call="synced")
        lists = len(d.asked(lambda r: is_list(r) or is_initial(r)))
        f.settle(what="stream")
        f.skip(2000)
        d.end_watches()
        d.put("pods", "last", "ns")
        f.until(call="upsert", name="last")
        check(len(d.asked(lambda r: is_list(r) or is_initial(r))) == lists, "listed again")
        f.quit()


def page(names, more=""):
    return json.dumps({"metadata": {"resourceVersion": "101"}, "items": [
        {"metadata": {"name": name, "namespace": "ns", "uid": "u"}} for name in names]}).encode()


def L22_cut_list(t):
    """A page cut anywhere, in every way that it can be cut: never synced by it."""
    whole = page(["a", "b"])

    def length(r, part):
        r.raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(whole) + part)
        return r.close() or True

    def chunked(r, part):
        r.start()
        r.chunk(part)
        return r.close() or True

    def ended(r, part):
        r.start()
        r.chunk(part)
        return r.end()

    def bare(r, part):
        r.raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + part)
        return r.shut()
    for double in (t.double, t.tls):
        for how in (length, chunked, ended, bare):
            d = double()
            d.streaming = False
            f = t.follow(d)
            cuts = [1, 20, whole.index(b'"b"') + 1, len(whole) - 1]
            for cut in cuts:
                d.on(is_list, lambda r, c=cut, h=how: h(r, whole[:c]), times=1)
            f.drive(lambda: f.find(call="synced") is not None)
            check(len(d.asked(is_list)) == 5, how, len(d.asked(is_list)))
            check(f.names() == [], f.names())
            f.quit()


def L22_no_items(t):
    """What has no items, or calls them otherwise, is no list: not even an empty one."""
    d = t.double()
    d.streaming = False
    pods(d, 1)
    empty = page([])
    for answer in (empty.replace(b'"items"', b'"Items"'), empty.replace(b'"items"', b'"\\u0069tems"'),
                   b'{"metadata":{"resourceVersion":"101"}}'):
        d.on(is_list, lambda r, a=answer: r.json(200, a), times=1)
    f = t.follow(d)
    f.drive(lambda: f.find(call="synced") is not None)
    check(len(d.asked(is_list)) == 4, len(d.asked(is_list)))
    check(f.names() == ["p0"], f.names())


def L22_cut_watch(t):
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    event = json.dumps({"type": "MODIFIED", "object": {"metadata": {
        "name": "half", "namespace": "ns", "uid": "u", "resourceVersion": "500"}}}).encode()

    def cut(r, n):
        r.start()
        r.chunk(event[:n])
        return r.close() or True
    for n in (1, 30, len(event) - 1):
        d.on(is_watch, lambda r, n=n: cut(r, n), times=1)
    f.skip(2000)
    d.end_watches()
    f.drive(lambda: len(d.asked(is_watch)) == 4)
    check(f.names() == ["p0"])
    check({r.query["resourceVersion"] for r in d.asked(is_watch)} == {"101"})
    check(not d.asked(is_list) and len(d.asked(is_initial)) == 1)


def L22_truncated_gzip(t):
    names = [hashlib.sha256(b"%d" % i).hexdigest() for i in range(300)]
    whole = gzip.compress(page(names))
    d = t.double()
    d.streaming = False
    for cut in (20, len(whole) // 2, len(whole) - 100):
        d.on(is_list, lambda r, c=cut: r.json(200, whole[:c], ["Content-Encoding: gzip"]), times=1)
    d.on(is_list, lambda r: r.json(200, whole[:-100] + bytes(100), ["Content-Encoding: gzip"]),
         times=1)
    f = t.follow(d, "--gzip")
    f.drive(lambda: f.find(call="synced") is not None)
    check(len(d.asked(is_list)) == 5 and f.names() == [], f.names())


def L23_events_as_they_come(t):
    d = t.double()
    pods(d, 2)
    f = t.synced(d)
    body = d.objects["pods"][("ns", "p0")]
    for _ in range(2):
        d.send("pods", "ADDED", body)
        f.until(call="upsert", name="p0")
    d.send("pods", "DELETED", {"metadata": {"name": "none", "namespace": "ns", "uid": "x",
                                            "resourceVersion": "1"}})
    f.until(call="remove", name="none", uid="x")
    d.put("pods", "p0", "ns", uid="second")
    f.until(call="upsert", name="p0", uid="second")
    # late end of the old one: its uid tells
    d.send("pods", "DELETED", body)
    f.until(call="remove", name="p0", uid="uid-p0")
    check(f.names() == ["p0", "p1"])


def L23_field_selector(t):
    d = t.double()
    pods(d, 1)
    d.put("pods", "host", "ns", spec={"hostNetwork": True})
    d.on(lambda r: "spec.hostNetwork" in r.query.get("fieldSelector", ""), lambda r: r.json(
        400, status(400, "BadRequest", "field label not supported: spec.hostNetwork")))
    f = t.follow(d)
    f.drive(lambda: f.find(call="synced") is not None)
    asked = [r.query["fieldSelector"] for r in d.asked(is_initial)]
    check(asked == ["spec.hostNetwork=false,status.phase!=Succeeded,status.phase!=Failed",
                    "status.phase!=Succeeded,status.phase!=Failed"], asked)
    # what can't be selected is left out here
    check(f.names() == ["p0"], f.names())
    d.put("nodes", "n1")
    g = t.synced(d, "--node", "n1", kinds="nodes")
    check(d.asked(lambda r: r.kind == "nodes")[0].query["fieldSelector"] == "metadata.name=n1")
    check(g.names("nodes") == ["n1"])


def L44_annotations(t):
    """One annotation of policies and Namespaces is read, in a list and in a watch, and no other."""
    kinds = {"networkpolicies": "ns", "namespaces": ""}
    d = t.double()
    asks = {"kubectl.kubernetes.io/last-applied-configuration": "x" * 100000,
            "netpolctl/audit": "true", "netpolctl/other": "true"}
    for kind, namespace in kinds.items():
        d.put(kind, "asks", namespace, annotations=asks)
        d.put(kind, "plain", namespace, annotations={"a": "b"})
    d.put("pods", "asks", "ns", annotations=asks)
    f = t.synced(d, kinds="pods," + ",".join(kinds))
    for kind, namespace in kinds.items():
        have = {line["name"]: line for line in f.calls("upsert", kind)}
        check(have["asks"]["audit"] == "true" and have["asks"]["annotations"] == 1, have)
        check(have["plain"]["audit"] == "" and have["plain"]["annotations"] == 0, have)
        d.put(kind, "asks", namespace, annotations={"netpolctl/audit": "false"})
        f.seen = 0
        f.until(call="upsert", kind=kind, name="asks", audit="false")
        d.put(kind, "asks", namespace)
        f.until(call="upsert", kind=kind, name="asks", audit="", annotations=0)
    check(f.calls("upsert", "pods")[0]["annotations"] == 0, "the annotation of a pod is read")
