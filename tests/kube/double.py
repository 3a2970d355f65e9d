# SPDX-License-Identifier: GPL-2.0-or-later
"""A scripted API server for tests of the API client.

By itself it behaves like a kube-apiserver for lists, pages, watches, bookmarks
and streaming lists. What a real one does only on a bad day is put in front of
that as rules: functions that get a request and may answer it with any bytes.
"""
import json
import socket
import ssl
import struct
import threading
import time
import urllib.parse

PATHS = {
    "/api/v1/pods": "pods",
    "/api/v1/namespaces": "namespaces",
    "/api/v1/nodes": "nodes",
    "/apis/networking.k8s.io/v1/networkpolicies": "networkpolicies",
    "/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies": "clusternetworkpolicies",
}
GROUP = "/apis/policy.networking.k8s.io"


def status(code, reason="", message="", **more):
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure",
            "code": code, "reason": reason, "message": message}
    body.update(more)
    return body


def too_large():
    return status(504, "Timeout", "Too large resource version: 9, current: 1",
                  details={"causes": [{"reason": "ResourceVersionTooLarge",
                                       "message": "Too large resource version"}]})


class Request:
    """One request; the methods answer it."""

    def __init__(self, double, sock, head):
        lines = head.decode("latin-1").split("\r\n")
        self.double = double
        self.sock = sock
        self.method, self.target = lines[0].split(" ")[:2]
        self.lines = lines[1:]
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.strip().lower(), value.strip())
        parts = urllib.parse.urlsplit(self.target)
        self.path = parts.path
        self.query = dict(urllib.parse.parse_qsl(parts.query, True))
        self.kind = next((kind for path, kind in PATHS.items()
                          if self.path.endswith(path)), None)
        self.watch = self.query.get("watch") == "1"
        self.initial = self.query.get("sendInitialEvents") == "true"
        # a list of one item only asks for the newest version
        self.check = self.kind is not None and not self.watch and self.query.get("limit") == "1"
        self.list = self.kind is not None and not self.watch and not self.check
        self.body = b""
        self.closed = False
        self.time = time.monotonic()

    def all(self, name):
        return [line.partition(":")[2].strip() for line in self.lines
                if line.lower().startswith(name.lower() + ":")]

    def raw(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            self.closed = True
        return True

    def json(self, code, body, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = ["HTTP/1.1 %d X" % code, "Content-Type: application/json",
                 "Content-Length: %d" % len(data), *headers, "", ""]
        return self.raw("\r\n".join(lines).encode() + data)

    def status(self, code, reason="", message="", headers=(), **more):
        return self.json(code, status(code, reason, message, **more), headers)

    def start(self, headers=()):
        self.closed = False
        return self.raw("\r\n".join(["HTTP/1.1 200 OK",
                                     "Content-Type: application/json",
                                     "Transfer-Encoding: chunked", *headers,
                                     "", ""]).encode())

    def chunk(self, data):
        if not isinstance(data, bytes):
            data = json.dumps(data).encode() + b"\n"
        return self.raw(b"%x\r\n" % len(data) + data + b"\r\n")

    def event(self, kind, body):
        return self.chunk({"type": kind, "object": body})

    def end(self):
        return self.raw(b"0\r\n\r\n")

    def close(self):
        """In good order for TLS and TCP."""
        try:
            if isinstance(self.sock, ssl.SSLSocket):
                self.sock.settimeout(1)
                self.sock = self.sock.unwrap()
        except (OSError, ValueError):
            pass
        self.shut()

    def shut(self):
        """TCP only, without a close_notify."""
        self.closed = True
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
        return True

    def reset(self):
        self.closed = True
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.sock.close()
        return True

    def gone(self):
        """Waits until the client has closed its side."""
        try:
            self.sock.settimeout(20)
            while self.sock.recv(4096):
                pass
        except OSError:
            pass
        return self.shut()


class Double:
    """Objects by kind, their history, and the server."""

    def __init__(self, context=None, address="127.0.0.1"):
        self.lock = threading.Condition(threading.RLock())
        self.objects = {kind: {} for kind in PATHS.values()}
        self.history = {kind: [] for kind in PATHS.values()}
        self.forgotten = {kind: 0 for kind in PATHS.values()}
        self.version = 100
        self.show = str                 # how a version looks
        self.streaming = True
        self.served = []                # versions in which clusternetworkpolicies are there
        self.rules = []
        self.log = []                   # all requests
        self.connections = 0
        self.context = context
        self.address = address
        self.port = 0
        self.socket = None
        self.stopping = False
        self.epoch = 0                  # watches of an older one end
        self.end_clean = True
        self.open = set()
        self.pages = {}
        self.listen()

    # --- serving

    def listen(self):
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((self.address, self.port))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        self.stopping = False
        threading.Thread(target=self.accept, args=(self.socket,), daemon=True).start()

    def stop(self):
        """Connections are refused from now on, open ones reset."""
        self.stopping = True
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        with self.lock:
            self.epoch += 1
            self.end_clean = False
            self.lock.notify_all()
        for sock in list(self.open):
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def url(self, host=None):
        host = host or self.address
        if ":" in host:
            host = "[%s]" % host
        return "%s://%s:%d" % ("https" if self.context else "http", host, self.port)

    def accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        self.open.add(sock)
        plain = sock
        try:
            if self.context:
                sock.settimeout(10)
                sock = self.context.wrap_socket(sock, server_side=True)
                sock.settimeout(None)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            data = b""
            while not self.stopping:
                while b"\r\n\r\n" not in data:
                    more = sock.recv(65536)
                    if not more:
                        return
                    data += more
                head, _, data = data.partition(b"\r\n\r\n")
                request = Request(self, sock, head)
                length = int(request.headers.get("content-length", 0))
                while len(data) < length:
                    more = sock.recv(65536)
                    if not more:
                        return
                    data += more
                request.body, data = data[:length], data[length:]
                request.client_cert = (sock.getpeercert()
                                       if isinstance(sock, ssl.SSLSocket) else None)
                self.answer(request)
                if request.closed:
                    return
        except (OSError, ValueError):
            pass
        finally:
            self.open.discard(plain)
            try:
                sock.close()
            except OSError:
                pass

    def answer(self, request):
        with self.lock:
            self.log.append(request)
            self.lock.notify_all()
            rules = list(self.rules)
        for rule in rules:
            match, act = rule["match"], rule["act"]
            if not match(request):
                continue
            with self.lock:
                if rule["times"] is not None:
                    if not rule["times"]:
                        continue
                    rule["times"] -= 1
            if act(request):
                return
        if request.path.endswith("/version"):
            request.json(200, {"major": "1"})
        elif request.method == "PATCH":
            self.do_patch(request)
        elif request.path.startswith(GROUP) and not request.kind:
            self.do_discovery(request)
        elif not request.kind or (request.kind == "clusternetworkpolicies" and
                                  "v1alpha2" not in self.served):
            request.status(404, "NotFound")
        elif request.watch:
            self.do_watch(request)
        else:
            self.do_list(request)

    def on(self, match, act, times=None):
        """A rule in front of the others; act returns True if it answered."""
        rule = {"match": match, "act": act, "times": times}
        with self.lock:
            self.rules.insert(0, rule)
        return rule

    def off(self, rule):
        with self.lock:
            self.rules.remove(rule)

    # --- content

    def put(self, kind, name, namespace="", uid=None, big=0, annotations=None, **more):
        with self.lock:
            self.version += 1
            key = (namespace, name)
            known = key in self.objects[kind]
            meta = {"name": name, "uid": uid or "uid-" + name,
                    "resourceVersion": self.show(self.version)}
            if namespace:
                meta["namespace"] = namespace
            if big:
                meta["annotations"] = {"x": "x" * big}
            if annotations:
                meta["annotations"] = annotations
            body = {"metadata": meta, **more}
            self.objects[kind][key] = body
            self.history[kind].append((self.version, "MODIFIED" if known else "ADDED", body))
            self.lock.notify_all()

    def delete(self, kind, name, namespace=""):
        with self.lock:
            self.version += 1
            body = json.loads(json.dumps(self.objects[kind].pop((namespace, name))))
            body["metadata"]["resourceVersion"] = self.show(self.version)
            self.history[kind].append((self.version, "DELETED", body))
            self.lock.notify_all()

    def forget(self):
        """As compaction: watches from a version before now get 410."""
        with self.lock:
            self.version += 1
            for kind in self.history:
                self.history[kind] = []
                self.forgotten[kind] = self.version

    def restore(self, version):
        """As etcd restored from a backup: versions go back, and the watches break off."""
        with self.lock:
            self.version = version
            for kind in self.history:
                self.history[kind] = []
        self.end_watches(clean=False)

    def bookmark(self, kind):
        with self.lock:
            self.version += 1
            self.history[kind].append((self.version, "BOOKMARK", {
                "kind": "Bookmark", "metadata": {"resourceVersion": self.show(self.version)}}))
            self.lock.notify_all()

    def send(self, kind, event, body):
        """An event of any form to the watches."""
        with self.lock:
            self.version += 1
            self.history[kind].append((self.version, event, body))
            self.lock.notify_all()

    def end_watches(self, clean=True):
        with self.lock:
            self.epoch += 1
            self.end_clean = clean
            self.lock.notify_all()

    def number(self, shown):
        """The version behind what it looks like."""
        for version in range(self.version, 0, -1):
            if self.show(version) == shown:
                return version
        return None

    def do_discovery(self, request):
        """The group of ClusterNetworkPolicy; v1alpha1 has only the kinds before it."""
        version = request.path[len(GROUP) + 1:]
        if not self.served:
            request.status(404, "NotFound")
        elif request.path == GROUP:
            request.json(200, {"kind": "APIGroup", "name": "policy.networking.k8s.io",
                               "versions": [{"version": v} for v in self.served]})
        elif version in self.served:
            name = "adminnetworkpolicies" if version == "v1alpha1" else "clusternetworkpolicies"
            request.json(200, {"kind": "APIResourceList", "groupVersion": version,
                               "resources": [{"name": name}, {"name": name + "/status"}]})
        else:
            request.status(404, "NotFound")

    def do_list(self, request):
        kind, query = request.kind, request.query
        with self.lock:
            if "continue" in query:
                version, items = self.pages.get(query["continue"], (None, None))
                if items is None:
                    request.status(410, "Expired", "the continue token is too old")
                    return
            else:
                version = self.show(self.version)
                items = [self.objects[kind][key] for key in sorted(self.objects[kind])]
            limit = int(query.get("limit", 0)) or len(items)
            meta = {"resourceVersion": version}
            if len(items) > limit:
                token = "%s+/=&%d" % (version, len(self.pages))
                self.pages[token] = (version, items[limit:])
                meta["continue"] = token
            body = {"kind": "List", "apiVersion": "v1", "metadata": meta,
                    "items": items[:limit]}
        request.json(200, body)

    def do_patch(self, request):
        """A JSON patch of a Node, of tests and removals."""
        name = request.path.rpartition("/")[2]
        with self.lock:
            body = json.loads(json.dumps(self.objects["nodes"].get(("", name))))
            if body is None:
                request.status(404, "NotFound")
                return
            for step in json.loads(request.body):
                parts = step["path"].split("/")[1:]
                at = body
                try:
                    for part in parts[:-1]:
                        at = at[int(part) if isinstance(at, list) else part]
                    last = int(parts[-1]) if isinstance(at, list) else parts[-1]
                    if step["op"] == "test" and at[last] != step["value"]:
                        raise KeyError
                    if step["op"] == "remove":
                        del at[last]
                except (KeyError, IndexError):
                    request.status(422, "Invalid", "the server rejected our request due to an "
                                   "error in our request")
                    return
            del body["metadata"]
            self.put("nodes", name, **body)
            body = self.objects["nodes"][("", name)]
        request.json(200, body)

    def do_watch(self, request):
        kind, query = request.kind, request.query
        with self.lock:
            epoch = self.epoch
            if request.initial and not self.streaming:
                request.status(422, "Invalid", "sendInitialEvents is forbidden for watch")
                return
            shown = query.get("resourceVersion", "")
            since = self.version if request.initial or not shown else self.number(shown)
            # a real server takes a version of the future, and is silent until it gets there
            if since is None and shown.isdigit():
                since = int(shown)
            if since is None or (since < self.forgotten[kind] and not request.initial):
                request.start()
                request.event("ERROR", status(410, "Expired", "too old resource version"))
                request.end()
                return
            start = [self.objects[kind][key] for key in sorted(self.objects[kind])]
            version = self.show(self.version)
        request.start()
        if request.initial:
            for body in start:
                request.event("ADDED", body)
            request.event("BOOKMARK", {"metadata": {
                "resourceVersion": version,
                "annotations": {"k8s.io/initial-events-end": "true"}}})
        while not request.closed:
            with self.lock:
                new = [entry for entry in self.history[kind] if entry[0] > since]
                if not new and epoch == self.epoch:
                    self.lock.wait(0.2)
                    continue
            for number, event, body in new:
                since = number
                if isinstance(body, bytes):
                    request.chunk(body)
                else:
                    request.event(event, body)
            if not new and epoch != self.epoch:
                if self.end_clean:
                    request.end()
                else:
                    request.reset()
                return

    # --- what was asked

    def asked(self, match):
        with self.lock:
            return [request for request in self.log if match(request)]
