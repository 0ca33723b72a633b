#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad guests of a BGP speaker: strangers.py WHAT LOCAL REMOTE [SEED]

Each WHAT connects from LOCAL to port 179 of REMOTE, misbehaves, and prints what
came back: "NOTIFICATION code/subcode", with " data HEX" where it has any, "closed", or "open". Expected answers are
those of RFC 4271 section 6; who asks (badinput.sh) compares.
"""
import random
import socket
import struct
import sys
import time

MARKER = b"\xff" * 16
OPEN, UPDATE, NOTIFICATION, KEEPALIVE = 1, 2, 3, 4


def message(kind, body=b"", length=None):
    return MARKER + struct.pack(">HB", 19 + len(body) if length is None else length, kind) + body


def open_message(asn=65002, hold=90, router_id="10.99.1.2", version=4):
    """An OPEN with the four-octet AS and IPv4 capabilities (RFC 5492, 6793, 4760)."""
    capabilities = bytes([1, 4, 0, 1, 0, 1, 65, 4]) + struct.pack(">I", asn)
    parameters = bytes([2, len(capabilities)]) + capabilities
    return message(OPEN, struct.pack(">BHH", version, asn, hold) + socket.inet_aton(router_id)
                   + bytes([len(parameters)]) + parameters)


def connect(local, remote, timeout=10.0):
    # The speaker may have dropped an earlier connection a moment ago and be idle.
    end = time.monotonic() + 30
    while True:
        try:
            sock = socket.create_connection((remote, 179), timeout, (local, 0))
            sock.settimeout(timeout)
            return sock
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def read_message(sock):
    """(type, body), or None when the other side has closed."""
    header = b""
    try:
        while len(header) < 19:
            more = sock.recv(19 - len(header))
            if not more:
                return None
            header += more
        length, kind = struct.unpack(">HB", header[16:])
        body = b""
        while len(body) < length - 19:
            more = sock.recv(length - 19 - len(body))
            if not more:
                return None
            body += more
    except ConnectionError:
        return None
    return kind, body


def verdict(sock):
    """Reads until the end: what the other side made of us."""
    try:
        while True:
            got = read_message(sock)
            if got is None:
                return "closed"
            if got[0] == NOTIFICATION:
                data = " data " + got[1][2:].hex() if len(got[1]) > 2 else ""
                return "NOTIFICATION %d/%d%s" % (got[1][0], got[1][1], data)
    except socket.timeout:
        return "open"


def established(local, remote):
    """A session; the daemon may drop us while it still waits after an earlier error, so this tries again."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        sock = connect(local, remote)
        sock.sendall(open_message())
        got = read_message(sock)
        if got and got[0] == OPEN:
            sock.sendall(message(KEEPALIVE))
            got = read_message(sock)
            if got and got[0] == KEEPALIVE:
                return sock
        sock.close()
        time.sleep(0.2)
    raise SystemExit("no session within a minute")


def first_message(data):
    """Sends data as the first thing on a connection that is accepted (the speaker's OPEN has come)."""
    def run(local, remote, _seed):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            sock = connect(local, remote)
            got = read_message(sock)
            if got and got[0] == OPEN:
                sock.sendall(data)
                return verdict(sock)
            sock.close()
            time.sleep(0.2)
        return "no OPEN"
    return run


def in_session(data):
    def run(local, remote, _seed):
        sock = established(local, remote)
        sock.sendall(data)
        return verdict(sock)
    return run


def random_bytes(local, remote, seed):
    """Random octets, and random changes of good messages, on many connections."""
    rng = random.Random(seed)
    for _ in range(200):
        sock = connect(local, remote)
        data = bytearray(open_message() + message(KEEPALIVE) + message(UPDATE, rng.randbytes(rng.randrange(64))))
        if rng.random() < 0.5:
            data = rng.randbytes(rng.randrange(1, 5000))
        else:
            for _ in range(rng.randrange(1, 8)):
                data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            sock.sendall(data)
        except OSError:
            pass
        sock.close()
    return "done"


def truncated(local, remote, _seed):
    """Every beginning of an OPEN, then the connection is closed."""
    whole = open_message()
    for length in range(len(whole)):
        sock = connect(local, remote)
        try:
            sock.sendall(whole[:length])
        except OSError:
            pass
        sock.close()
    return "done"


def crowd(local, remote, _seed):
    """Three hundred connections held open at once."""
    socks = []
    for _ in range(300):
        try:
            socks.append(socket.create_connection((remote, 179), 5, (local, 0)))
        except OSError:
            pass
    time.sleep(2)
    for sock in socks:
        sock.close()
    return "done"


def silent(local, remote, _seed):
    """Connects and says nothing; prints how it ended."""
    sock = connect(local, remote, 60.0)
    return verdict(sock)


def deaf(local, remote, _seed):
    """Opens a session, then reads nothing more while it says that it lives."""
    sock = established(local, remote)
    print("deaf", flush=True)
    while True:
        try:
            sock.sendall(message(KEEPALIVE))
        except OSError:
            return "closed"
        time.sleep(1)


def two_connections(local, remote):
    """The speaker's connection to us, accepted, and ours to it, with its OPEN read on both."""
    with socket.create_server((local, 179)) as server:
        server.settimeout(30)
        theirs = server.accept()[0]
    theirs.settimeout(20)
    ours = connect(local, remote, 20.0)
    for sock in theirs, ours:
        got = read_message(sock)
        if not got or got[0] != OPEN:
            raise SystemExit("no OPEN")
    return theirs, ours


def collision_given_up(local, remote, _seed):
    """Our identifier is higher, so our connection should win; but we keep theirs, as OpenBGPD does."""
    theirs, ours = two_connections(local, remote)
    theirs.sendall(open_message(router_id="255.0.0.1") + message(KEEPALIVE))
    time.sleep(0.5)
    ours.close()
    got = read_message(theirs)
    if got and got[0] == KEEPALIVE:
        print("established", flush=True)
        time.sleep(30)
    return "%s" % (got,)


def collision_won(local, remote, _seed):
    """The same by the book: an OPEN on both, and theirs is closed with Cease/7 (RFC 4271 6.8, 4486)."""
    theirs, ours = two_connections(local, remote)
    theirs.sendall(open_message(router_id="255.0.0.1"))
    time.sleep(0.5)
    ours.sendall(open_message(router_id="255.0.0.1"))
    got = read_message(ours)
    if got and got[0] == KEEPALIVE:
        return verdict(theirs)
    return "%s" % (got,)


WHAT = {
    # RFC 4271 6.1: marker, length, type of the header
    "marker": first_message(b"\x00" * 16 + struct.pack(">HB", 19, KEEPALIVE)),
    "short-length": first_message(message(KEEPALIVE, length=18)),
    "long-length": first_message(message(OPEN, length=4097)),
    "type": first_message(message(77)),
    # 6.2: version, AS, identifier, hold time
    "version": first_message(open_message(version=3)),
    "wrong-as": first_message(open_message(asn=65099)),
    "zero-id": first_message(open_message(router_id="0.0.0.0")),
    "hold-2": first_message(open_message(hold=2)),
    # 6.6/RFC 6608: a message that does not belong to the state, whose type is the data
    "update-first": first_message(open_message() + message(UPDATE, b"\x00\x00\x00\x00")),
    "keepalive-first": first_message(message(KEEPALIVE)),
    "open-again": in_session(open_message()),
    # 6.3: lengths that do not fit
    "update-lengths": in_session(message(UPDATE, b"\xff\xff\x00\x00")),
    "random": random_bytes,
    "truncated": truncated,
    "crowd": crowd,
    "silent": silent,
    "deaf": deaf,
    "collision-given-up": collision_given_up,
    "collision-won": collision_won,
}

if __name__ == "__main__":
    seed_text = sys.argv[4] if len(sys.argv) > 4 else "1"
    print(WHAT[sys.argv[1]](sys.argv[2], sys.argv[3], int(seed_text)))
