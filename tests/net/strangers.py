#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad guests of a BGP speaker: strangers.py WHAT LOCAL REMOTE [SEED]

Each WHAT connects from LOCAL to port 179 of REMOTE, misbehaves, and prints what
came back: "NOTIFICATION code/subcode", with " data HEX" where it has any, "closed", or "open". Expected answers are
those of RFC 4271 section 6; who asks (the scripts beside this) compares. "talk" is
for several UPDATEs in one session: it sends those that are named on its input.
"""
import random
import select
import signal
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


def connect(local, remote, timeout=10.0, receive_buffer=None):
    # The speaker may have dropped an earlier connection a moment ago and be idle.
    end = time.monotonic() + 30
    while True:
        try:
            sock = socket.socket()
            if receive_buffer is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            sock.settimeout(timeout)
            sock.bind((local, 0))
            sock.connect((remote, 179))
            return sock
        except OSError:
            sock.close()
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


def dribble(sock, data):
    """One octet a segment."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for octet in data:
        sock.sendall(bytes([octet]))
        time.sleep(0.002)


def established(local, remote, receive_buffer=None, send=socket.socket.sendall):
    """A session; the daemon may drop us while it still waits after an earlier error, so this tries again."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        sock = connect(local, remote, receive_buffer=receive_buffer)
        send(sock, open_message(router_id=local))
        got = read_message(sock)
        if got and got[0] == OPEN:
            send(sock, message(KEEPALIVE))
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
    """Connects and says nothing; prints how it ended. RFC 4271 8.2.2: the hold timer is large (4 minutes) then."""
    sock = connect(local, remote, 400.0)
    return verdict(sock)


def deaf(local, remote, _seed):
    """Opens a session, then reads nothing more while it says that it lives. Says when the session is gone."""
    sock = established(local, remote, receive_buffer=4096)
    print("deaf", flush=True)
    while True:
        try:
            sock.sendall(message(KEEPALIVE))
        except OSError:
            return "closed"
        time.sleep(1)


class Table:
    """What the UPDATEs of a session have announced: prefix (length and octets) to attributes."""

    def __init__(self):
        self.routes, self.waiting = {}, b""

    def prefixes(self, data):
        at = 0
        while at < len(data):
            end = at + 1 + (data[at] + 7) // 8
            yield data[at:end]
            at = end

    def update(self, body):
        withdrawn = 2 + int.from_bytes(body[:2], "big")
        attributes = withdrawn + 2 + int.from_bytes(body[withdrawn:withdrawn + 2], "big")
        for prefix in self.prefixes(body[2:withdrawn]):
            self.routes.pop(prefix, None)
        value = hash(body[withdrawn + 2:attributes])
        for prefix in self.prefixes(body[attributes:]):
            self.routes[prefix] = value

    def feed(self, data):
        """Octets as they come."""
        data, at = self.waiting + data, 0
        while len(data) - at >= 19:
            length = int.from_bytes(data[at + 16:at + 18], "big")
            if len(data) - at < length:
                break
            if data[at + 18] == UPDATE:
                self.update(data[at + 19:at + length])
            elif data[at + 18] == NOTIFICATION:
                raise SystemExit("NOTIFICATION %d/%d" % (data[at + 19], data[at + 20]))
            at += length
        self.waiting = data[at:]

    def __str__(self):
        # Independent of the order; with PYTHONHASHSEED=0 the same in every process.
        return "%d routes, digest %x" % (len(self.routes), sum(map(hash, self.routes.items())) & (1 << 64) - 1)


def slow(local, remote, _seed, octets_a_second=1024):
    """Reads a KB a second until SIGUSR1, then freely; when nothing has come for a second, says what its table is."""
    free = []
    signal.signal(signal.SIGUSR1, lambda *_: free.append(time.monotonic()))
    sock = established(local, remote, receive_buffer=4096)
    table, said, alive, last = Table(), None, 0.0, time.monotonic()
    print("slow", flush=True)
    sock.setblocking(False)
    while True:
        now = time.monotonic()
        if now - alive >= 1:
            sock.send(message(KEEPALIVE))
            alive = now
        if not free and octets_a_second:
            time.sleep(0.25)
        if not select.select([sock], [], [], 0.2)[0]:
            if (free or not octets_a_second) and now - last > 1 and str(table) != said:
                said = str(table)
                print("table: %s" % said, flush=True)
                if free:
                    print("after %.1f s" % (last - free[0]), flush=True)
            continue
        data = sock.recv(octets_a_second // 4 if octets_a_second and not free else 1 << 20)
        if not data:
            return "closed"
        table.feed(data)
        last = now


def fast(local, remote, seed):
    """The same without being slow first."""
    return slow(local, remote, seed, octets_a_second=0)


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


def flap(local, remote, _seed):
    """A hundred sessions that announce something and are gone."""
    for _ in range(100):
        sock = established(local, remote)
        sock.sendall(UPDATES["announce"])
        sock.close()
    return "done"


def drip(local, remote, _seed):
    """A session of single octets: OPEN, KEEPALIVE, an announcement and a withdrawal of another prefix."""
    sock = established(local, remote, send=dribble)
    dribble(sock, UPDATES["announce"])
    dribble(sock, update([], withdrawn=b"\x18\xc6\x33\x64"))
    print("said", flush=True)
    sock.settimeout(20.0)
    return verdict(sock)


def attribute(kind, value, flags=0x40):
    return struct.pack(">BBB", flags, kind, len(value)) + value


def update(attributes, nlri=b"", withdrawn=b""):
    attrs = b"".join(attributes)
    return message(UPDATE, struct.pack(">H", len(withdrawn)) + withdrawn
                   + struct.pack(">H", len(attrs)) + attrs + nlri)


NLRI = bytes([24, 192, 0, 2])  # 192.0.2.0/24
ORIGIN = attribute(1, b"\x00")
AS_PATH = attribute(2, struct.pack(">BBI", 2, 1, 65002))
NEXT_HOP = attribute(3, socket.inet_aton("10.99.1.2"))
GOOD = [ORIGIN, AS_PATH, NEXT_HOP]
MP_REACH = attribute(14, struct.pack(">HBB", 2, 1, 16) + socket.inet_pton(socket.AF_INET6, "fd99:1::2") + b"\x00"
                     + bytes([32, 0x20, 0x01, 0x0d, 0xb8]), 0x80)

# One UPDATE a name. All but the first are wrong in one thing; the outcome is that of the section of RFC 7606.
UPDATES = {
    "announce": update(GOOD, NLRI),
    # treat-as-withdraw
    "origin-value": update([attribute(1, b"\x07"), AS_PATH, NEXT_HOP], NLRI),  # 7.1
    "origin-length": update([attribute(1, b"\x00\x00"), AS_PATH, NEXT_HOP], NLRI),  # 7.1
    "as-path-segment": update([ORIGIN, attribute(2, struct.pack(">BBI", 9, 1, 65002)), NEXT_HOP], NLRI),  # 7.2
    "as-path-overrun": update([ORIGIN, attribute(2, struct.pack(">BBI", 2, 4, 65002)), NEXT_HOP], NLRI),  # 7.2
    "next-hop-length": update([ORIGIN, AS_PATH, attribute(3, b"\x0a\x63\x01\x02\x00")], NLRI),  # 7.3
    "med-length": update(GOOD + [attribute(4, b"\x00\x00\x01", 0x80)], NLRI),  # 7.4
    "communities-length": update(GOOD + [attribute(8, b"\x00\x01\x00\x01\x00", 0xc0)], NLRI),  # 7.8
    "ext-communities-length": update(GOOD + [attribute(16, b"\x00\x02\x00\x01", 0xc0)], NLRI),  # 7.14
    "flags": update([attribute(1, b"\x00", 0xc0), AS_PATH, NEXT_HOP], NLRI),  # 3 c
    "no-next-hop": update([ORIGIN, AS_PATH], NLRI),  # 3 d
    "no-as-path": update([ORIGIN, NEXT_HOP], NLRI),  # 3 d
    "attribute-overrun": update(GOOD + [struct.pack(">BBB", 0xc0, 8, 40) + b"\x00\x01\x00\x01"], NLRI),  # 4
    # attribute discard
    "atomic-aggregate-length": update(GOOD + [attribute(6, b"\x00")], NLRI),  # 7.6
    "aggregator-length": update(GOOD + [attribute(7, b"\x00\x00\x01", 0xc0)], NLRI),  # 7.7
    "local-pref-external": update(GOOD + [attribute(5, b"\x00\x01")], NLRI),  # 7.5
    "originator-external": update(GOOD + [attribute(9, b"\x0a\x00", 0x80)], NLRI),  # 7.9
    "cluster-list-external": update(GOOD + [attribute(10, b"\x0a", 0x80)], NLRI),  # 7.10
    "origin-twice": update(GOOD + [attribute(1, b"\x02")], NLRI),  # 3 g
    # session reset
    "nlri-length": update(GOOD, bytes([33, 192, 0, 2, 0, 0])),  # 5.3
    "mp-reach-twice": update(GOOD + [MP_REACH, MP_REACH], NLRI),  # 3 g
}


def talk(local, remote, _seed):
    """A session in which the UPDATEs go out that are named on the input, one a line; ends with it."""
    sock = established(local, remote)
    print("up", flush=True)
    next_keepalive = time.monotonic()
    while True:
        ready, _, _ = select.select([sys.stdin, sock], [], [], 1.0)
        if sock in ready:
            got = read_message(sock)
            if got is None:
                return "closed"
            if got[0] == NOTIFICATION:
                return "NOTIFICATION %d/%d" % (got[1][0], got[1][1])
        if sys.stdin in ready:
            name = sys.stdin.buffer.raw.readline().decode().strip()
            if not name:
                sock.sendall(message(NOTIFICATION, b"\x06\x02"))
                return "done"
            sock.sendall(UPDATES[name])
        if time.monotonic() >= next_keepalive:
            sock.sendall(message(KEEPALIVE))
            next_keepalive = time.monotonic() + 10


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
    "slow": slow,
    "fast": fast,
    "collision-given-up": collision_given_up,
    "collision-won": collision_won,


    "flap": flap,
    "drip": drip,
    "talk": talk,
}

if __name__ == "__main__":
    seed_text = sys.argv[4] if len(sys.argv) > 4 else "1"
    print(WHAT[sys.argv[1]](sys.argv[2], sys.argv[3], int(seed_text)))
