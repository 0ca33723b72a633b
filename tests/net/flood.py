#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A neighbour that has too much to say: flood.py LOCAL REMOTE AS FIFO [no-refresh]

Keeps a session with port 179 of REMOTE, from LOCAL, for IPv4 unicast. What it sends comes as lines from FIFO:

  announce FIRST COUNT [OCTETS]  host routes from the address FIRST on, each UPDATE of them with a community of its own
                         and, if OCTETS is given, as many of an unknown attribute
  withdraw FIRST COUNT
  single FIRST COUNT OCTETS  as announce, with a single prefix in each UPDATE
  close                  and comes back, with everything that it had announced

A ROUTE-REFRESH (RFC 2918) is answered with all that is announced then. It prints what happens: "established",
"sent COUNT", "NOTIFICATION code/subcode", "refresh".
"""
import ipaddress
import os
import select
import socket
import struct
import sys
import time

from strangers import KEEPALIVE, MARKER, NOTIFICATION, OPEN, UPDATE, connect, message, read_message

REFRESH = 5
PREFIXES = 700  # in an UPDATE of less than 4096 octets


def say(*words):
    print(*words, flush=True)


def open_message(asn, local, refresh):
    capabilities = bytes([1, 4, 0, 1, 0, 1, 65, 4]) + struct.pack(">I", asn) + (bytes([2, 0]) if refresh else b"")
    parameters = bytes([2, len(capabilities)]) + capabilities
    return message(OPEN, struct.pack(">BHH", 4, asn, 180) + socket.inet_aton(local) + bytes([len(parameters)]) + parameters)


def hosts(first, count):
    return b"".join([b"\x20" + n.to_bytes(4, "big") for n in range(first, first + count)])


class Flood:
    def __init__(self, local, remote, asn, refresh):
        self.local, self.remote, self.asn, self.refresh = local, remote, asn, refresh
        self.announced = []  # (first, count, octets, prefixes in an UPDATE)
        self.alive = time.monotonic()
        self.sock = None
        self.lines = []

    def attributes(self, number, octets):
        path = struct.pack(">BBI", 2, 1, self.asn)
        out = b"\x40\x01\x01\x00\x40\x02" + bytes([len(path)]) + path + b"\x40\x03\x04" + socket.inet_aton(self.local)
        out += b"\xc0\x08\x04" + struct.pack(">I", number)
        if octets:
            out += b"\xd0\xfa" + struct.pack(">HI", octets, number) + bytes(octets - 4)
        return out

    def send(self, data):
        """While it is sent, what comes is read: the other side may not take more before."""
        view = memoryview(data)
        while view and self.sock is not None:
            readable, writable, _ = select.select([self.sock], [self.sock], [], 1.0)
            if readable:
                self.read()
            elif writable:
                try:
                    view = view[self.sock.send(view[:1 << 20]):]
                except OSError:
                    self.lost()

    def announce(self, first, count, octets, each):
        data = bytearray()
        for at in range(0, count, each):
            attributes = self.attributes((first + at) & 0xffffffff, octets)
            body = struct.pack(">HH", 0, len(attributes)) + attributes + hosts(first + at, min(each, count - at))
            data += MARKER + struct.pack(">HB", 19 + len(body), UPDATE) + body
            if len(data) > 1 << 20:
                self.send(data)
                data = bytearray()
        self.send(data)

    def withdraw(self, first, count):
        for at in range(0, count, PREFIXES):
            gone = hosts(first + at, min(PREFIXES, count - at))
            self.send(message(UPDATE, struct.pack(">H", len(gone)) + gone + b"\x00\x00"))
        left = []
        for f, n, octets, each in self.announced:
            low, high = max(f, first), min(f + n, first + count)
            if low >= high:
                left.append((f, n, octets, each))
                continue
            left += [(a, b - a, octets, each) for a, b in ((f, low), (high, f + n)) if a < b]
        self.announced = left

    def all(self):
        for part in list(self.announced):
            self.announce(*part)

    def lost(self):
        if self.sock is not None:
            self.sock.close()
        self.sock = None

    def read(self):
        got = read_message(self.sock)
        if got is None:
            say("closed")
            self.lost()
        elif got[0] == NOTIFICATION:
            say("NOTIFICATION %d/%d" % (got[1][0], got[1][1]))
            self.lost()
        elif got[0] == REFRESH:
            say("refresh")
            self.lines.append(["refresh"])
        if self.sock is not None and time.monotonic() - self.alive > 10:
            self.alive = time.monotonic()
            self.sock.sendall(message(KEEPALIVE))

    def establish(self):
        while self.sock is None:
            sock = connect(self.local, self.remote, 10.0)
            try:
                sock.sendall(open_message(self.asn, self.local, self.refresh) + message(KEEPALIVE))
                kinds = [read_message(sock), read_message(sock)]
            except OSError:
                kinds = [None]
            if None in kinds or kinds[0][0] != OPEN or kinds[1][0] != KEEPALIVE:
                sock.close()
                time.sleep(0.5)
                continue
            self.sock = sock
        say("established")
        self.all()

    def do(self, words):
        if words[0] == "refresh":
            self.all()
            return
        if words[0] == "close":
            self.lost()
            return
        first, count = int(ipaddress.ip_address(words[1])), int(words[2])
        if words[0] == "withdraw":
            self.withdraw(first, count)
        else:
            part = (first, count, int(words[3]) if len(words) > 3 else 0, 1 if words[0] == "single" else PREFIXES)
            self.announced.append(part)
            self.announce(*part)
        say("sent", count)

    def run(self, fifo):
        commands = os.open(fifo, os.O_RDWR)
        while True:
            if self.sock is None:
                self.establish()
            while self.lines:
                self.do(self.lines.pop(0))
            if self.sock is None:
                continue
            ready = select.select([self.sock, commands], [], [], 1.0)[0]
            if self.sock in ready:
                self.read()
            if commands in ready:
                self.lines += [line.split() for line in os.read(commands, 65536).decode().splitlines() if line]
            if self.sock is not None and time.monotonic() - self.alive > 10:
                self.alive = time.monotonic()
                self.sock.sendall(message(KEEPALIVE))


if __name__ == "__main__":
    Flood(sys.argv[1], sys.argv[2], int(sys.argv[3]), "no-refresh" not in sys.argv).run(sys.argv[4])
