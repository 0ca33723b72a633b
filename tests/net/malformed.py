#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the rows of malformed_rows.py against bgpd: malformed.py SOCKET SOCKET-OF-THE-MEMBER [WORD...]

SOCKET is the control socket of a bgpd whose configuration is in malformed.sh, the other that of one in a
confederation. With WORDs only the rows are played in whose names one of them is. A row whose session survives leaves
it to the next row of the same kind. After each row a bystander's session and routes must be as they were.
"""
import ipaddress
import itertools
import select
import socket
import struct
import sys
import threading
import time

from control import Control
from malformed_attributes import ROWS
from malformed_rows import (AS4, CAPS, GOOD, HOP, HOP6, KEEPALIVE, NLRI, NOTIFICATION, OPEN, ORIGIN, OPT, PREFIX, PREFIX6, UPDATE, V4,
                            V6, WELL, Gone, Reset, Stays, Unused, Withdraw, attr, cap, message, mp, opening, seq, u32,
                            unreach, update)

WAIT = 10.0  # for what must come; none of them takes more than a moment
MARK, MARKED = bytes([32, 198, 51, 100, 1]), "198.51.100.1/32"

# Kinds of sessions: the daemon that they are with, the network of addresses, our AS, our capabilities
KINDS = {
    "external": ("a", 1, 65002, CAPS),
    "v4only": ("a", 1, 65002, V4 + AS4),
    "as2": ("a", 1, 65002, V4 + V6),
    "enh": ("a", 1, 65002, V4 + V6 + AS4 + cap(5, struct.pack(">HHH", 1, 1, 2))),
    "addpath": ("a", 2, 65002, V4 + AS4 + cap(69, struct.pack(">HBB", 1, 1, 3))),
    "internal": ("a", 3, 65001, V4 + V6 + cap(65, u32(65001))),
    "role": ("a", 4, 65002, CAPS + cap(9, b"\3")),
    "short": ("a", 5, 65002, CAPS),
    "member": ("m", 1, 65102, V4 + cap(65, u32(65102))),
    "outsider": ("m", 2, 65002, V4 + AS4),
    "bare": ("a", 1, 0, None),
    "bare-addpath": ("a", 2, 0, None),
    "bare-internal": ("a", 3, 0, None),
    "bare-role": ("a", 4, 0, None),
}


class Failed(Exception):
    pass


class Stream:
    """Messages of a connection."""

    def __init__(self, local, remote):
        self.local, self.data = local, bytearray()
        self.sock = socket.create_connection((remote, 179), WAIT, (local, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(WAIT)

    def next(self):
        """(type, body), or None at the end."""
        while len(self.data) < 19 or len(self.data) < int.from_bytes(self.data[16:18], "big"):
            try:
                more = self.sock.recv(65536)
            except ConnectionError:
                return None
            if not more:
                return None
            self.data += more
        length = int.from_bytes(self.data[16:18], "big")
        kind, body = self.data[18], bytes(self.data[19:length])
        del self.data[:length]
        return kind, body

    def expect(self, kind):
        got = self.next()
        if got is None or got[0] != kind:
            raise Failed("instead of a message of type %d there came %s" % (kind, got))
        return got[1]

    def send(self, data):
        self.sock.sendall(data)

    def lost(self):
        """What has come and ends the session, if anything has."""
        while self.data or select.select([self.sock], [], [], 0)[0]:
            got = self.next()
            if got is None:
                return "the connection is closed"
            if got[0] == NOTIFICATION:
                return "NOTIFICATION %d/%d data %s" % (got[1][0], got[1][1], got[1][2:].hex())
        return None


def parse(body):
    """(withdrawn, announced, attributes by type: flags and value) of an UPDATE of IPv4 prefixes."""
    def prefixes(data):
        while data:
            octets = (data[0] + 7) // 8
            yield "%s/%d" % (ipaddress.ip_address(data[1:1 + octets].ljust(4, b"\0")), data[0])
            data = data[1 + octets:]
    end = 2 + int.from_bytes(body[:2], "big")
    stop, at, attrs = end + 2 + int.from_bytes(body[end:end + 2], "big"), end + 2, {}
    while at < stop:
        head = 4 if body[at] & 0x10 else 3
        length = int.from_bytes(body[at + 2:at + head], "big")
        attrs[body[at + 1]] = (body[at], body[at + head:at + head + length])
        at += head + length
    return list(prefixes(body[2:end])), list(prefixes(body[stop:])), attrs


class Bystander(threading.Thread):
    """Another neighbour, with a hold time of three seconds and a route; knows what it is sent."""

    ROUTE = "203.0.113.0/24"

    def __init__(self, host=1, offers=cap(6), nlri=bytes([24, 203, 0, 113])):
        super().__init__(daemon=True)
        self.routes, self.fault = {}, None
        self.stream = Stream("10.90.6.%d" % host, "10.90.128.1")
        self.stream.expect(OPEN)
        self.stream.send(opening(V4 + cap(65, u32(65006)) + offers, asn=65006, hold=3, router_id=0x0a5a0600 + host) + message(KEEPALIVE))
        self.stream.expect(KEEPALIVE)
        self.stream.send(update([ORIGIN, attr(WELL, 2, seq(65006)), attr(WELL, 3, bytes([10, 90, 6, host]))], nlri))
        self.start()

    def run(self):
        sent = 0.0
        try:
            while True:
                if time.monotonic() - sent > 0.8:
                    self.stream.send(message(KEEPALIVE))
                    sent = time.monotonic()
                if not self.stream.data and not select.select([self.stream.sock], [], [], 0.2)[0]:
                    continue
                got = self.stream.next()
                if got is None or got[0] == NOTIFICATION:
                    self.fault = "the bystander's session has ended: %s" % (got,)
                    return
                if got[0] == UPDATE:
                    withdrawn, announced, attrs = parse(got[1])
                    for prefix in withdrawn:
                        self.routes.pop(prefix, None)
                    for prefix in announced:
                        self.routes[prefix] = attrs
        except Exception as error:  # pylint: disable=broad-except
            self.fault = "the bystander: %r" % error


def until(what, condition):
    end = time.monotonic() + WAIT
    while (fault := condition()) is not None:
        if time.monotonic() > end:
            raise Failed("%s: %s" % (what, fault))
        time.sleep(0.001)


class Player:
    def __init__(self, sockets):
        self.control = {"a": Control(sockets[0]), "m": Control(sockets[1])}
        self.remote = {"a": "10.90.128.1", "m": "10.91.128.1"}
        self.hosts = {kind: itertools.count(1) for kind in itertools.product("am", range(1, 6))}
        self.sessions = {}
        self.bystander = Bystander()

    def connect(self, kind):
        daemon, net, _, _ = KINDS[kind]
        local = "10.%d.%d.%d" % (90 if daemon == "a" else 91, net, next(self.hosts[daemon, net]))
        stream = Stream(local, self.remote[daemon])
        stream.expect(OPEN)
        return stream

    def session(self, kind):
        if kind not in self.sessions:
            _, _, asn, caps = KINDS[kind]
            stream = self.connect(kind)
            stream.send(opening(caps, asn=asn, router_id=struct.unpack(">I", socket.inet_aton(stream.local))[0]) + message(KEEPALIVE))
            stream.expect(KEEPALIVE)
            self.sessions[kind] = stream
        return self.sessions[kind]

    def path(self, kind, local, prefix):
        """The path of that neighbour to the prefix, as `show rib` has it, or None."""
        answer = self.control[KINDS[kind][0]].ask("show rib", prefix=prefix)
        if isinstance(answer, str):
            raise Failed(answer)
        paths = [r for r in answer[1] if r["prefix"] == prefix and (r["neighbor"] or {}).get("remote_addr") == local]
        return paths[0] if paths else None

    def good(self, kind):
        """What every row of a session begins with: both routes with MED 5."""
        ident = u32(1) if kind == "addpath" else b""
        if kind == "member":
            path = attr(WELL, 2, seq(65102, kind=3))
        else:
            path = attr(WELL, 2, seq(65002, size=2 if kind == "as2" else 4))
        med = attr(OPT, 4, u32(5))
        out = update([ORIGIN, path, HOP, med], ident + NLRI)
        if V6 in KINDS[kind][3]:
            reach = attr(OPT, 14, struct.pack(">HBB", 2, 1, 16) + HOP6 + b"\0" + bytes([48]) + bytes.fromhex("20010db80001"))
            out += update([ORIGIN, path, med, reach])
        return out, update([ORIGIN, path, HOP], ident + MARK), ident

    def gone(self, row, stream):
        """No route of the session is left."""
        for prefix in (PREFIX, PREFIX6):
            until("after the session", lambda p=prefix: self.path(row.where, stream.local, p) and "%s is still there" % p)

    def ended(self, row, stream):
        got = stream.next()
        while got is not None and got[0] != NOTIFICATION:
            got = stream.next()
        told = None if got is None else got[1]
        if isinstance(row.expect, Gone):
            if told is not None:
                raise Failed("NOTIFICATION %d/%d" % (told[0], told[1]))
            return
        if told is None:
            raise Failed("closed without a NOTIFICATION")
        want = bytes([row.expect.code, row.expect.subcode])
        if told[:2] != want or row.expect.data not in (None, told[2:]):
            raise Failed("NOTIFICATION %d/%d data %s" % (told[0], told[1], told[2:].hex()))
        if stream.next() is not None:
            raise Failed("a message behind the NOTIFICATION")

    def check_route(self, row, path):
        if path is None:
            raise Failed("the route is not there")
        for name, value in row.expect.members.items():
            if path[name] != value:
                raise Failed("%s is %r" % (name, path[name]))

    def check_sent(self, row):
        """What the bystander has been sent."""
        sent = row.expect.sent

        def differs():
            attrs = self.bystander.routes.get(row.prefix)
            if attrs is None:
                return "it is not sent"
            for kind, value in sent.items():
                got = attrs.get(abs(kind))
                have = None if got is None else got[0] & 0xe0 if kind < 0 else got[1].hex()
                if have != value:
                    return "attribute %d is sent as %s" % (kind, have)
            return None
        until("to the bystander", differs)

    def check_unused(self, row, path):
        if path is not None and path["valid"]:
            raise Failed("the route is used")
        if KINDS[row.where][0] == "a":
            until("to the bystander", lambda: "the route behind it is not sent" if MARKED not in self.bystander.routes
                  else "it is sent" if row.prefix in self.bystander.routes else None)

    def in_session(self, row):
        stream = self.session(row.where)
        good, mark, ident = self.good(row.where)
        stream.send(good)
        prefixes = [PREFIX] + ([PREFIX6] if V6 in KINDS[row.where][3] else [])
        for prefix in prefixes:
            until("before the row", lambda p=prefix: None if (self.path(row.where, stream.local, p) or {}).get("med") == 5
                  else stream.lost() or "%s is not there" % p)
        for part in row.octets if isinstance(row.octets, list) else [row.octets]:
            stream.send(part)
            if isinstance(row.octets, list):
                time.sleep(0.001)
        if isinstance(row.expect, (Reset, Gone)):
            del self.sessions[row.where]
            self.ended(row, stream)
            self.gone(row, stream)
            stream.sock.close()
            return
        stream.send(mark)
        until("behind the row", lambda: stream.lost() or (None if self.path(row.where, stream.local, MARKED)
                                                          else "the next route does not come in"))
        path = self.path(row.where, stream.local, row.prefix)
        if isinstance(row.expect, Withdraw):
            if path is not None:
                raise Failed("the route is there")
        elif isinstance(row.expect, Unused):
            self.check_unused(row, path)
        elif isinstance(row.expect, Stays):
            if path is None or path["med"] != 5:
                raise Failed("the route is %s" % path)
        else:
            self.check_route(row, path)
            if row.expect.sent:
                self.check_sent(row)
        others = [bytes([len_]) + ipaddress.ip_network(row.prefix).network_address.packed[:(len_ + 7) // 8]
                  for len_ in [ipaddress.ip_network(row.prefix).prefixlen]]
        v4 = NLRI if ":" in row.prefix else NLRI + b"".join(i for i in others if i != NLRI)
        clean = b"".join(ident + one for one in ([NLRI, MARK] + ([others[0]] if v4 != NLRI else [])))
        stream.send(update(withdrawn=clean))
        if ident:
            stream.send(update(withdrawn=u32(7) + NLRI))
        if ":" in row.prefix and row.prefix != PREFIX6:
            stream.send(update([unreach(nlri=others[0])]))

    def bare(self, row):
        stream = self.connect(row.where)
        stream.send(row.octets)
        if isinstance(row.expect, (Reset, Gone)):
            self.ended(row, stream)
        else:
            stream.send(message(KEEPALIVE))
            stream.expect(KEEPALIVE)
            head, _ = self.control["a"].ask("show neighbor", neighbor=stream.local)
            caps = head["neighbors"][0]["capabilities"]["negotiated"]
            for name, value in row.expect.members.items():
                if caps[name] != value:
                    raise Failed("negotiated %s is %r" % (name, caps[name]))
        stream.sock.close()

    def play(self, row):
        try:
            self.bare(row) if KINDS[row.where][3] is None else self.in_session(row)
        except OSError as error:
            raise Failed("%r" % error) from error
        if self.bystander.fault:
            raise Failed(self.bystander.fault)
        if self.path("external", "10.90.6.1", Bystander.ROUTE) is None:
            raise Failed("the bystander's route is gone")


def expected(row):
    name = type(row.expect).__name__
    return name + repr(vars(row.expect)) if hasattr(row.expect, "__dict__") else repr(row.expect)


def main():
    words = sys.argv[3:]
    rows = [r for r in ROWS if not words or any(w in r.name for w in words)]
    player, failed = Player(sys.argv[1:3]), 0
    for row in rows:
        try:
            player.play(row)
        except Failed as fault:
            failed += 1
            octets = b"".join(row.octets) if isinstance(row.octets, list) else row.octets
            hexed = octets.hex()
            print("%s (RFC %s; %s)\n  expected %s\n  got      %s\n  octets   %s" % (
                row.name, row.rfc, row.where, expected(row), fault, hexed if len(hexed) < 600 else hexed[:600] + "..."), flush=True)
            if player.bystander.fault:
                break
            old = player.sessions.pop(row.where, None)
            if old:
                old.sock.close()
    print("%d rows, %d failed" % (len(rows), failed))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
