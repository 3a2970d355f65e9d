# SPDX-License-Identifier: GPL-2.0-or-later
"""Tokens, plugins, certificates: K9 to K19."""
import array
import base64
import ctypes
import fcntl
import json
import os
import shutil
import socket
import struct
import threading
import time

from harness import Follow, any_request, check, has, is_check, is_watch, pods

V1 = "client.authentication.k8s.io/v1"


def token_of(request):
    return request.headers.get("authorization")


def K9_file_wins_over_token(t):
    d = t.double()
    missing = os.path.join(t.dir, "token")
    f = t.synced(d, user={"token": "static", "tokenFile": missing})
    check(token_of(d.log[0]) == "Bearer static")
    check([line for line in f.calls("log") if "token file" in line["text"]])
    t.file("token", "  from-file\n")
    f.skip(51000)
    d.end_watches()
    t.wait(lambda: d.asked(is_watch))
    check(token_of(d.log[-1]) == "Bearer from-file", token_of(d.log[-1]))


def kubelet_write(directory, number, token):
    """As kubelet does: a new directory, and a link that is renamed over the old one."""
    name = "..%d" % number
    os.mkdir(os.path.join(directory, name))
    with open(os.path.join(directory, name, "token"), "w", encoding="ascii") as file:
        file.write(token)
    link = os.path.join(directory, "..data_tmp")
    os.symlink(name, link)
    os.rename(link, os.path.join(directory, "..data"))


def K10_kubelet_swaps_the_token(t):
    d = t.double()
    pods(d, 1)
    kubelet_write(t.dir, 1, "first\n")
    os.symlink("..data/token", os.path.join(t.dir, "token"))
    f = t.synced(d, user={"tokenFile": os.path.join(t.dir, "token")})
    check(token_of(d.log[0]) == "Bearer first")
    kubelet_write(t.dir, 2, "second")
    f.skip(30000)
    # each watch after the first stream follows a check of the version
    d.end_watches()
    t.wait(lambda: len(d.asked(is_watch)) == 1)
    check([token_of(r) for r in d.log[1:]] == ["Bearer first"] * 2, "read again too early")
    f.settle(what="stream")
    f.skip(21000)
    d.end_watches()
    t.wait(lambda: len(d.asked(is_watch)) == 2)
    check([token_of(r) for r in d.log[3:]] == ["Bearer second"] * 2)


def K10_bad_token_file_keeps_the_last(t):
    d = t.double()
    path = t.file("token", "good")
    f = t.synced(d, user={"tokenFile": path})
    for number, text in enumerate(("", " \n", "two words", "a\r\nX-Y: z", None)):
        if text is None:
            os.unlink(path)
        else:
            t.file("token", text)
        f.settle(what="stream")
        f.skip(51000)
        d.end_watches()
        t.wait(lambda n=number: len(d.asked(is_watch)) == n + 1)
        check(token_of(d.log[-1]) == "Bearer good", text)
    check(len([line for line in f.calls("log") if line["level"] == "warning"]) == 5)
    # none yet: nothing is sent without
    g = t.follow(d, config=t.config(d.url(), {"tokenFile": path}, name="other"))
    g.until(call="state", error=has("no credentials"))


def K11_401_drops_an_older_token(t):
    d = t.double()
    path = t.file("token", "old")
    f = t.synced(d, user={"tokenFile": path})
    t.file("token", "new")
    d.on(lambda r: token_of(r) == "Bearer old", lambda r: r.status(401))
    f.skip(2000)
    d.end_watches()
    t.wait(lambda: len(d.asked(is_watch)) == 1)
    check([token_of(r) for r in d.asked(is_check)] == ["Bearer old", "Bearer new"])
    check([token_of(r) for r in d.asked(is_watch)] == ["Bearer new"])


def K12_in_cluster(t):
    d = t.tls()
    pods(d, 1)
    long = "t" * 20000
    t.file("token", long)
    shutil.copy(t.certificates.ca, os.path.join(t.dir, "ca.crt"))
    env = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(d.port)}
    f = Follow("--in-cluster", t.dir, "--kinds", "pods", env=env)
    f.until(call="synced")
    check(token_of(d.log[0]) == "Bearer " + long)


def K21_server_from(t):
    """kubelet's kubeconfig says where the server is, the service account who we are."""
    a, b = t.tls(), t.tls()
    for d in (a, b):
        pods(d, 1)
    t.file("token", "ours")
    shutil.copy(t.certificates.ca, os.path.join(t.dir, "ca.crt"))
    theirs = {"token": "theirs"}
    wrong = {"certificate-authority": None, "insecure-skip-tls-verify": True}
    t.config(a.url(), user=theirs, name="kubelet", **wrong)
    f = Follow("--in-cluster", t.dir, "--server-from", os.path.join(t.dir, "kubelet"),
               "--kinds", "pods")
    f.until(call="synced")
    check(a.log and {token_of(r) for r in a.log} == {"Bearer ours"})
    # the node's API server has moved
    t.config(b.url(), user=theirs, name="kubelet", **wrong)
    f.tell("reload")
    f.until(call="synced")
    check({token_of(r) for r in b.log} == {"Bearer ours"})


def plugin(t, script, version=V1, name="plugin", **more):
    path = t.file(name, "#!/bin/sh\n" + script, 0o700)
    return {"exec": {"apiVersion": version, "command": "./" + name, "interactiveMode": "Never", **more}}


def credential(version=V1, **status):
    return json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status})


def says(text):
    return "cat <<'END'\n%s\nEND\n" % text


def K13_plugin_token(t):
    for version in (V1, V1 + "beta1"):
        d = t.double()
        pods(d, 1)
        user = plugin(t, 'printf "%s\\n" "$KUBERNETES_EXEC_INFO" >"$OUT"\necho run >>"$OUT.runs"\n'
                      'printf "%s|" "$@" >"$OUT.args"\n' + says(credential(version, token="tok")),
                      version, args=["a b", "$(id)", ""],
                      env=[{"name": "OUT", "value": t.dir + "/out"}])
        f = t.synced(d, user=user, kinds="pods,namespaces")
        check(all(token_of(r) == "Bearer tok" for r in d.log))
        with open(t.dir + "/out", encoding="utf-8") as file:
            info = json.load(file)
        check(info["apiVersion"] == version and info["kind"] == "ExecCredential" and
              info["spec"] == {"interactive": False}, info)
        with open(t.dir + "/out.args", encoding="utf-8") as file:
            check(file.read() == "a b|$(id)||")
        with open(t.dir + "/out.runs", encoding="utf-8") as file:
            check(file.read() == "run\n", "ran more than once for two kinds")
        os.unlink(t.dir + "/out.runs")
        f.quit()


def K13_cluster_info(t):
    d = t.tls()
    user = plugin(t, 'printf "%s" "$KUBERNETES_EXEC_INFO" >"$OUT"\n' + says(credential(token="tok")),
                  provideClusterInfo=True, env=[{"name": "OUT", "value": t.dir + "/out"}])
    t.synced(d, config=t.config(d.url(), user, extensions=[
        {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x", "n": [1, True]}}]))
    with open(t.dir + "/out", encoding="utf-8") as file:
        cluster = json.load(file)["spec"]["cluster"]
    check(cluster["server"] == d.url() and cluster["config"] == {"audience": "x", "n": [1, True]} and
          len(cluster["certificate-authority-data"]) > 100, cluster)


def K13_expiry_and_401(t):
    d = t.double()
    user = plugin(t, 'n=$(cat "$OUT" 2>/dev/null || echo 0)\nn=$((n + 1))\necho $n >"$OUT"\n'
                  'echo "{\\"apiVersion\\":\\"%s\\",\\"kind\\":\\"ExecCredential\\",\\"status\\":{'
                  '\\"token\\":\\"t$n\\",\\"expirationTimestamp\\":\\"%s\\"}}"\n' % (
                      V1, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))),
                  env=[{"name": "OUT", "value": t.dir + "/out"}])
    f = t.synced(d, user=user)
    f.skip(5000)
    d.end_watches()
    t.wait(lambda: len(d.log) >= 2)
    check(token_of(d.log[1]) == "Bearer t1", "not cached")
    f.settle(what="stream")
    for _ in range(4):
        f.skip(150000)
        d.bookmark("pods")
        f.until(call="state", version=str(d.version))
    f.settle(what="stream")
    n = len(d.log)
    d.end_watches()
    t.wait(lambda: len(d.log) > n)
    check(token_of(d.log[-1]) == "Bearer t2", "expired, and not fetched again")
    d.on(lambda r: token_of(r) == "Bearer t2", lambda r: r.status(401))
    f.settle(what="stream")
    f.skip(2000)
    d.end_watches()
    f.drive(lambda: token_of(d.log[-1]) == "Bearer t3")


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def K13_plugin_certificate(t):
    c = t.certificates
    d = t.tls(clients=True)
    pods(d, 1)
    t.file("answer", credential(clientCertificateData=read(c.client + ".crt"),
                                clientKeyData=read(c.client + ".key")))
    user = plugin(t, 'cat "$(dirname "$0")/answer"\n')
    f = t.synced(d, user=user)
    check(d.log[0].client_cert["subject"][0][0][1] == "client", d.log[0].client_cert)
    # another certificate after a 401: streams are opened anew
    t.file("answer", credential(clientCertificateData=read(c.client2 + ".crt"),
                                clientKeyData=read(c.client2 + ".key")))
    d.on(lambda r: r.client_cert["subject"][0][0][1] == "client", lambda r: r.status(401))
    f.skip(2000)
    d.end_watches()
    f.drive(lambda: d.log[-1].client_cert["subject"][0][0][1] == "client2")
    f.settle(what="stream")
    d.put("pods", "late", "ns")
    f.until(call="upsert", name="late")


def K13_bad_answers(t):
    d = t.double()
    for text, word in ((credential(V1 + "beta1", token="t"), "is configured"), ("{}", "no ExecCredential"),
                       ("nonsense", "no JSON"), (credential(), "neither"), (credential(token="a\nb"), "one line"),
                       (credential(clientCertificateData="x"), "without the other"),
                       (credential(clientCertificateData="x", clientKeyData="y"), "no certificate in PEM"),
                       (credential(token="t", expirationTimestamp="tomorrow"), "no time")):
        f = t.follow(d, user=plugin(t, says(text)))
        line = f.until(call="state", error=has("no credentials"))["error"]
        check(word in line, word, line)
        f.quit()
    check(not d.log, "asked without credentials")


def K14_plugin_fails(t):
    d = t.double()
    f = t.follow(d, user=plugin(t, 'printf "no \\033[31mluck" >&2; exit 3\n'))
    error = f.until(call="state", error=has("no credentials"))["error"]
    check("status 3" in error and "no [31mluck" in error, error)
    check(f.settle()["left"] > 500)
    f = t.follow(d, config=t.config(d.url(), {"exec": {
        "apiVersion": V1, "command": "no-such-plugin", "interactiveMode": "Never",
        "installHint": "see \033[1mhttps://x\033[0m\nor ask"}}))
    error = f.until(call="state", error=has("no credentials"))["error"]
    check("No such file" in error and "see [1mhttps://x[0m or ask" in error, error)
    f = t.follow(d, user=plugin(t, "head -c 2000000 /dev/zero\n"))
    f.until(call="state", error=has("more than 1 MiB"))
    f = t.follow(d, user=plugin(t, "kill -9 $$\n"))
    f.until(call="state", error=has("signal 9"))
    # what it started holds its output open, and does not outlive it
    f = t.follow(d, user=plugin(t, 'rm -f "$OUT"\nsleep 1000 &\necho $! >"$OUT"\nexit 5\n',
                                env=[{"name": "OUT", "value": t.dir + "/left"}]))
    f.until(call="state", error=has("status 5"))
    pid = int(read(t.dir + "/left"))
    t.wait(lambda: not os.path.exists("/proc/%d" % pid) or
           read("/proc/%d/stat" % pid).split(") ")[1][0] == "Z", "a plugin's child lives on")


def K14_plugin_hangs(t):
    d = t.double()
    f = t.follow(d, user=plugin(t, 'echo $$ >"$(dirname "$0")/pid"\nexec sleep 1000\n'))
    t.wait(lambda: os.path.exists(t.dir + "/pid") and read(t.dir + "/pid").strip())
    pid = int(read(t.dir + "/pid"))
    f.skip(59000)
    check(os.path.exists("/proc/%d" % pid) and not f.state()["error"])
    f.skip(1001)
    f.until(call="state", error=has("60 seconds"))
    t.wait(lambda: not os.path.exists("/proc/%d" % pid), "the plugin lives on")


def two_that_cannot_be_killed(t, script):
    """Two runs of a plugin, and the processes that each has named in the file "pids". Their end is
    kept from their parent by a tracer, as that of a process in uninterruptible sleep would be."""
    trace = ctypes.CDLL(None, use_errno=True).ptrace
    trace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    f = t.follow(t.double(), user=plugin(t, script))
    pids = []
    for n in range(1, 3):
        t.wait(lambda n=n: os.path.exists(t.dir + "/pids") and
               read(t.dir + "/pids").count("\n") == n)
        pids.append(int(read(t.dir + "/pids").split()[-1]))
        check(trace(0x4206, pids[-1], None, None) == 0, os.strerror(ctypes.get_errno()))
        f.skip(60001)
        f.until(call="state", error=has("60 seconds"))
        f.pass_wait()
    return f, pids


def K14_plugin_that_cannot_be_killed(t):
    f, pids = two_that_cannot_be_killed(
        t, 'echo $$ >>"$(dirname "$0")/pids"\nexec sleep 1000\n')
    # The client goes on, says why it starts no more of them, and starts no more.
    line = f.until(call="state", error=has("is not started again"))
    check("2 of its runs" in line["error"] and str(pids[-1]) in line["error"], line)
    for _ in range(3):
        f.pass_wait()
    check(read(t.dir + "/pids").count("\n") == 2, read(t.dir + "/pids"))
    # One of them ends.
    os.waitpid(pids[0], 0x40000000)
    f.drive(lambda: read(t.dir + "/pids").count("\n") == 3)
    os.waitpid(pids[1], 0x40000000)


def K14_plugin_whose_child_cannot_be_killed(t):
    """A script: it ends, and what it called does not."""
    f, pids = two_that_cannot_be_killed(
        t, 'sleep 1000 &\necho $! >>"$(dirname "$0")/pids"\nwait\n')
    f.until(call="state", error=has("is not started again"))
    for _ in range(3):
        f.pass_wait()
    check(read(t.dir + "/pids").count("\n") == 2, read(t.dir + "/pids"))
    for pid in pids:
        os.waitpid(pid, 0x40000000)


def held_up(t, listener):
    """A prefix for the client: it starts, and then each program that it starts is held up."""
    path = t.file("held", "\n".join((
        "import array, ctypes, os, socket, struct, sys",
        "libc = ctypes.CDLL(None, use_errno=True)",
        # a filter: execve() is reported to the listener and waits for its answer
        "code = b''.join(struct.pack('HBBI', *x) for x in ((0x20, 0, 0, 0), (0x15, 0, 1, %d),"
        % {"x86_64": 59}.get(os.uname().machine, 221),
        "    (6, 0, 0, 0x7fc00000), (6, 0, 0, 0x7fff0000)))",
        "buffer = ctypes.create_string_buffer(code)",
        "program = struct.pack('HxxxxxxQ', 4, ctypes.addressof(buffer))",
        "libc.prctl(38, 1, 0, 0, 0)",
        "fd = libc.syscall(%d, 1, 8, program)" % {"x86_64": 317}.get(os.uname().machine, 277),
        "s = socket.socket(socket.AF_UNIX)",
        "s.connect(sys.argv[1])",
        "s.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [fd]))])",
        "os.close(fd)",
        "os.execv(sys.argv[2], sys.argv[2:])")))
    server = socket.socket(socket.AF_UNIX)
    server.bind(t.dir + "/listener")
    server.listen(1)

    def answer():
        sock, _ = server.accept()
        fds = array.array("i")
        _, [(_, _, data)], _, _ = sock.recvmsg(1, socket.CMSG_SPACE(4))
        fds.frombytes(data[:4])
        listener.append(fds[0])
        # SECCOMP_IOCTL_NOTIF_RECV, and _SEND with the flag to go on: the client itself
        notice = bytearray(80)
        fcntl.ioctl(fds[0], 0xc0502100, notice)
        fcntl.ioctl(fds[0], 0xc0182101, bytearray(struct.pack("QqiI", *struct.unpack("Q", notice[:8]), 0, 0, 1)))
    threading.Thread(target=answer, daemon=True).start()
    return ("/usr/bin/python3", path, t.dir + "/listener")


def K14_plugin_that_does_not_begin(t):
    """As a program on a file server that is away: starting it must not hold the client up."""
    d = t.double()
    listener = []
    f = t.follow(d, user=plugin(t, says(credential(token="t"))), prefix=held_up(t, listener))
    f.settle(what="answer")
    f.skip(60001)
    f.until(call="state", error=has("60 seconds"))
    f.pass_wait()
    f.tell("waits")
    os.close(listener[0])


def K14_plugin_is_clean(t):
    """No descriptors of ours, no signals blocked, no terminal."""
    d = t.double()
    user = plugin(t, 'ls /proc/self/fd | wc -l >"$OUT"; grep -E "Sig(Blk|Ign)" /proc/self/status >>"$OUT"; '
                  'readlink /proc/self/fd/0 >>"$OUT"\n' + says(credential(token="t")),
                  env=[{"name": "OUT", "value": t.dir + "/out"}])
    t.synced(d, user=user)
    count, mask, ignored, stdin = read(t.dir + "/out").split("\n")[:4]
    # 32 and 33 are the C library's own
    check(int(ignored.split()[1], 16) & 0x7fffffff == 0, ignored)
    # standard ones, and the directory that ls reads
    check(int(count) <= 4 and int(mask.split()[1], 16) == 0 and stdin == "/dev/null", count, mask, stdin)


def K15_token_wins_over_plugin(t):
    d = t.double()
    user = plugin(t, "exit 1\n")
    user["token"] = "static"
    t.synced(d, user=user)
    check(token_of(d.log[0]) == "Bearer static")
    d = t.double()
    t.synced(d, user={"username": "u", "password": "p"})
    check(token_of(d.log[0]) == "Basic dTpw")


def K16_impersonation(t):
    d = t.double()
    t.synced(d, user={"token": "t", "as": "system:x", "as-uid": "7", "as-groups": ["a", "b c"],
                      "as-user-extra": {"Scopes/x": ["1", "2"]}})
    r = d.log[0]
    check(r.all("Impersonate-User") == ["system:x"] and r.all("Impersonate-Uid") == ["7"] and
          r.all("Impersonate-Group") == ["a", "b c"] and
          r.all("Impersonate-Extra-scopes%2Fx") == ["1", "2"], r.lines)
    f = Follow("--kubeconfig", t.config(d.url(), {"token": "t", "as": "x", "as-groups": ["a\r\nX: y"]}),
               "--kinds", "pods")
    f.until(kind="Error", message=has("control character"))
    check(f.quit()[0] == 7)


def K17_rotation(t):
    c = t.certificates
    d = t.tls(clients=True)
    pods(d, 1)
    crt, key = t.file("crt", read(c.client + ".crt")), t.file("key", read(c.client + ".key"))
    f = t.synced(d, user={"client-certificate": crt, "client-key": key})
    check(d.log[0].client_cert["subject"][0][0][1] == "client")
    expiry = f.cluster()["expiry"]
    check(0 < expiry - time.time() < 3 * 86400, expiry)
    # half of a new pair: the old one stays
    t.file("crt", read(c.client2 + ".crt"))
    f.tell("check")
    f.until(call="log", level="warning", text=has("don't belong together"))
    check(f.cluster()["bad_rotations"] == 1 and len(d.log) == 1)
    t.file("key", read(c.client2 + ".key"))
    f.settle(what="stream")
    f.skip(150000)
    d.bookmark("pods")
    f.until(call="state", version=str(d.version))
    f.skip(151000)
    t.wait(lambda: d.asked(is_watch))
    check(d.log[-1].client_cert["subject"][0][0][1] == "client2")
    check(f.state()["ends"]["credentials"] == 1 and d.log[-1].query["resourceVersion"] == str(d.version))
    # nothing changed: nothing happens
    f.settle(what="stream")
    f.tell("check")
    check(len(d.asked(is_watch)) == 1)


def K17_changed_authority(t):
    """The server has a certificate of a new CA: its file is read when the handshake fails."""
    c = t.certificates
    d = t.tls()
    pods(d, 1)
    ca = t.file("ca", read(c.ca))
    f = t.synced(d, config=t.config(d.url(), **{"certificate-authority": ca}))
    d.stop()
    d.context = c.context("foreign")
    d.listen()
    # not yet: the failure says so, and nothing else happens
    f.drive(lambda: "certificate" in f.state()["error"])
    t.file("ca", read(c.other_ca))
    f.drive(lambda: [x for x in f.calls("log") if "new certificates" in x["text"]], waits=2)
    f.drive(lambda: d.asked(is_watch), waits=2)
    d.put("pods", "later", "ns")
    f.until(call="upsert", name="later")


def K17_refused_certificate(t):
    """The certificate has expired and a new one is in its place: a 401 leads to it at once."""
    c = t.certificates
    d = t.tls(clients=True)
    pods(d, 1)
    crt, key = t.file("crt", read(c.client + ".crt")), t.file("key", read(c.client + ".key"))
    f = t.synced(d, user={"client-certificate": crt, "client-key": key})
    d.on(lambda r: r.client_cert["subject"][0][0][1] == "client",
         lambda r: r.status(401, "Unauthorized", "expired"))
    f.skip(2000)
    # A bad pair is told once, however often the server refuses the old one.
    t.file("crt", read(c.client2 + ".crt"))
    d.end_watches()
    for _ in range(3):
        f.until(call="state", error=has("401"))
        f.pass_wait()
    check(f.cluster()["bad_rotations"] == 1, f.cluster())
    t.file("key", read(c.client2 + ".key"))
    f.drive(lambda: d.asked(is_watch) and
            d.log[-1].client_cert["subject"][0][0][1] == "client2", waits=3)


def K17_bad_files_at_start(t):
    c = t.certificates
    for user, word in (({"client-certificate": "/none", "client-key": c.client + ".key"}, "cannot be read"),
                       ({"client-certificate": c.client + ".crt", "client-key": c.client2 + ".key"}, "belong together"),
                       ({"client-certificate": c.client + ".key", "client-key": c.client + ".key"}, "no certificate")):
        f = Follow("--kubeconfig", t.config("https://127.0.0.1:1", user), "--kinds", "pods")
        f.until(kind="Error", message=has(word))
        check(f.quit()[0] == 7)


def K19_secrets_stay_inside(t):
    d = t.tls(clients=True)
    secret = "s3cretTokenThatMustNotShow"
    before = set(os.listdir("/tmp"))
    user = {"token": secret}
    f = t.synced(d, user=user)
    check(f.cluster()["dumpable"] == 0)
    d.on(any_request, lambda r: r.status(403, "Forbidden", "no"))
    f.skip(2000)
    d.end_watches()
    f.until(call="state", error=has("forbidden"))
    with open("/proc/%d/cmdline" % f.process.pid, "rb") as file:
        check(secret.encode() not in file.read())
    check(secret not in json.dumps(f.lines))
    check(not [name for name in set(os.listdir("/tmp")) - before if "netpolctl" in name])


def K19_data_needs_no_files(t):
    c = t.certificates
    d = t.tls(clients=True)

    def data(path):
        return base64.b64encode(read(path).encode()).decode()
    path = t.config(d.url(), {"client-certificate-data": data(c.client + ".crt"),
                              "client-key-data": data(c.client + ".key")},
                    **{"certificate-authority-data": data(c.ca), "certificate-authority": None})
    before = sorted(os.listdir(t.dir))
    t.synced(d, config=path)
    check(d.log[0].client_cert["subject"][0][0][1] == "client")
    check(sorted(os.listdir(t.dir)) == before)
