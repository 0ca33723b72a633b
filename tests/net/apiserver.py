#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small Kubernetes API server for tests: lists, watches and discovery of the kinds that calico-node reads.

It is strict: what a client asks that the real one would refuse, or that no client should ask, is refused and counted as
a violation. A script changes objects and makes trouble through a Unix socket, one JSON command a line, each with one
JSON answer a line; `apiserver.py --ask SOCKET COMMAND...` sends them, and exits 1 at an answer with an error.

Every change of an object has the next resource version, and is kept until "compact". A list is what there is, at one
resource version over all of its pages; a watch is every change behind one. As the real one does, a list at version 0
comes whole, whatever its limit is; a watch from a version that is no longer kept gets 410, as a status or as an event
by turns; one from a version that has not come yet waits for it.

Commands: put OBJECT, delete KIND NAMESPACE NAME, load FILE, snapshot, restore, compact, bookmark, drop, tokens,
serve (the API groups), fault, mend, deny, allow, counts.
"""
import argparse
import base64
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

CALICO = {"BGPConfiguration": "bgpconfigurations", "BGPPeer": "bgppeers", "BGPFilter": "bgpfilters", "IPPool": "ippools",
          "BlockAffinity": "blockaffinities"}
CORE = {"Node": ("nodes", False), "Service": ("services", True), "Secret": ("secrets", True), "Namespace": ("namespaces", False),
        "Endpoints": ("endpoints", True), "ConfigMap": ("configmaps", True)}
GROUPS = {"crd": ("crd.projectcalico.org", "v1"), "v3": ("projectcalico.org", "v3")}
PARAMETERS = {"limit", "continue", "resourceVersion", "resourceVersionMatch", "watch", "allowWatchBookmarks", "timeoutSeconds",
              "fieldSelector", "labelSelector"}


def kind_of(plural):
    for kind, name in list(CALICO.items()) + [(k, p) for k, (p, _) in CORE.items()] + [("EndpointSlice", "endpointslices")]:
        if name == plural:
            return kind
    return None


def is_namespaced(kind):
    return kind == "EndpointSlice" or (kind in CORE and CORE[kind][1])


class Problem(Exception):
    def __init__(self, code, reason, message, causes=None, retry_after=None):
        super().__init__(message)
        self.code, self.reason, self.retry_after, self.causes = code, reason, retry_after, causes

    def status(self):
        details = {}
        if self.causes:
            details["causes"] = self.causes
        if self.retry_after is not None:
            details["retryAfterSeconds"] = self.retry_after
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": str(self), "reason": self.reason,
                "details": details, "code": self.code}


class Cut(Exception):
    """The connection is to end here."""


class World:
    """Objects and their history; every method is called with the lock held, which is also where watchers wait."""

    def __init__(self):
        self.lock = threading.Condition()
        self.version = 1000
        self.oldest = 1000          # watches from before it are gone
        self.objects = {}           # (kind, namespace, name) -> object
        self.history = []           # (version, type, key, object)
        self.pages = {}             # version -> kind -> objects in order, for continue
        self.saved = None
        self.bookmarks = 0          # how often all watches were to get one
        self.epoch = 0              # watches of another one end
        self.tokens = None          # None: anyone
        self.whole_secrets = False  # may all secrets of a namespace be asked for?
        self.groups = {"crd"}
        self.faults = []
        self.denied = {}            # plural -> status
        self.gone_as_event = False
        self.connections = self.most_connections = self.accepted = self.watches = 0
        self.watching = {}          # plural -> how many now
        self.most_watching = {}
        self.requests = {}          # "list nodes" -> how many
        self.violations = []
        self.last = []              # the last requests, for people

    def change(self, kind_of_change, key, value):
        self.version += 1
        value = json.loads(json.dumps(value))
        value.setdefault("metadata", {})["resourceVersion"] = str(self.version)
        if kind_of_change == "DELETED":
            del self.objects[key]
        else:
            self.objects[key] = value
        self.history.append((self.version, kind_of_change, key, value))
        self.lock.notify_all()

    def put(self, value):
        kind, meta = value["kind"], value["metadata"]
        namespace = meta.get("namespace", "default") if is_namespaced(kind) else ""
        if namespace:
            meta["namespace"] = namespace
        key = (kind, namespace, meta["name"])
        old = self.objects.get(key)
        meta.setdefault("uid", old["metadata"]["uid"] if old else f"uid-{self.version + 1}")
        self.change("MODIFIED" if old else "ADDED", key, value)

    def compact(self):
        self.oldest = self.version
        self.history = []
        self.pages = {}

    def count(self, name):
        self.requests[name] = self.requests.get(name, 0) + 1


def refuse(world, text):
    with world.lock:
        world.violations.append(text)
    raise Problem(400, "BadRequest", text)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        self.world = self.server.world
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        super().setup()
        with self.world.lock:
            self.world.accepted += 1
            self.world.connections += 1
            self.world.most_connections = max(self.world.most_connections, self.world.connections)
            self.server.sockets.add(self.connection)

    def finish(self):
        with self.world.lock:
            self.world.connections -= 1
            self.server.sockets.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def log_message(self, *args):
        pass

    # ---- answers ----

    def fault_of(self, verb):
        """The first fault that is meant for this request, which it uses up."""
        with self.world.lock:
            for f in self.world.faults:
                if f.get("times", 1) != 0 and re.search(f.get("path", ""), self.path) and f.get("verb", verb) == verb:
                    f["times"] = f.get("times", 1) - 1
                    return f
        return {}

    def head(self, code, length=None, extra=()):
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        for name, value in extra:
            self.send_header(name, value)
        self.end_headers()

    def answer(self, value, code=200, extra=(), fault=None):
        body = json.dumps(value).encode()
        what = (fault or {}).get("what")
        if what == "truncate":          # it claims more than it says
            self.head(code, len(body))
            self.wfile.write(body[:len(body) * 2 // 3])
            raise Cut
        if what == "half":              # a whole answer that is half a text
            body = body[:len(body) // 2]
        if what == "garbage":
            body = b"<html>the proxy is not well</html>"
        if what == "other":             # JSON, but nothing that was asked for
            body = b'{"kind": "Pancake", "items": 5}'
        self.head(code, len(body), extra)
        if what == "slow":
            for at in range(0, len(body), max(1, len(body) // 10)):
                self.wfile.write(body[at:at + max(1, len(body) // 10)])
                time.sleep(fault.get("seconds", 1) / 10)
        else:
            self.wfile.write(body)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    # ---- requests ----

    def do_GET(self):
        try:
            self.get()
        except Problem as p:
            extra = [("Retry-After", str(p.retry_after))] if p.retry_after is not None else []
            try:
                self.answer(p.status(), p.code, extra)
            except (OSError, Cut):
                self.close_connection = True
        except (Cut, OSError):
            self.close_connection = True
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def do_POST(self):
        try:
            refuse(self.world, f"{self.command} {self.path}: nothing is to be written")
        except Problem as p:
            self.close_connection = True
            self.answer(p.status(), p.code)

    do_PUT = do_PATCH = do_DELETE = do_POST

    def authenticate(self):
        with self.world.lock:
            tokens = self.world.tokens
        if tokens is None:
            return
        if self.headers.get("Authorization") not in [f"Bearer {t}" for t in tokens]:
            raise Problem(401, "Unauthorized", "Unauthorized")

    def get(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
        verb = "watch" if query.get("watch") else "list"
        fault = self.fault_of(verb)
        what = fault.get("what")
        with self.world.lock:
            self.world.last = (self.world.last + [self.path])[-50:]
        if what == "status":
            raise Problem(fault.get("status", 500), fault.get("reason", "InternalError"), "made to fail", None, fault.get("retry_after"))
        if what == "stall":
            time.sleep(fault.get("seconds", 3600))
            raise Cut
        if what == "close":
            raise Cut
        self.authenticate()
        if "json" not in self.headers.get("Accept", ""):
            refuse(self.world, f"{self.path}: Accept is {self.headers.get('Accept')}")
        if not self.headers.get("User-Agent"):
            refuse(self.world, f"{self.path}: no User-Agent")
        if self.discovery(url, query, fault):
            return
        m = re.fullmatch(r"/(?:api/v1|apis/([^/]+)/([^/]+))(?:/namespaces/([^/]+))?/([a-z]+)", url.path)
        if not m:
            raise Problem(404, "NotFound", "the server could not find the requested resource")
        group, version, namespace, plural = m.groups()
        kind = self.kind(group, version, plural, namespace)
        self.check(kind, query)
        with self.world.lock:
            self.world.count(f"{verb} {plural}")
            denied = self.world.denied.get(plural)
        if denied:
            raise Problem(denied, "Forbidden", f'{plural} is forbidden: User "test" cannot {verb} resource "{plural}"')
        mine = self.filter(kind, namespace, query)
        if verb == "watch":
            self.watch(kind, plural, version, query, mine, fault)
        else:
            self.list(kind, group, version, query, mine, fault)

    def served(self):
        with self.world.lock:
            return [GROUPS[g] for g in sorted(self.world.groups)]

    def discovery(self, url, query, fault):
        if url.path not in ("/api", "/apis", "/api/v1") and not re.fullmatch(r"/apis/[^/]+/[^/]+", url.path):
            return False
        if query:
            refuse(self.world, f"{self.path}: discovery has no parameters")
        with self.world.lock:
            self.world.count("discovery")
        groups = self.served() + [("discovery.k8s.io", "v1")]
        if url.path == "/api":
            value = {"kind": "APIVersions", "versions": ["v1"]}
        elif url.path == "/apis":
            value = {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
                {"name": g, "versions": [{"groupVersion": f"{g}/{v}", "version": v}],
                 "preferredVersion": {"groupVersion": f"{g}/{v}", "version": v}} for g, v in groups]}
        else:
            gv = url.path[len("/apis/"):] if url.path.startswith("/apis/") else "v1"
            if gv == "v1":
                kinds = {k: p for k, (p, _) in CORE.items()}
            elif gv == "discovery.k8s.io/v1":
                kinds = {"EndpointSlice": "endpointslices"}
            elif tuple(gv.split("/")) in self.served():
                kinds = CALICO
            else:
                raise Problem(404, "NotFound", "the server could not find the requested resource")
            with self.world.lock:
                absent = [p for p, status in self.world.denied.items() if status == 404]
            value = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": gv, "resources": [
                {"name": p, "singularName": k.lower(), "namespaced": is_namespaced(k), "kind": k, "verbs": ["get", "list", "watch"]}
                for k, p in kinds.items() if p not in absent]}
        self.answer(value, fault=fault)
        return True

    def kind(self, group, version, plural, namespace):
        kind = kind_of(plural)
        if group is None:
            known = kind in CORE
        elif group == "discovery.k8s.io":
            known = version == "v1" and kind == "EndpointSlice"
        else:
            known = (group, version) in self.served() and kind in CALICO
        if not known or (namespace is not None and not is_namespaced(kind)):
            raise Problem(404, "NotFound", "the server could not find the requested resource")
        return kind

    def check(self, kind, query):
        for name, values in query.items():
            if name not in PARAMETERS:
                refuse(self.world, f"{self.path}: unknown parameter {name}")
            if len(values) != 1:
                refuse(self.world, f"{self.path}: {name} twice")
        one = {name: values[0] for name, values in query.items()}
        for name in ("limit", "timeoutSeconds", "resourceVersion"):
            if name in one and not (one[name].isdigit() or (name == "resourceVersion" and one[name] == "")):
                refuse(self.world, f"{self.path}: {name} is no number")
        if "continue" in one and ("resourceVersion" in one or "resourceVersionMatch" in one):
            refuse(self.world, f"{self.path}: continue with resourceVersion")
        if "resourceVersionMatch" in one:
            if not one.get("resourceVersion") or one["resourceVersionMatch"] not in ("NotOlderThan", "Exact"):
                refuse(self.world, f"{self.path}: resourceVersionMatch without a version")
        if "watch" in one:
            if one["watch"] not in ("1", "true"):
                refuse(self.world, f"{self.path}: watch is {one['watch']}")
            if not {"resourceVersion", "allowWatchBookmarks", "timeoutSeconds"} <= one.keys():
                refuse(self.world, f"{self.path}: a watch without resourceVersion, allowWatchBookmarks or timeoutSeconds")
            if {"limit", "continue", "resourceVersionMatch"} & one.keys() or one["resourceVersion"] in ("", "0"):
                refuse(self.world, f"{self.path}: a watch as if it were a list")
        elif "timeoutSeconds" in one or "allowWatchBookmarks" in one:
            refuse(self.world, f"{self.path}: a list as if it were a watch")
        if kind == "Secret" and "fieldSelector" not in one and not self.world.whole_secrets:
            refuse(self.world, f"{self.path}: all secrets")
        if "fieldSelector" in one and not re.fullmatch(r"metadata\.name=[a-z0-9.-]+", one["fieldSelector"]):
            refuse(self.world, f"{self.path}: fieldSelector")
        self.one = one

    def filter(self, kind, namespace, query):
        name = self.one["fieldSelector"].split("=", 1)[1] if "fieldSelector" in self.one else None
        labels = dict(p.split("=", 1) for p in self.one.get("labelSelector", "").split(",") if p)

        def mine(key, value):
            return key[0] == kind and namespace in (None, key[1]) and name in (None, key[2]) and \
                labels.items() <= value["metadata"].get("labels", {}).items()
        return mine

    def list(self, kind, group, version, query, mine, fault):
        one, world = self.one, self.world
        limit, start = int(one.get("limit", "0")), 0
        asked = int(one.get("resourceVersion") or "0")
        with world.lock:
            if "continue" in one:
                token = json.loads(base64.b64decode(one["continue"]))
                at, start = token["version"], token["start"]
                if kind not in world.pages.get(at, {}):
                    raise Problem(410, "Expired", "The provided continue parameter is too old to display a consistent list result")
            else:
                if asked > world.version:
                    world.lock.wait_for(lambda: world.version >= asked, 0.5)
                if asked > world.version:
                    raise Problem(504, "Timeout", f"Too large resource version: {asked}, current: {world.version}",
                                  [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}], 1)
                at = world.version
                objects = sorted((k, v) for k, v in world.objects.items() if k[0] == kind)
                if limit and one.get("resourceVersion") != "0":
                    world.pages.setdefault(at, {})[kind] = objects
            if "continue" in one:
                objects = world.pages[at][kind]
            found = [v for k, v in objects if mine(k, v)]
        if one.get("resourceVersion") == "0":
            limit = 0
        meta = {"resourceVersion": str(at)}
        if limit and start + limit < len(found):
            meta["continue"] = base64.b64encode(json.dumps({"version": at, "start": start + limit}).encode()).decode()
            meta["remainingItemCount"] = len(found) - start - limit
        found = found[start:start + limit] if limit else found[start:]
        # Of items in a list neither kind nor apiVersion are said.
        items = [{k: v for k, v in o.items() if k not in ("kind", "apiVersion")} for o in found]
        gv = f"{group}/{version}" if group else "v1"
        if fault.get("what") == "empty":
            items, meta = [], {"resourceVersion": ""}
        self.answer({"kind": kind + "List", "apiVersion": gv, "metadata": meta, "items": items}, fault=fault)

    def watch(self, kind, plural, version, query, mine, fault):
        world, at = self.world, int(self.one["resourceVersion"])
        what = fault.get("what")
        end = time.monotonic() + int(self.one["timeoutSeconds"])
        gone = Problem(410, "Expired", f"too old resource version: {at} ({world.oldest})")
        with world.lock:
            old = at < world.oldest
            if old:
                world.gone_as_event = not world.gone_as_event
                if not world.gone_as_event:
                    raise gone
            epoch, bookmarks = world.epoch, world.bookmarks
            world.watching[plural] = world.watching.get(plural, 0) + 1
            world.most_watching[plural] = max(world.most_watching.get(plural, 0), world.watching[plural])
            world.watches += 1
        try:
            self.head(200)
            if old or what == "gone":
                self.event({"type": "ERROR", "object": gone.status()})
                self.chunk(b"")
                return
            if what == "garbage":
                self.chunk(b'{"type": "MODIFIED", "object": }{[\n')
                self.chunk(b"")
                return
            while time.monotonic() < end:
                with world.lock:
                    world.lock.wait_for(lambda: (world.history and world.history[-1][0] > at) or world.bookmarks != bookmarks or
                                        world.epoch != epoch, min(1, max(0, end - time.monotonic())))
                    if world.epoch != epoch:
                        raise Cut
                    if at < world.oldest and not world.history:
                        at = max(at, world.oldest)
                    news = [h for h in world.history if h[0] > at]
                    mark, bookmarks = world.bookmarks != bookmarks, world.bookmarks
                    now = world.version
                for v, change, key, value in news:
                    at = v
                    if mine(key, value):
                        if what == "cut":       # in the middle of an event
                            text = json.dumps({"type": change, "object": value}).encode()
                            self.chunk(text[:len(text) // 2])
                            raise Cut
                        self.event({"type": change, "object": value})
                if mark and at <= now:
                    at = now
                    self.event({"type": "BOOKMARK", "object": {"kind": kind, "apiVersion": "v1",
                                                               "metadata": {"resourceVersion": str(now)}}})
                self.alive()
            self.chunk(b"")
        finally:
            with world.lock:
                world.watching[plural] -= 1
                world.watches -= 1

    def event(self, value):
        self.chunk(json.dumps(value).encode() + b"\n")

    def alive(self):
        """Ends a watch whose client is gone."""
        sock = self.connection
        if isinstance(sock, ssl.SSLSocket):
            return
        try:
            if sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                raise Cut
        except BlockingIOError:
            pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, world, context):
        self.world, self.context, self.sockets = world, context, set()
        super().__init__(address, Handler)

    def get_request(self):
        sock, address = super().get_request()
        if self.context:
            sock = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return sock, address

    def handle_error(self, request, client_address):
        pass

    def drop(self):
        for s in list(self.sockets):
            try:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def command(server, c):
    """One command of the script; called with the lock held."""
    world, op = server.world, c["op"]
    if op == "put":
        world.put(c["object"])
    elif op == "load":
        with open(c["path"], encoding="utf-8") as f:
            for value in json.load(f):
                world.put(value)
    elif op == "delete":
        key = (c["kind"], c.get("namespace", "default") if is_namespaced(c["kind"]) else "", c["name"])
        if key in world.objects:
            world.change("DELETED", key, world.objects[key])
    elif op == "clear":
        for key in list(world.objects):
            world.change("DELETED", key, world.objects[key])
    elif op == "snapshot":
        world.saved = (world.version, dict(world.objects))
    elif op == "restore":           # back in time: nobody is told
        world.version, world.objects = world.saved[0], dict(world.saved[1])
        world.compact()
        world.epoch += 1
        world.lock.notify_all()
        server.drop()
    elif op == "compact":
        world.compact()
    elif op == "bookmark":
        world.bookmarks += 1
        world.lock.notify_all()
    elif op == "drop":
        world.epoch += 1
        world.lock.notify_all()
        server.drop()
    elif op == "tokens":
        world.tokens = c["tokens"]
    elif op == "serve":
        world.groups = set(c["groups"])
    elif op == "fault":
        world.faults.append(c)
    elif op == "mend":
        world.faults = []
    elif op == "deny":
        world.denied[c["resource"]] = c.get("status", 403)
    elif op == "allow":
        world.denied.pop(c["resource"], None)
    elif op == "counts":
        return {"requests": world.requests, "connections": world.connections, "most_connections": world.most_connections,
                "accepted": world.accepted, "watches": world.watches, "watching": world.watching, "most_watching": world.most_watching,
                "violations": world.violations, "version": world.version, "objects": len(world.objects), "last": world.last}
    elif op == "reset-counts":
        world.requests, world.accepted, world.most_connections, world.most_watching = {}, 0, world.connections, dict(world.watching)
    else:
        return {"error": f"unknown command {op}"}
    return {}


def control(server, path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    while True:
        peer, _ = listener.accept()
        with peer, peer.makefile("rw", encoding="utf-8") as f:
            for line in f:
                try:
                    with server.world.lock:
                        answer = command(server, json.loads(line))
                except (KeyError, ValueError, TypeError, OSError) as e:
                    answer = {"error": repr(e)}
                f.write(json.dumps(answer) + "\n")
                f.flush()


def ask(path, commands):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        with s.makefile("rw", encoding="utf-8") as f:
            for text in commands:
                f.write(json.dumps(json.loads(text)) + "\n")
                f.flush()
                answer = json.loads(f.readline())
                print(json.dumps(answer))
                if "error" in answer:
                    return 1
    return 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--ask", nargs="+", metavar=("SOCKET", "COMMAND"))
    p.add_argument("--listen", default="127.0.0.1:0")
    p.add_argument("--control", help="Unix socket for commands")
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--client-ca", help="clients need a certificate of it")
    p.add_argument("--token", action="append", help="clients need one of them")
    p.add_argument("--whole-secrets", action="store_true", help="all secrets of a namespace may be asked for")
    p.add_argument("--serve", default="crd", help="API groups: crd, v3 or both")
    o = p.parse_args()
    if o.ask:
        sys.exit(ask(o.ask[0], o.ask[1:]))
    world = World()
    world.tokens, world.groups, world.whole_secrets = o.token, set(o.serve.split(",")), o.whole_secrets
    context = None
    if o.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(o.cert, o.key)
        if o.client_ca:
            context.load_verify_locations(o.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    host, port = o.listen.rsplit(":", 1)
    server = Server((host.strip("[]"), int(port)), world, context)
    if o.control:
        if os.path.exists(o.control):
            os.unlink(o.control)
        threading.Thread(target=control, args=(server, o.control), daemon=True).start()
    print(f"{host}:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
