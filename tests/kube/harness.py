# SPDX-License-Identifier: GPL-2.0-or-later
"""Running the client (follow) against the double, and waiting for conditions.

No test sleeps: it waits for a line of the client or a request at the double,
at most LIMIT real seconds, and moves the client's clock for all else.
"""
import json
import os
import select
import shutil
import signal
import ssl
import subprocess
import tempfile
import time

from double import Double

LIMIT = float(os.environ.get("CLIENT_SECONDS", "30"))
FOLLOW = os.environ.get("FOLLOW", "build/kube/follow")
OPEN = []


class Failed(Exception):
    pass


def check(ok, *what):
    if not ok:
        raise Failed(" ".join(str(part) for part in what) or "check failed")


class Follow:
    """The client as a process."""

    def __init__(self, *args, env=None, log=None, prefix=()):
        clean = {k: v for k, v in os.environ.items()
                 if not k.lower().endswith("_proxy") and k not in ("KUBECONFIG",)}
        clean.update(env or {})
        self.lines = []
        self.rest = b""
        self.seen = 0
        self.passed = 0  # milliseconds by which the client's clock was moved ahead
        self.process = subprocess.Popen(
            [*prefix, FOLLOW, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if log is None else log, env=clean)
        os.set_blocking(self.process.stdout.fileno(), False)
        OPEN.append(self)

    def pump(self, wait):
        ready, _, _ = select.select([self.process.stdout], [], [], wait)
        if not ready:
            return True
        data = os.read(self.process.stdout.fileno(), 1 << 20)
        if not data:
            return False
        parts = (self.rest + data).split(b"\n")
        self.rest = parts.pop()
        self.lines += [json.loads(part) for part in parts]
        return True

    def find(self, **want):
        """Index of the first line since the mark that has these values, or None."""
        for i in range(self.seen, len(self.lines)):
            if all(matches(self.lines[i].get(k), v) for k, v in want.items()):
                return i
        return None

    def until(self, **want):
        """Waits for such a line; the next search begins behind it."""
        deadline = time.monotonic() + LIMIT
        while True:
            i = self.find(**want)
            if i is not None:
                self.seen = i + 1
                return self.lines[i]
            left = deadline - time.monotonic()
            if left <= 0 or not self.pump(min(left, 1)):
                raise Failed("never came: %s; last lines:\n    %s" % (want, "\n    ".join(
                    json.dumps(line) for line in self.lines[-12:])))

    def tell(self, command):
        """Sends a command; returns the lines that it printed."""
        mark = len(self.lines)
        seen, self.seen = self.seen, mark
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        self.until(call="did")
        new = self.lines[mark:self.seen]
        self.seen = seen
        return new

    def skip(self, ms):
        self.tell("skip %d" % ms)
        self.passed += ms

    def waits(self, kind="pods"):
        return next(line for line in self.tell("waits")
                    if line["call"] == "waits" and line["kind"] == kind)

    def state(self, kind="pods"):
        return [line for line in self.tell("state")
                if line["call"] == "state" and line["kind"] == kind][-1]

    def cluster(self):
        return next(line for line in self.tell("state") if line["call"] == "cluster")

    def settle(self, kind="pods", what="timer"):
        """Waits until only the clock, or an open stream, is waited for."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            waits = self.waits(kind)
            if waits["for"] == what and (what != "timer" or waits["left"] > 5):
                return waits
            self.pump(0.01)
        raise Failed("never waits for a %s: %s; last lines:\n    %s" % (
            what, waits, "\n    ".join(json.dumps(line) for line in self.lines[-8:])))

    def pass_wait(self, kind="pods"):
        """Skips one wait of a kind; returns how long it was."""
        left = self.settle(kind)["left"]
        self.skip(left + 1)
        return left

    def drive(self, condition, kind="pods", waits=40):
        """Skips waits until the condition holds."""
        deadline = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > deadline:
                raise Failed("never came true; last lines:\n    %s" % "\n    ".join(
                    json.dumps(line) for line in self.lines[-12:]))
            now = self.waits(kind)
            # what it waits for may be the consequence of what the condition is about
            if now["for"] == "timer" and now["left"] > 5 and not condition():
                waits -= 1
                check(waits >= 0, "too many waits")
                self.skip(now["left"] + 1)
            self.pump(0.01)

    def calls(self, call, kind=None):
        while self.pump(0):
            if not select.select([self.process.stdout], [], [], 0)[0]:
                break
        return [line for line in self.lines if line.get("call") == call
                and (kind is None or line.get("kind") == kind)]

    def names(self, kind="pods"):
        """What a keeper would hold now, by the rules of source.h."""
        held, old = {}, {}
        for line in self.lines:
            if line.get("kind") != kind:
                continue
            key = line.get("ns", ""), line.get("name", "")
            if line["call"] == "begin":
                old = dict(held)
            elif line["call"] == "upsert":
                held[key] = line["uid"]
                old.pop(key, None)
            elif line["call"] == "rejected":
                old.pop(key, None)
            elif line["call"] == "remove":
                if held.get(key) == line["uid"]:
                    del held[key]
            elif line["call"] == "synced":
                for gone in old:
                    held.pop(gone, None)
                old = {}
        return sorted(name for _, name in held)

    def quit(self):
        """Ends it in good order; the sanitizers have a say in the status."""
        if self in OPEN:
            OPEN.remove(self)
        if self.process.poll() is None:
            try:
                self.process.stdin.write(b"quit\n")
                self.process.stdin.flush()
            except OSError:
                pass
        deadline = time.monotonic() + LIMIT
        while self.pump(0.1) and time.monotonic() < deadline:
            pass
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failed("the client doesn't end") from None
        finally:
            self.process.stdin.close()
            self.process.stdout.close()
            text = self.process.stderr.read().decode(errors="replace") if self.process.stderr else ""
            if self.process.stderr:
                self.process.stderr.close()
        check("Sanitizer" not in text and "runtime error" not in text, text[-3000:])
        return self.process.returncode, text

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


def matches(have, want):
    if callable(want):
        return have is not None and want(have)
    return have == want


def has(part):
    return lambda text: part in text


class Certificates:
    """An own CA, servers and clients, made once for all tests."""

    def __init__(self, directory):
        self.dir = directory
        self.ca = self.make_ca("ca")
        self.other_ca = self.make_ca("other-ca")
        self.server = self.make("server", "ca", "DNS:localhost,DNS:kube,IP:127.0.0.1,IP:::1")
        self.named = self.make("named", "ca", "DNS:kube.example")
        self.expired = self.make("expired", "ca", "DNS:localhost,IP:127.0.0.1", days=-1)
        self.foreign = self.make("foreign", "other-ca", "DNS:localhost,IP:127.0.0.1")
        self.client = self.make("client", "ca", "DNS:client")
        self.client2 = self.make("client2", "ca", "DNS:client2")

    def path(self, name):
        return os.path.join(self.dir, name)

    def openssl(self, *args):
        done = subprocess.run(["openssl", *args], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        check(done.returncode == 0, "openssl", args, done.stdout.decode())

    def make_ca(self, name):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-days", "2", "-subj", "/CN=" + name,
                     "-keyout", self.path(name + ".key"), "-out", self.path(name + ".crt"))
        return self.path(name + ".crt")

    def make(self, name, ca, names, days=2):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-subj", "/CN=" + name, "-keyout", self.path(name + ".key"),
                     "-out", self.path(name + ".csr"))
        with open(self.path(name + ".ext"), "w", encoding="ascii") as file:
            file.write("subjectAltName=%s\n" % names)
        self.openssl("x509", "-req", "-in", self.path(name + ".csr"),
                     "-CA", self.path(ca + ".crt"), "-CAkey", self.path(ca + ".key"),
                     "-CAcreateserial", "-days", str(days), "-extfile", self.path(name + ".ext"),
                     "-out", self.path(name + ".crt"))
        return self.path(name)

    def context(self, name="server", clients=False, newest=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(name + ".crt"), self.path(name + ".key"))
        if newest:
            # what this Python warns of is what is to be refused
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = newest
        if clients:
            context.load_verify_locations(self.ca)
            context.verify_mode = ssl.CERT_OPTIONAL
        return context


class Test:
    """What one test has: directory, servers, clients."""

    certificates = None

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="netpol-client.")
        self.doubles = []

    def double(self, **more):
        self.doubles.append(Double(**more))
        return self.doubles[-1]

    def tls(self, name="server", **more):
        return self.double(context=self.certificates.context(name, **more))

    def file(self, name, text, mode=0o600):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def config(self, server, user=None, name="config", **cluster):
        """A kubeconfig (JSON is YAML) for a server's URL."""
        if server.startswith("https") and "insecure-skip-tls-verify" not in cluster:
            cluster.setdefault("certificate-authority", self.certificates.ca)
        if cluster.get("certificate-authority") is None:
            cluster.pop("certificate-authority", None)
        return self.file(name, json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "x",
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
            "clusters": [{"name": "x", "cluster": {"server": server, **cluster}}],
            "users": [{"name": "x", "user": user or {}}]}))

    def follow(self, double, *args, user=None, env=None, kinds="pods", config=None, prefix=()):
        path = config or self.config(double.url(), user)
        return Follow("--kubeconfig", path, "--kinds", kinds, *args, env=env, prefix=prefix)

    def synced(self, double, *args, **more):
        """A client that has synced and watches."""
        client = self.follow(double, *args, **more)
        for kind in more.get("kinds", "pods").split(","):
            client.seen = 0
            client.until(call="synced", kind=kind)
        return client

    def wait(self, condition, what="never came true"):
        deadline = time.monotonic() + LIMIT
        while not condition():
            check(time.monotonic() < deadline, what)
            for client in OPEN:
                client.pump(0.01)
            time.sleep(0.002)

    def close(self):
        for double in self.doubles:
            double.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


def pods(double, count, prefix="p"):
    for i in range(count):
        double.put("pods", "%s%d" % (prefix, i), "ns")


def is_watch(request):
    return request.watch and not request.initial


def is_initial(request):
    return request.watch and request.initial


def is_list(request):
    return request.list


def is_check(request):
    return request.check


def any_request(request):
    return True
