# SPDX-License-Identifier: GPL-2.0-or-later
"""Failures and bounds of a single server: L12 to L18, L26, L29 to L32."""
import gzip
import json
import signal
import socket
import subprocess
import time
from email.utils import formatdate

from harness import any_request, check, has, is_initial, is_list, is_watch, pods


def L13_backoff(t):
    d = t.double()
    f = t.synced(d)
    d.stop()
    waits = [f.pass_wait() for _ in range(9)]
    base = 800
    for i, wait in enumerate(waits):
        check(0.9 * base <= wait <= 2.02 * base, i, waits)
        base = min(2 * base, 30000)
    # two minutes of health begin it again
    d.listen()
    f.drive(lambda: d.asked(is_watch))
    f.settle(what="stream")
    f.skip(150000)
    d.bookmark("pods")
    f.until(call="state", connected=1, version=lambda v: v != "100")
    d.stop()
    check(f.pass_wait() < 1700)


def L13_spread(t):
    d = t.double()
    delays = []
    for _ in range(6):
        f = t.follow(d, "--spread", "3600000")
        delays.append(f.settle()["left"])
        f.quit()
    check(len(set(delays)) == 6 and max(delays) > 600000, delays)
    check(not d.log, "asked before its time")


def L14_retry_after(t):
    d = t.double()
    f = t.synced(d)
    f.skip(2000)
    d.on(is_watch, lambda r: r.status(429, "TooManyRequests", headers=["Retry-After: 1"]), times=1)
    d.on(is_watch, lambda r: r.status(503, "Unavailable", headers=["Retry-After: 120"]), times=1)
    d.on(is_watch, lambda r: r.status(429, "TooManyRequests", headers=["Retry-After: 9999"]), times=1)
    d.on(is_watch, lambda r: r.status(429, "TooManyRequests", headers=[
        "Retry-After: " + formatdate(time.time() + 100, usegmt=True)]), times=1)
    d.end_watches()
    # the rules are asked newest first
    for low, high in ((94000, 112000), (299000, 331000), (119000, 133000), (800, 1400)):
        wait = f.pass_wait()
        check(low <= wait <= high, low, wait, high)
    t.wait(lambda: len(d.asked(is_watch)) == 5)
    check(f.state()["throttled"] == 3)


def L14_unreadable_retry_after(t):
    d = t.double()
    f = t.synced(d)
    f.skip(2000)
    for value in ("-5", "soon", "1x", "", "Wed, 01 Jan 2020 00:00:00 GMT"):
        d.on(is_watch, lambda r, v=value: r.status(429, headers=["Retry-After: " + v]), times=1)
    d.end_watches()
    base = 800
    for _ in range(5):
        wait = f.pass_wait()
        check(0.9 * base <= wait <= 2.02 * base, wait)
        base *= 2


def L14_ten_tries(t):
    d = t.double()
    d.on(is_initial, lambda r: r.status(503, headers=["Retry-After: 1"]))
    f = t.follow(d)
    for _ in range(9):
        wait = f.pass_wait()
        check(800 <= wait <= 1400, wait)
    # the tenth goes to the loop's own backoff
    f.settle()
    f.until(call="log", text=has("answers 503"))
    check(len(d.asked(is_initial)) == 10)


def L15_unauthorized(t):
    token = t.file("token", "old")
    d = t.double()
    pods(d, 1)
    d.on(lambda r: r.headers.get("authorization") != "Bearer old" and not d.new,
         lambda r: r.status(401, "Unauthorized"))
    d.on(lambda r: r.headers.get("authorization") != "Bearer new" and d.new,
         lambda r: r.status(401, "Unauthorized"))
    d.new = False
    f = t.synced(d, user={"tokenFile": token}, kinds="pods,namespaces")
    # rotated under a client that doesn't know yet: open streams go on
    d.new = True
    t.file("token", "new")
    d.put("pods", "late", "ns")
    f.until(call="upsert", name="late")
    f.skip(2000)
    d.end_watches()
    t.wait(lambda: len(d.asked(is_watch)) >= 2)
    f.settle("pods", "stream")
    f.settle("namespaces", "stream")
    state = [f.state(kind) for kind in ("pods", "namespaces")]
    check(sum(s["unauthorized"] for s in state) in (1, 2), state)
    check(all(s["error"] == "" for s in state))
    # refused for good: one more try, then backoff
    d.log.clear()
    d.on(any_request, lambda r: r.status(401, "Unauthorized"))
    f.skip(2000)
    d.end_watches()
    f.settle("pods")
    check(len(d.asked(lambda r: r.kind == "pods")) == 2)
    check("refused" in f.state()["error"])


def L16_forbidden(t):
    d = t.double()
    pods(d, 1)
    d.put("networkpolicies", "a", "ns")
    rule = d.on(lambda r: r.kind == "networkpolicies", lambda r: r.status(
        403, "Forbidden", 'networkpolicies is forbidden: User "x" cannot list'))
    f = t.follow(d, kinds="pods,networkpolicies")
    f.until(call="synced", kind="pods")
    f.seen = 0
    line = f.until(call="log", level="warning", kind="networkpolicies")["text"]
    check(all(word in line for word in ("list and watch", "networkpolicies", "networking.k8s.io", "cannot list")), line)
    # a server that has just started refuses what it will allow: no other waits than for any failure
    base = 800
    for n in range(6):
        wait = f.pass_wait("networkpolicies")
        check(0.9 * base <= wait <= 2.02 * base, n, wait)
        base *= 2
    check(30000 <= f.settle("networkpolicies")["left"] <= 60000)
    check(f.state("networkpolicies")["forbidden"] == 7)
    d.put("pods", "late", "ns")
    f.until(call="upsert", name="late")
    check(not f.calls("synced", "networkpolicies"))
    d.off(rule)
    f.pass_wait("networkpolicies")
    f.until(call="synced", kind="networkpolicies")
    # what was waited for a server that was away doesn't count
    f.settle("networkpolicies", "stream")
    d.stop()
    check([f.pass_wait("networkpolicies") for _ in range(6)][-1] > 25000)
    d.log.clear()
    rule = d.on(lambda r: r.kind == "networkpolicies", lambda r: r.status(403, "Forbidden"))
    d.listen()
    f.drive(lambda: d.asked(lambda r: r.kind == "networkpolicies"), "networkpolicies")
    check(f.settle("networkpolicies")["left"] <= 3300)
    d.off(rule)
    f.drive(lambda: d.asked(lambda r: r.kind == "networkpolicies" and is_watch(r)), "networkpolicies")
    f.settle("networkpolicies", "stream")
    check(f.state("networkpolicies")["error"] == "")


def L17_silence_is_probed(t):
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    f.settle(what="stream")
    f.skip(179000)
    check(not d.asked(lambda r: r.path == "/version"))
    connections = d.connections
    f.skip(2000)
    t.wait(lambda: d.asked(is_watch))
    check(len(d.asked(lambda r: r.path == "/version")) == 1 and d.connections > connections)
    check(d.asked(is_watch)[0].query["resourceVersion"] == "101")
    check(f.state()["ends"]["silent"] == 1 and not d.asked(is_list))
    # a probe that fails is a failed server
    d.on(lambda r: r.path == "/version", lambda r: r.reset())
    f.settle(what="stream")
    f.skip(181000)
    f.until(call="log", text=has("a probe failed"))
    check(f.settle()["left"] > 500)


def L17_keepalive(t):
    d = t.double()
    t.synced(d)
    text = subprocess.run(["ss", "-Htno", "state", "established", "dport = :%d" % d.port],
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    check("keepalive,1" in text or "keepalive,9" in text or "keepalive,8" in text, text)


def L18_deadline(t):
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    waits = f.settle(what="stream")
    seconds = int(d.asked(is_initial)[0].query["timeoutSeconds"])
    check(abs(waits["deadline"] - 1000 * (seconds + 15)) < 10000, waits, seconds)
    for _ in range(4):
        left = f.waits()["deadline"]
        if left < 150000:
            break
        f.skip(140000)
        d.bookmark("pods")
        f.until(call="state", version=str(d.version))
    f.skip(f.waits()["deadline"] + 1)
    t.wait(lambda: d.asked(is_watch))
    check(f.state()["ends"]["deadline"] == 1 and not d.asked(is_list))


def L26_away_for_an_hour(t):
    d = t.double()
    pods(d, 2)
    f = t.synced(d)
    d.stop()
    passed = 0
    while passed < 3600000:
        passed += f.pass_wait()
    state = f.state()
    check(state["age"] >= 3600000 and not state["connected"] and state["error"], state)
    check(f.names() == ["p0", "p1"] and len(f.calls("begin")) == 1)
    warnings = [line for line in f.calls("log") if line["level"] == "warning"]
    check(len(warnings) == 1, warnings)
    d.forget()
    d.listen()
    check(f.settle()["left"] <= 60000)
    f.drive(lambda: len(f.calls("synced")) == 2)
    check(f.state()["relists"]["expired"] == 1 and f.state()["error"] == "")
    f.until(call="log", text="works again")


def L29_kinds_take_turns(t):
    """While one kind's list never ends, another kind's events come."""
    d = t.double()
    d.streaming = False
    item = json.dumps({"metadata": {"name": "a", "namespace": "ns", "x": "x" * 4000}}).encode()
    done = []

    def endless(r):
        r.start()
        r.chunk(b'{"metadata":{"resourceVersion":"1"},"items":[' + item)
        while not done and not r.closed:
            r.chunk((b"," + item) * 16)
        return r.reset()
    d.on(lambda r: r.list and r.kind == "pods", endless)
    f = t.follow(d, "--quiet", kinds="pods,namespaces")
    f.until(call="begin", kind="pods")
    f.seen = 0
    f.until(call="synced", kind="namespaces")
    f.settle("namespaces", "stream")
    for name in ("a", "b", "c"):
        d.put("namespaces", name)
        f.until(call="upsert", kind="namespaces", name=name)
    check(not f.calls("synced", "pods"))
    done.append(True)


def L30_gzip(t):
    d = t.double()
    d.streaming = False
    pods(d, 50)

    def packed(r):
        if r.headers.get("accept-encoding") != "gzip":
            return False
        body = {"metadata": {"resourceVersion": "150"}, "items": list(d.objects["pods"].values())}
        return r.json(200, gzip.compress(json.dumps(body).encode()), ["Content-Encoding: gzip"])
    d.on(is_list, packed)
    f = t.synced(d, "--gzip")
    check(len(f.names()) == 50)
    t.wait(lambda: d.asked(is_watch))
    check("accept-encoding" not in d.asked(is_watch)[0].headers, "gzip on a watch")
    g = t.synced(d, "--gzip", config=t.config(d.url(), **{"disable-compression": True}))
    check("accept-encoding" not in d.asked(is_list)[-1].headers and len(g.names()) == 50)


def L30_gzip_bomb(t):
    d = t.double()
    d.streaming = False
    bomb = gzip.compress(b'{"metadata":{},"items":[' + b" " * (200 << 20), 9)
    d.on(is_list, lambda r: r.json(200, bomb, ["Content-Encoding: gzip"]))
    f = t.follow(d, "--gzip")
    f.until(call="state", error=has("200 times"))
    check(f.tell("usage") and f.state()["bytes"] < 16 << 20, f.state())


def L31_redirect(t):
    d, other = t.double(), t.double(address="127.0.0.2")
    d.on(any_request, lambda r: r.json(302, {}, ["Location: %s%s" % (other.url(), r.target)]))
    f = t.follow(d, user={"token": "s3cret"})
    f.until(call="log", level="warning", text=has("redirect"))
    f.pass_wait()
    t.wait(lambda: len(d.log) >= 2)
    check(not other.log and not other.connections, "followed")


def L32_rolling_restart(t):
    d = t.double()
    pods(d, 1)
    f = t.synced(d)
    for _ in range(3):
        f.skip(5000)
        n = len(d.asked(is_watch))
        d.stop()
        d.listen()
        f.drive(lambda n=n: len(d.asked(is_watch)) > n)
        d.put("pods", "p%d" % d.version, "ns")
        f.until(call="upsert", name=has("p1"))
    check(not d.asked(is_list) and len(d.asked(is_initial)) == 1)
    check(all(line["level"] == "debug" for line in f.calls("log")), f.calls("log"))


def L32_reset_over_tls(t):
    """Saying goodbye to a connection that is gone must not end the process."""
    d = t.tls()
    pods(d, 1)
    f = t.synced(d, kinds="pods,namespaces,networkpolicies")
    for _ in range(5):
        f.skip(5000)
        n = len(d.asked(is_watch))
        d.end_watches(clean=False)
        for kind in ("pods", "namespaces", "networkpolicies"):
            f.drive(lambda n=n, k=kind: len([r for r in d.asked(is_watch)[n:] if r.kind == k]), kind)
    f.process.send_signal(signal.SIGPIPE)
    d.put("pods", "late", "ns")
    f.until(call="upsert", name="late")


def L32_reset_when_idle(t):
    """A kept connection that the server drops is not an error."""
    d = t.double()
    d.streaming = False
    pods(d, 1)

    def then_close(r):
        d.do_list(r)
        return r.reset()
    d.on(is_list, then_close, times=1)
    f = t.synced(d)
    f.settle(what="stream")
    check(all(line["level"] == "debug" for line in f.calls("log")))


def L22_slow_loris(t):
    """A server that answers a byte at a time, and never ends."""
    d = t.double()
    d.streaming = False

    def header(r):
        r.raw(b"HTTP/1.1 200 O")
        return r.gone()

    def body(r):
        r.start()
        r.chunk(b'{"metadata":')
        return r.gone()
    d.on(is_list, body, times=1)
    d.on(is_list, header, times=1)
    f = t.follow(d)
    t.wait(lambda: len(d.asked(is_list)) == 1)
    f.skip(90001)
    f.until(call="state", error=has("no answer in 90 seconds"))
    f.pass_wait()
    f.until(call="begin")
    f.settle(what="stream")
    f.skip(30001)
    f.until(call="state", error=has("broke off"))
    f.pass_wait()
    f.until(call="synced")


def L22_endless_error(t):
    """An error whose text never comes to an end."""
    d = t.double()

    def slow(r):
        r.raw(b"HTTP/1.1 500 X\r\nContent-Length: 100\r\n\r\n{")
        return r.gone()

    def flood(r):
        r.raw(b"HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not r.closed:
            r.chunk(b"x" * 4096)
        return True
    d.on(lambda r: r.kind, flood, times=1)
    d.on(lambda r: r.kind, slow, times=1)
    f = t.follow(d)
    t.wait(lambda: d.log)
    f.skip(30001)
    f.until(call="state", error=has("answers 500"))
    f.pass_wait()
    f.until(call="state", error=has("answers 500"))
    f.pass_wait()
    f.until(call="synced")


def L22_endless_header(t):
    d = t.double()

    def endless(r):
        r.raw(b"HTTP/1.1 200 OK\r\n")
        while not r.closed:
            r.raw(b"X-Y: " + b"z" * 1000 + b"\r\n")
        return True
    d.on(is_initial, endless, times=1)
    f = t.follow(d)
    f.until(call="state", error=has("64 KiB"))
    f.pass_wait()
    f.until(call="synced")


def L22_not_http(t):
    for data in (b"\x15\x03\x01\x00\x02\x02\x46", b"220 smtp\r\n", b"HTTP/1.1 abc\r\n\r\n", b""):
        d = t.double()
        d.on(is_initial, lambda r, x=data: r.raw(x) and r.close() or True, times=1)
        f = t.follow(d)
        f.pass_wait()
        f.until(call="synced")
        f.quit()


def L39_silent_resolver(t):
    """A name server that never answers holds up its own request and nothing else."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    resolv = t.file("resolv.conf", "nameserver 127.0.0.1\noptions timeout:20 attempts:1\n", 0o644)
    f = t.follow(None, config=t.config("https://kube.example:6443", name="named"), kinds="pods",
                 prefix=("unshare", "-rm", "sh", "-c",
                         'mount --bind "$0" /etc/resolv.conf && exec "$@"', resolv))
    with server:
        server.settimeout(20)
        check(b"kube" in server.recv(512))
        began = time.monotonic()
        f.skip(10001)
        f.tell("refresh")
        f.tell("state")
        took = time.monotonic() - began
    check(took < 10, "the loop stood still for %d seconds" % took)
