#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Neighbours that are a burden: hostile.py SOCKET PID, against the bgpd of hostile.sh.

Two bystanders with a hold time of three seconds, of which one takes extended messages, are there from the first to
the last; after each kind of burden their sessions and routes must be as they were. All is done twice: the second time
must leave the daemon no more memory than the first one did, and no descriptor.
"""
import os
import resource
import select
import socket
import sys
import time

from control import Control
from malformed import Bystander, Failed, Stream, until
from malformed_rows import (CAPS, HOP, KEEPALIVE, NOTIFICATION, OPEN, OPTRANS, ORIGIN, PATH, WELL, attr, message,
                            opening, seq, u32, update)

REMOTE = "10.90.128.1"
FLAPS, FLAP_S = 300, 0.01  # so many sessions, one in so long
CROWD = 10000
SLACK = 8 << 20            # octets that the allocator may keep for later


def say(*words):
    print(*words, flush=True)


def nlri(i):
    return bytes([24, 198, 18 + i // 256, i % 256])


def prefix(i):
    return "198.%d.%d.0/24" % (18 + i // 256, i % 256)


def session(host, hold=90):
    """A session with extended messages; once more where the earlier one of that address is not over yet."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            stream = Stream("10.90.1.%d" % host, REMOTE)
            stream.expect(OPEN)
            stream.send(opening(CAPS, hold=hold, router_id=0x0a5a0100 + host) + message(KEEPALIVE))
            stream.expect(KEEPALIVE)
            return stream
        except (Failed, OSError):
            time.sleep(0.01)
    raise Failed("no session within ten seconds")


class Daemon:
    def __init__(self, path, pid):
        self.control, self.pid = Control(path), pid

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def memory(self):
        with open("/proc/%d/statm" % self.pid, encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu(self):
        with open("/proc/%d/stat" % self.pid, encoding="ascii") as f:
            return sum(map(int, f.read().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def prefixes(self):
        head, _ = self.control.ask("show summary")
        return head["rib"]["ipv4_prefixes"]


def flap(_daemon, _able, _plain):
    """A hundred times a second somebody comes, announces and is gone, and one who is to wait after that does not."""
    due = time.monotonic()
    for i in range(FLAPS):
        stream = session(1 + i % 240)
        stream.send(b"".join(update([ORIGIN, PATH, HOP], nlri(n)) for n in range(100)))
        stream.sock.close()
        try:
            stream = Stream("10.90.1.250", REMOTE)
            stream.send(opening(CAPS, router_id=0x0a5a01fa) + message(KEEPALIVE) + update([ORIGIN, PATH, HOP], nlri(200)))
            stream.sock.close()
        except OSError:
            pass
        due += FLAP_S
        time.sleep(max(0, due - time.monotonic()))


def crowd(daemon, _able, _plain):
    """Ten thousand connections from the addresses of a range, which are all let go when their owners go."""
    held = []
    for i in range(CROWD):
        sock = socket.socket()
        sock.setblocking(False)
        sock.bind(("10.90.1.%d" % (1 + i % 250), 0))
        sock.connect_ex((REMOTE, 179))
        held.append(sock)
    count = daemon.descriptors()
    say("  %d descriptors" % count)
    for sock in held:
        sock.close()
    # A session for each address and one that tries to take its place, 256 that linger, and what has come at a time.
    if count > 2 * 250 + 256 + 250:
        raise Failed("refused connections pile up")


def shortage(daemon, able, plain):
    """More connections than there are descriptors: who is there stays, nothing spins, and then it goes on."""
    before = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (daemon.descriptors() + 5, before[1]))
    try:
        held = []
        for i in range(200):
            sock = socket.socket()
            sock.setblocking(False)
            sock.bind(("10.90.1.%d" % (1 + i), 0))
            sock.connect_ex((REMOTE, 179))
            held.append(sock)
        time.sleep(0.5)
        start = daemon.cpu()
        time.sleep(4)  # longer than the hold time of the bystanders
        used = daemon.cpu() - start
        say("  %.2f s of CPU in 4 s without descriptors" % used)
        if used > 1:
            raise Failed("it spins")
        standing(daemon, able, plain)
        for sock in held:
            sock.close()
        session(251).sock.close()
    finally:
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, before)


def drip(_daemon, _able, _plain):
    """Messages of 64 KB, of which the end comes an octet a second: no sign of life until they are whole."""
    whole = update([ORIGIN, PATH, HOP, attr(OPTRANS, 99, bytes(60000))], nlri(0))
    waiting = [session(host, hold=3) for host in range(1, 41)]
    for stream in waiting:
        stream.send(whole[:-30])
    at, end = len(whole) - 30, time.monotonic() + 15
    while waiting:
        if time.monotonic() > end:
            raise Failed("%d still live" % len(waiting))
        ready = select.select([s.sock for s in waiting], [], [], 0)[0]
        for stream in [s for s in waiting if s.sock in ready]:
            got = stream.next()
            if got is None:
                raise Failed("closed without a NOTIFICATION")
            if got[0] == NOTIFICATION:
                if got[1][:2] != b"\4\0":
                    raise Failed("NOTIFICATION %d/%d" % (got[1][0], got[1][1]))
                waiting.remove(stream)
                stream.sock.close()
        if not ready:
            for stream in waiting:
                try:
                    stream.send(whole[at:at + 1])
                except OSError:
                    pass  # its NOTIFICATION is there to be read
            at += 1
            time.sleep(1)


def sizes(_daemon, able, plain):
    """Large attributes: whoever takes extended messages has them all, the other one what fits into 4,096 octets."""
    hops = b"".join(seq(65002, *range(1000, 1249)) for _ in range(4))
    communities = [b"".join(u32(0xfdea0000 + i) for i in range(n)) for n in (1000, 1011, 16000)]
    kinds = (  # attributes, and whether they fit: 1,010 communities are a message of 4,095 octets
        ([attr(WELL, 2, hops), HOP], True),
        ([PATH, HOP, attr(OPTRANS, 8, communities[0])], True),
        ([PATH, HOP, attr(OPTRANS, 8, communities[1])], False),
        ([PATH, HOP, attr(OPTRANS, 8, communities[2])], False),
        ([PATH, HOP, attr(OPTRANS, 99, bytes(4096))], False),
        ([PATH, HOP, attr(OPTRANS, 99, bytes(65000))], False),
    )
    stream = session(1)
    for i, (attrs, _) in enumerate(kinds):
        stream.send(update([ORIGIN] + attrs, nlri(i)))
    stream.send(update([ORIGIN, PATH, HOP], nlri(len(kinds))))
    want = {prefix(i) for i in range(len(kinds) + 1)}
    fit = {prefix(i) for i, (_, fits) in enumerate(kinds) if fits} | {prefix(len(kinds))}
    have(able, want)
    have(plain, fit)
    for i, (attrs, _) in enumerate(kinds):
        for kind, name in ((8, "communities"), (99, "attribute")):
            sent = [a for a in attrs if a[1] == kind]
            got = able.routes[prefix(i)].get(kind)
            if sent and (got is None or got[1] != sent[0][4:]):
                raise Failed("%s of %s are not what was sent" % (name, prefix(i)))
    say("  a route that outgrows a neighbour, and comes back to it (RFC 8654 4)")
    for size, fits in ((5000, False), (10, True), (65000, False), (0, True)):
        stream.send(update([ORIGIN, PATH, HOP, attr(OPTRANS, 98, bytes(size))], nlri(0)))
        until("to who takes them", lambda n=size: None if len(able.routes.get(prefix(0), {}).get(98, (0, b"x" * 9))[1]) == n else "not yet")
        have(plain, fit if fits else fit - {prefix(0)})
    say("  300 attributes of 60 KB, each another")
    for i in range(300):
        stream.send(update([ORIGIN, PATH, HOP, attr(OPTRANS, 99, u32(i) * 15000)], nlri(i)))
    have(able, {prefix(i) for i in range(300)})
    have(plain, set())
    for i in range(300):
        stream.send(update(withdrawn=nlri(i)))
    have(able, set())
    stream.sock.close()


def have(who, want):
    until("what is sent", lambda: who.fault or (None if {p for p in who.routes if p.startswith("198.")} == want else
          "%d routes of %d" % (len(who.routes), len(want))))


def standing(daemon, able, plain):
    """Nothing has become of the bystanders."""
    for who in able, plain:
        if who.fault:
            raise Failed(who.fault)
    if Bystander.ROUTE not in plain.routes or "203.0.114.0/24" not in able.routes:
        raise Failed("a bystander misses the route of the other")
    for host in 1, 2:
        head, _ = daemon.control.ask("show neighbor", neighbor="10.90.6.%d" % host)
        if head["neighbors"][0]["state"] != "Established" or head["neighbors"][0]["stats"]["message"]["received"]["open"] != 1:
            raise Failed("bystander %d has had another session" % host)


def main():
    daemon = Daemon(sys.argv[1], int(sys.argv[2]))
    resource.setrlimit(resource.RLIMIT_NOFILE, (CROWD + 500,) * 2)
    able, plain = Bystander(1), Bystander(2, offers=b"", nlri=bytes([24, 203, 0, 114]))
    until("the bystanders", lambda: None if able.routes and plain.routes else "no routes")
    first, memory = daemon.descriptors(), [daemon.memory()]
    for turn in 1, 2:
        for kind in flap, crowd, shortage, drip, sizes:
            say("%s: %s" % (kind.__name__, kind.__doc__))
            start = time.monotonic()
            kind(daemon, able, plain)
            until("the RIB", lambda: None if daemon.prefixes() == 2 else "%d prefixes" % daemon.prefixes())
            until("descriptors", lambda: None if daemon.descriptors() == first else "%d, not %d" % (daemon.descriptors(), first))
            standing(daemon, able, plain)
            say("  %.1f s, %d KB" % (time.monotonic() - start, daemon.memory() >> 10))
        memory.append(daemon.memory())
    say("resident: %d KB at first, %d KB after a round, %d KB after two" % tuple(m >> 10 for m in memory))
    if memory[2] > memory[1] + SLACK:
        raise Failed("memory grows")


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit("FAILED: %s" % failure)
