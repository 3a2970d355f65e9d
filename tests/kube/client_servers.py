# SPDX-License-Identifier: GPL-2.0-or-later
"""Several servers, proxies, TLS names: L33 to L37, K6 to K8, K18."""
import os
import shutil
import ssl
import subprocess
import time

from double import too_large
from harness import Follow, any_request, check, has, is_initial, is_list, is_watch, pods
from proxy import Proxy


def L33_next_server(t):
    servers = [t.double() for _ in range(3)]
    for d in servers:
        pods(d, 1)
    args = [arg for d in servers for arg in ("--server", d.url())]
    f = t.follow(servers[0], *args)
    f.until(call="synced")
    used = set()
    for _ in range(2):
        now = next(d for d in servers if d.url() == f.cluster()["server"])
        used.add(now.port)
        now.stop()
        f.drive(lambda: [d for d in servers if d.port not in used and d.asked(is_watch)])
    check(len(used) == 2 and all(not d.asked(is_list) for d in servers))
    last = next(d for d in servers if d.port not in used)
    check(len(last.asked(is_initial)) == 0 and
          last.asked(is_watch)[0].query["resourceVersion"] == "101")


def L33_sticky_random_choice(t):
    servers = [t.double() for _ in range(3)]
    args = [arg for d in servers for arg in ("--server", d.url())]
    for _ in range(15):
        f = t.follow(servers[0], *args, kinds="pods,namespaces")
        f.until(call="synced", kind="pods")
        f.seen = 0
        f.until(call="synced", kind="namespaces")
        f.quit()
    check(all(len(d.log) % 2 == 0 for d in servers), "kinds of one client on two servers")
    check(sum(1 for d in servers if d.log) > 1, "always the same server")


def L33_lagging_server(t):
    lagging, current = t.double(), t.double()
    pods(current, 1)
    lagging.on(lambda r: "resourceVersion" in r.query, lambda r: r.json(
        504, too_large(), ["Retry-After: 1"]))
    # the server is chosen at random: until the lagging one has been
    for _ in range(60):
        f = t.follow(current, "--server", lagging.url(), "--server", current.url(),
                     "--have-state", "--version", "pods=101")
        f.drive(lambda f=f: f.find(call="synced") is not None)
        check(f.names() == ["p0"], f.names())
        f.quit()
        if lagging.log:
            break
    check(all("resourceVersion" in r.query for r in lagging.log), "listed without a version")
    check(lagging.log, "never asked")


def L33_5xx_and_bad_time(t):
    a, b = t.double(), t.double()
    a.on(any_request, lambda r: r.status(500, "InternalError"))
    b.on(any_request, lambda r: r.status(503, "Unavailable", headers=["Retry-After: 100"]))
    f = t.follow(a, "--server", a.url(), "--server", b.url())
    for _ in range(3):
        f.pass_wait()
    t.wait(lambda: a.log and b.log)
    check(f.state()["requests"] >= 3)


def L34_service_address(t):
    t.file("token", "t")
    with open(t.certificates.ca, encoding="ascii") as ca:
        t.file("ca.crt", ca.read())
    f = Follow("--in-cluster", t.dir, "--kinds", "pods", env={
        "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"})
    f.until(call="state", error=has("kube-proxy"))
    check("--api-server" in f.state()["error"])


def L35_header_and_rate(t):
    d = t.double()
    d.put("nodes", "node-7")
    d.on(is_watch, lambda r: r.start() and r.end())
    f = t.follow(d, "--node", "node-7", kinds="pods,namespaces,networkpolicies,nodes")
    for kind in ("pods", "namespaces", "networkpolicies", "nodes"):
        f.seen = 0
        f.until(call="synced", kind=kind)
    agent = d.log[0].headers["user-agent"]
    check(agent.startswith("netpolctl/") and "(linux/" in agent and agent.endswith(" node-7"), agent)
    check({r.method for r in d.log} == {"GET"})
    # All kinds at once, again and again: the sixth within a second waits. On a busy machine the
    # double notes a request late, and the next ones seem too near; not so each time.
    for _ in range(4):
        begun = len(d.log)
        for _ in range(3):
            n = len(d.log)
            f.tell("refresh")
            t.wait(lambda n=n: len(d.log) >= n + 4)
        times = [r.time for r in d.log[begun:]]
        if all(b - a > 0.95 for a, b in zip(times, times[5:])):
            break
    else:
        check(False, times)
    check(not any(part in r.target for r in d.log for part in ("lease", "configmap", "events")))


def L35_pages_follow_at_once(t):
    d = t.double()
    d.streaming = False
    pods(d, 5001)
    start = time.monotonic()
    t.synced(d)
    check(len(d.asked(is_list)) == 11 and time.monotonic() - start < 2.2)


def proxied(t, d, proxy, **more):
    scheme = "socks5" if proxy.socks else "http"
    return t.config(d.url(), **{"proxy-url": "%s://user:pa55@127.0.0.1:%d" % (scheme, proxy.port)}, **more)


def K8_http_proxy(t):
    d = t.tls()
    pods(d, 1)
    p = Proxy()
    f = t.synced(d, config=proxied(t, d, p), env={"NO_PROXY": "*"})
    check(p.asked[0] == "127.0.0.1:%d" % d.port, p.asked)
    check("Proxy-Authorization: Basic" in p.heads[0], p.heads)
    check(f.names() == ["p0"])


def K8_token_stays_hidden_from_proxy(t):
    d = t.tls()
    p = Proxy()
    path = t.config(d.url(), {"token": "s3cret"}, **{"proxy-url": "http://127.0.0.1:%d" % p.port})
    t.synced(d, config=path)
    check("s3cret" not in "".join(p.heads))
    check(d.log[0].headers["authorization"] == "Bearer s3cret")


def K8_socks_resolves_names(t):
    d = t.tls()
    p = Proxy(socks=True)
    p.map["kube"] = "127.0.0.1"
    path = t.config("https://kube:%d" % d.port, **{"proxy-url": "socks5://127.0.0.1:%d" % p.port})
    t.synced(d, config=path)
    check(p.asked[0] == "kube:%d" % d.port)


def K8_environment(t):
    d = t.tls()
    p = Proxy()
    url = "http://127.0.0.1:%d" % p.port
    p.map["kube"] = "127.0.0.1"
    named = t.config("https://kube:%d" % d.port, name="named")
    f = t.follow(d, config=named, env={"HTTPS_PROXY": url})
    f.until(call="synced")
    check(p.asked)
    # this machine, and what NO_PROXY names, is reached without
    p.asked.clear()
    t.synced(d, env={"HTTPS_PROXY": url})
    g = t.follow(d, config=named, env={"HTTPS_PROXY": url, "NO_PROXY": "10.0.0.0/8,kube"})
    g.until(call="state", error=has("kube"))
    check(not p.asked, p.asked)


def L37_proxy_refuses(t):
    d = t.tls()
    pods(d, 1)
    p = Proxy()
    f = t.synced(d, config=proxied(t, d, p))
    for code in (403, 407, 502):
        p.answer = code
        f.skip(5000)
        p.cut()
        f.pass_wait()
        f.settle()
        error = f.state()["error"]
        check(str(p.port) in error and "proxy" in error and "pa55" not in error, error)
    p.answer = 200
    f.drive(lambda: d.asked(is_watch))
    d.put("pods", "late", "ns")
    f.until(call="upsert", name="late")
    check(len(d.asked(is_initial)) == 1 and not d.asked(is_list), "relisted")
    check("pa55" not in str(f.lines))


def L37_tunnel_cut(t):
    d = t.tls()
    p = Proxy()
    f = t.synced(d, config=proxied(t, d, p))
    f.skip(5000)
    p.cut()
    f.drive(lambda: d.asked(is_watch))
    check(not d.asked(is_list) and len(d.asked(is_initial)) == 1)


def refused(t, d, config, *words):
    f = t.follow(d, config=config)
    line = f.until(call="state", error=lambda e: e != "")
    check(any(word in line["error"].lower() for word in words), line["error"])
    check(not d.log, "a request was sent")
    f.quit()


def K6_certificates(t):
    for name, words in (("expired", ("expired",)), ("foreign", ("issuer", "self-signed", "self signed")),
                        ("named", ("does not match", "no alternative"))):
        d = t.tls(name)
        refused(t, d, t.config(d.url()), *words)
    d = t.tls("expired")
    f = t.synced(d, config=t.config(d.url(), **{"insecure-skip-tls-verify": True,
                                                "certificate-authority": None}))
    check(f.cluster()["insecure"] == 1)
    check([line for line in f.calls("log") if "not checked" in line["text"]])


def K6_only_the_given_authority(t):
    """A certificate of an authority that the system trusts is none of the cluster's."""
    trusted = os.path.join(t.dir, "certs")
    os.mkdir(trusted)
    ca = t.certificates.ca.replace("ca.crt", "other-ca.crt")
    name = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", ca],
                          stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    shutil.copy(ca, os.path.join(trusted, name + ".0"))
    with open(ca, "rb") as source, open(os.path.join(trusted, "ca-certificates.crt"), "wb") as to:
        to.write(source.read())
    prefix = ("unshare", "-m", "sh", "-c",
              'mount --bind %s /etc/ssl/certs && exec "$@"' % trusted, "sh")
    d = t.tls("foreign")
    f = t.follow(d, prefix=prefix)
    f.until(call="state", error=has("certificate"))
    check(not d.log, "the system's authority was trusted")
    # without one of its own, the system's are what counts
    f = t.follow(d, config=t.config(d.url(), **{"certificate-authority": None}), prefix=prefix)
    f.until(call="synced")


def K7_tls_server_name(t):
    d = t.tls("named")
    names = []
    d.context.sni_callback = lambda sock, name, context: names.append(name)
    pods(d, 1)
    refused(t, d, t.config(d.url(), **{"tls-server-name": "other.example"}), "does not match", "no alternative")
    f = t.synced(d, config=t.config(d.url() + "/prefix/x/", **{"tls-server-name": "kube.example"}))
    check(names[-1] == "kube.example", names)
    check(d.log[0].headers["host"] == "127.0.0.1:%d" % d.port, d.log[0].headers)
    check(d.log[0].path == "/prefix/x/api/v1/pods", d.log[0].path)
    check(f.names() == ["p0"])


def K7_tls_server_name_through_proxy(t):
    d = t.tls("named")
    p = Proxy()
    t.synced(d, config=proxied(t, d, p, **{"tls-server-name": "kube.example"}))
    check(p.asked[0] == "127.0.0.1:%d" % d.port, p.asked)


def K7_ipv6(t):
    d = t.double(context=t.certificates.context(), address="::1")
    pods(d, 1)
    f = t.synced(d)
    check(f.names() == ["p0"] and d.log[0].headers["host"] == "[::1]:%d" % d.port)


def K18_tls_versions(t):
    d = t.tls(newest=ssl.TLSVersion.TLSv1_1)
    refused(t, d, t.config(d.url()), "protocol", "alert", "version", "handshake")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        d = t.tls(newest=version)
        t.synced(d)


def K18_plain_http(t):
    path = t.config("http://192.0.2.1:8080", {"token": "s3cret"})
    f = Follow("--kubeconfig", path, "--kinds", "pods")
    line = f.until(kind="Error")
    check("not encrypted" in line["message"] and "s3cret" not in str(f.lines) and line["exitStatus"] == 7)
    check(f.quit()[0] == 7)
    # a scheme may have capital letters
    path = t.config("HTTP://192.0.2.1:8080", {"token": "s3cret"})
    f = Follow("--kubeconfig", path, "--kinds", "pods")
    f.until(kind="Error", message=has("not encrypted"))
    check(f.quit()[0] == 7)
    path = t.config("http://127.0.0.1:1", {"token": "s3cret"}, **{"proxy-url": "http://192.0.2.1:1"})
    f = Follow("--kubeconfig", path, "--kinds", "pods")
    f.until(kind="Error", message=has("not encrypted"))
    check(f.quit()[0] == 7)
    d = t.double()
    t.synced(d, user={"token": "s3cret"})
    check(d.log[0].headers["authorization"] == "Bearer s3cret")


def L36_reload(t):
    a, b = t.double(), t.double()
    pods(a, 1)
    pods(b, 2)
    f = t.synced(a, user={"token": "one"})
    f.tell("reload")
    f.settle(what="stream")
    check(len(a.log) == 1, "an equal configuration opened a new stream")
    # other credentials: a new stream from the last version
    t.config(a.url(), {"token": "two"})
    f.tell("reload")
    t.wait(lambda: a.asked(is_watch))
    check(a.log[-1].headers["authorization"] == "Bearer two" and
          a.log[-1].query["resourceVersion"] == "101")
    # another server may be another cluster
    t.config(b.url(), {"token": "two"})
    f.tell("reload")
    f.until(call="synced")
    check("resourceVersion" not in b.log[0].query and f.names() == ["p0", "p1"], b.log[0].query)
    # nonsense leaves it as it was
    t.file("config", "{")
    f.tell("reload")
    check([line for line in f.lines if line.get("kind") == "Error"])
    b.put("pods", "late", "ns")
    f.until(call="upsert", name="late")
