#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A neighbour that says what it is told to: speaker.py LOCAL REMOTE AS FIFO [PORT]

Keeps a session with port 179 of REMOTE, from LOCAL (and waits for connections on PORT instead
of connecting, if one is given), for IPv4 and IPv6 unicast with route refresh (RFC 2918, 7313).
What it sends comes as lines from FIFO:

  announce PREFIX... [KEY=VALUE...]  keys: path (65002.65003), nexthop, otc, local-pref
  withdraw PREFIX...
  borr|eorr|refresh AFI
  update HEX [TIMES]  the body of an UPDATE
  close [SECONDS]  and comes back with an OPEN that takes so long

It prints what comes: "established", "NOTIFICATION code/subcode data HEX", "refresh AFI subtype".
"""
import ipaddress
import os
import select
import socket
import struct
import sys
import time

from strangers import KEEPALIVE, NOTIFICATION, OPEN, UPDATE, message, read_message

REFRESH = 5


def say(*words):
    print(*words, flush=True)


def capabilities(asn):
    caps = [(1, struct.pack(">HBB", 1, 0, 1)), (1, struct.pack(">HBB", 2, 0, 1)), (2, b""), (70, b""),
            (65, struct.pack(">I", asn))]
    return b"".join(bytes([code, len(value)]) + value for code, value in caps)


def open_message(asn, router_id):
    caps = capabilities(asn)
    parameters = bytes([2, len(caps)]) + caps
    return message(OPEN, struct.pack(">BHH", 4, asn, 90) + socket.inet_aton(router_id)
                   + bytes([len(parameters)]) + parameters)


def attribute(flags, kind, value):
    return bytes([flags, kind, len(value)]) + value


def nlri(prefix):
    return bytes([prefix.prefixlen]) + prefix.network_address.packed[:(prefix.prefixlen + 7) // 8]


def announcement(prefixes, keys, local):
    """An UPDATE whose attributes are those of keys; IPv6 prefixes go into MP_REACH_NLRI (RFC 4760)."""
    routes = b"".join(nlri(p) for p in prefixes)
    path = [int(a) for a in keys["path"].split(".") if a]
    hop = ipaddress.ip_address(keys.get("nexthop", local)).packed
    segment = bytes([2, len(path)]) + b"".join(struct.pack(">I", a) for a in path) if path else b""
    attributes = attribute(0x40, 1, b"\0") + attribute(0x40, 2, segment)
    v6 = prefixes[0].version == 6
    if not v6:
        attributes += attribute(0x40, 3, hop)
    if "local-pref" in keys:
        attributes += attribute(0x40, 5, struct.pack(">I", int(keys["local-pref"])))
    if v6:
        attributes += attribute(0x80, 14, struct.pack(">HBB", 2, 1, len(hop)) + hop + b"\0" + routes)
    if "otc" in keys:
        attributes += attribute(0xc0, 35, struct.pack(">I", int(keys["otc"])))
    return message(UPDATE, struct.pack(">HH", 0, len(attributes)) + attributes + (b"" if v6 else routes))


def command(line, asn, local):
    """The message that a line asks for."""
    verb, *words = line.split()
    prefixes = [ipaddress.ip_network(w) for w in words if "/" in w]
    if verb == "announce":
        keys = {"path": str(asn)}
        keys.update(w.split("=", 1) for w in words if "=" in w)
        return announcement(prefixes, keys, local)
    if verb == "withdraw":
        routes = b"".join(nlri(p) for p in prefixes)
        return message(UPDATE, struct.pack(">H", len(routes)) + routes + b"\0\0")
    if verb == "update":
        return message(UPDATE, bytes.fromhex(words[0])) * int(words[1] if len(words) > 1 else 1)
    subtype = {"refresh": 0, "borr": 1, "eorr": 2}[verb]
    return message(REFRESH, struct.pack(">HBB", int(words[0]), subtype, 1))


def connection(local, remote, port):
    if port:
        server = socket.create_server((local, port))
        sock = server.accept()[0]
        server.close()
        return sock
    return socket.create_connection((remote, 179), 5, (local, 0))


def session(sock, fifo, asn, local, wait):
    """Until the connection ends; returns how long the next one's OPEN shall take."""
    sock.settimeout(30)
    if select.select([sock], [], [], 5)[0] and not sock.recv(1, socket.MSG_PEEK):
        return wait  # refused
    time.sleep(wait)
    sock.sendall(open_message(asn, local))
    up, last, pending = False, time.monotonic(), b""
    while True:
        ready = select.select([sock, fifo] if up else [sock], [], [], 1)[0]
        if sock in ready:
            got = read_message(sock)
            if got is None:
                say("closed")
                return 0
            kind, body = got
            if kind == OPEN:
                sock.sendall(message(KEEPALIVE))
            elif kind == KEEPALIVE and not up:
                up = True
                say("established")
            elif kind == NOTIFICATION:
                say("NOTIFICATION %d/%d data %s" % (body[0], body[1], body[2:].hex()))
            elif kind == REFRESH:
                say("refresh %d %d" % (struct.unpack(">H", body[:2])[0], body[2]))
        if fifo in ready:
            pending += os.read(fifo, 65536)
            *lines, pending = pending.split(b"\n")
            for line in lines:
                if line.startswith(b"close"):
                    return float(line[5:] or 0)
                sock.sendall(command(line.decode(), asn, local))
        if up and time.monotonic() - last > 10:
            last = time.monotonic()
            sock.sendall(message(KEEPALIVE))


def main():
    local, remote, asn, path = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    port = int(sys.argv[5]) if len(sys.argv) > 5 else 0
    fifo = os.open(path, os.O_RDWR)
    wait = 0.0
    while True:
        try:
            with connection(local, remote, port) as sock:
                wait = session(sock, fifo, asn, local, wait)
        except OSError as error:
            say("error", error)
        time.sleep(0.3)


if __name__ == "__main__":
    main()
