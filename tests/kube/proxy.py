# SPDX-License-Identifier: GPL-2.0-or-later
"""Proxies for tests: HTTP CONNECT and SOCKS5, that answer as told."""
import select
import socket
import threading


class Proxy:
    def __init__(self, socks=False):
        self.socks = socks
        self.answer = 200
        self.asked = []         # host:port, and for HTTP the whole header
        self.heads = []
        self.pairs = []
        self.map = {}           # names that only the proxy knows
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def read_socks(self, sock):
        sock.recv(2 + 255)
        sock.sendall(b"\x05\x00")
        head = sock.recv(4)
        if head[3] == 3:
            host = sock.recv(sock.recv(1)[0]).decode()
        else:
            host = socket.inet_ntoa(sock.recv(4))
        port = int.from_bytes(sock.recv(2), "big")
        sock.sendall(b"\x05\x00\x00\x01" + bytes(6))
        return host, port

    def read_http(self, sock):
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(4096)
            if not more:
                return None
            data += more
        self.heads.append(data.decode("latin-1"))
        host, _, port = data.split(b" ")[1].decode().rpartition(":")
        if self.answer == 200:
            sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            sock.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % self.answer)
        return host.strip("[]"), int(port)

    def serve(self, sock):
        try:
            target = self.read_socks(sock) if self.socks else self.read_http(sock)
            if target:
                self.asked.append("%s:%d" % target)
            if not target or self.answer != 200:
                sock.close()
                return
            other = socket.create_connection((self.map.get(target[0], target[0]), target[1]))
            self.pairs.append((sock, other))
            while True:
                for ready in select.select([sock, other], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    (other if ready is sock else sock).sendall(data)
        except (OSError, ValueError, IndexError):
            pass
        finally:
            sock.close()

    def cut(self):
        for pair in self.pairs:
            for sock in pair:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.pairs = []
