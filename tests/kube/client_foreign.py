# SPDX-License-Identifier: GPL-2.0-or-later
"""Policies of kinds that netpol does not enforce: L40."""
from harness import check, has, pods

GROUPS = {"kind": "APIGroupList", "groups": [
    {"name": "apps", "versions": [{"groupVersion": "apps/v1", "version": "v1"}]},
    {"name": "cilium.io", "versions": [{"groupVersion": "cilium.io/v2", "version": "v2"},
                                       {"groupVersion": "cilium.io/v2alpha1",
                                        "version": "v2alpha1"}]},
    {"name": "policy.networking.k8s.io", "versions": [{"version": "v1alpha2"},
                                                      {"version": "../../secrets"}, {}, 7]},
    7]}
ANY = "/apis/cilium.io/v2/ciliumnetworkpolicies"
WIDE = "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies"
ADMIN = "/apis/policy.networking.k8s.io/v1alpha2/adminnetworkpolicies"
ONE = {"items": [{"metadata": {"name": "x"}}]}


def bare(request):
    return request.path.partition("?")[0]


def asked(double):
    return [bare(r) for r in double.log if bare(r).startswith("/apis") and not r.kind]


def serve(double, answers, groups=GROUPS):
    """answers: what a path answers, a number for a status; all others answer 404."""
    def answer(request):
        body = groups if bare(request) == "/apis" else answers.get(bare(request), 404)
        if isinstance(body, int):
            return request.status(body, "X")
        return request.json(200, body)
    return double.on(lambda r: bare(r).startswith("/apis") and not r.kind, answer)


def rounds(f):
    return next(line["count"] for line in f.tell("foreign") if line["call"] == "rounds")


def round_of(t, f, double, requests):
    """Runs one round, which has that many requests, each a second after the other."""
    before, done = len(asked(double)), rounds(f)
    f.skip(1200001)
    for n in range(1, requests + 1):
        t.wait(lambda n=n: len(asked(double)) == before + n)
        f.settle(what="stream")
        f.skip(1001)
    t.wait(lambda: rounds(f) == done + 1)
    return asked(double)[before:]


def kinds(f):
    return {line["kind"]: line["state"] for line in f.tell("foreign")
            if line["call"] == "foreign"}


def warnings(f):
    return [line for line in f.calls("log") if "does not enforce" in line["text"]]


def L40_foreign_kinds(t):
    d = t.double()
    pods(d, 1)
    rule = serve(d, {ANY: ONE, WIDE: {"items": []}, ADMIN: 403})
    f = t.synced(d, "--foreign")
    f.settle(what="stream")
    check(not asked(d), "asked at once")
    paths = round_of(t, f, d, 7)
    check(paths[0] == "/apis" and ANY in paths and ADMIN in paths, paths)
    check(not [p for p in paths if "secrets" in p or "apps" in p or "calico" in p], paths)
    check(all(r.query.get("limit") == "1" for r in d.log
              if bare(r) in (ANY, WIDE, ADMIN)), "not one object")
    f.until(call="log", level="warning", text=has("objects of kind CiliumNetworkPolicy"))
    f.seen = 0
    f.until(call="log", level="warning", text=has("knows kind AdminNetworkPolicy"))
    check(kinds(f) == {"ciliumnetworkpolicies": "present",
                       "adminnetworkpolicies": "forbidden"}, kinds(f))
    # What is found again is not told again; a kind that cannot be asked for stays as it was.
    told = len(warnings(f))
    d.off(rule)
    rule = serve(d, {ANY: 503, ADMIN: 403})
    round_of(t, f, d, 7)
    check(len(warnings(f)) == told and len(kinds(f)) == 2, kinds(f))
    # Everything is gone.
    d.off(rule)
    serve(d, {})
    round_of(t, f, d, 7)
    check(kinds(f) == {}, kinds(f))


def L40_foreign_bounds(t):
    d = t.double()
    pods(d, 1)
    big = {"metadata": {"x": "x" * 3000000}, **ONE}
    rule = serve(d, {ANY: big})
    f = t.synced(d, "--foreign")
    f.settle(what="stream")
    round_of(t, f, d, 7)
    check(kinds(f) == {"ciliumnetworkpolicies": "present"}, kinds(f))
    # What is no list of groups, or is too large, changes nothing.
    for groups in (dict(GROUPS, x="x" * 3000000), {"groups": 7}, [], 403, 500):
        d.off(rule)
        rule = serve(d, {}, groups)
        round_of(t, f, d, 1)
        check(kinds(f) == {"ciliumnetworkpolicies": "present"}, kinds(f))
    # A server that does not answer: the request is given up, and the watch goes on.
    d.off(rule)
    d.on(lambda r: bare(r) == "/apis", lambda r: True)
    before, done = len(asked(d)), rounds(f)
    f.skip(1200001)
    t.wait(lambda: len(asked(d)) == before + 1)
    f.skip(30001)
    t.wait(lambda: rounds(f) == done + 1)
    check(kinds(f) == {"ciliumnetworkpolicies": "present"}, kinds(f))
    # The next round is not lost by that.
    d.on(lambda r: bare(r) == "/apis", lambda r: r.json(200, {"groups": []}))
    round_of(t, f, d, 1)
    check(kinds(f) == {}, kinds(f))
    d.put("pods", "more", "ns")
    f.until(call="upsert", name="more")
