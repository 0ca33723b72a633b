#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTP server for t_fetch, well-behaved and otherwise: fetchserver.py FOLDER-OF-CERTIFICATES

Prints its ports as one line of words, "NAME PORT" each, and ends when its standard input does. /hello and the like are
below, as methods of Handler; what is spoken on which port is PORTS.
"""
import http.server
import json
import ssl
import sys
import threading

connections = 0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        global connections
        connections += 1
        super().setup()

    def log_message(self, *_):
        pass

    def answer(self, body, status=200, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def piece(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def pieces_begin(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def hello(self):
        self.answer(b"hello\n")

    def connections(self):
        self.answer(b"%d" % connections)

    def echo(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = {"method": self.command, "body": body.decode(), "headers": {k.lower(): v for k, v in self.headers.items()}}
        self.answer(json.dumps(said).encode())

    def big(self):
        self.answer(b"x" * (3 << 20))

    def refused(self):
        self.answer(b"no\n", 403)

    def later(self):
        self.answer(b"busy\n", 503, [("Retry-After", "7")])

    def elsewhere(self):
        self.answer(b"", 302, [("Location", "/hello")])

    def pieces(self):
        self.pieces_begin()
        for i in range(1000):
            self.piece(b"%d\n" % i)
        self.piece(b"")

    def flood(self):
        self.pieces_begin()
        for _ in range(64):
            self.piece(b"y" * (1 << 20))
        self.piece(b"")

    def cut(self):
        self.pieces_begin()
        self.piece(b"begun\n")
        self.close_connection = True

    def stall(self):
        self.pieces_begin()
        self.piece(b"begun\n")
        over.wait()

    def silent(self):
        over.wait()

    def garbage(self):
        self.wfile.write(b"\x00\x01\x02 and no HTTP at all\r\n\r\n")
        self.close_connection = True

    def nothing(self):
        self.close_connection = True

    def do_GET(self):
        getattr(self, self.path.strip("/"))()

    do_POST = do_PUT = do_GET


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


def listen(certificate, client_ca):
    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{pki}/{certificate}.pem", f"{pki}/{certificate}.key")
        if client_ca is not None:
            context.load_verify_locations(f"{pki}/{client_ca}.pem")
            context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


# name: certificate, whose client certificates are wanted
PORTS = {
    "plain": (None, None),
    "good": ("server", None),
    "expired": ("expired", None),
    "othername": ("othername", None),
    "untrusted": ("other", None),
    "client": ("server", "ca"),
}
pki = sys.argv[1]
over = threading.Event()
print(" ".join(f"{name} {listen(*how)}" for name, how in PORTS.items()), flush=True)
sys.stdin.read()
over.set()
