# SPDX-License-Identifier: Apache-2.0
"""The networks of a benchmark: a namespace for the daemon, one for all its neighbours, one that sends packets."""
import ctypes
import ipaddress
import itertools
import os
import subprocess
from dataclasses import dataclass

CLONE_NEWNET = 0x40000000


class BenchError(Exception):
    """A run that cannot be measured or does not count; the text says why."""


def run(*argv, **more):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise BenchError("%s: %s" % (" ".join(argv), done.stderr.strip()))
    return done.stdout


@dataclass(frozen=True)
class Link:
    """A veth pair of that name; the daemon has the first address, neighbours those from `first` on."""

    name: str
    daemon4: str
    first4: str
    len4: int
    daemon6: str = ""
    first6: str = ""

    def daemon(self, family=4):
        return self.daemon4 if family == 4 else self.daemon6

    def peer(self, number=0, family=4):
        return str(ipaddress.ip_address(self.first4 if family == 4 else self.first6) + number)


# Senders and receivers are on links of their own, so that no next hop can be a third party's (RFC 4271 5.1.3).
SENDERS = Link("snd", "10.99.1.1", "10.99.1.2", 24, "fd99:1::1", "fd99:1::2")
SINKS = Link("rcv", "10.99.2.1", "10.99.2.2", 24, "fd99:2::1", "fd99:2::2")
MANY = Link("many", "10.98.0.1", "10.98.1.1", 16)
PROBE_FROM = Link("prf", "10.99.3.1", "10.99.3.2", 24)
PROBE_TO = Link("prt", "10.99.4.1", "10.99.4.2", 24)
WAYS = (Link("one", "10.99.5.1", "10.99.5.2", 24), Link("two", "10.99.6.1", "10.99.6.2", 24))
FLOW = Link("flow", "10.99.7.1", "10.99.7.2", 24)
LINKS = (SENDERS, SINKS, MANY, PROBE_FROM, PROBE_TO) + WAYS
ROUTER_ID = "10.99.0.1"


class Net:
    """All namespaces; a context manager."""

    _numbers = itertools.count()

    def __init__(self, senders=16, many=400):
        tag = "gwbench%d-%d" % (os.getpid(), next(self._numbers))
        self.daemon, self.peer, self.flow = tag + "d", tag + "p", tag + "f"
        self.all = (self.daemon, self.peer, self.flow)
        self.counts = {SENDERS: senders, MANY: many}

    def __enter__(self):
        try:
            for ns in self.all:
                run("ip", "netns", "add", ns)
                run("ip", "netns", "exec", ns, "sysctl", "-qw", "net.ipv4.ip_forward=1",
                    "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
                    # Hundreds of neighbours are no attack.
                    "net.ipv4.tcp_max_syn_backlog=8192", "net.core.somaxconn=8192")
                run("ip", "-n", ns, "link", "set", "lo", "up")
            # This one first: else both ends of the others had the same index, and the kernel, which then does not
            # see that they are two, may tell of a lost carrier as late as a second after another change.
            run("ip", "-n", self.daemon, "link", "add", FLOW.name, "type", "veth", "peer", "name", FLOW.name,
                "netns", self.flow)
            for link in LINKS:
                run("ip", "-n", self.daemon, "link", "add", link.name, "type", "veth", "peer", "name", link.name,
                    "netns", self.peer)
            self._addresses(self.daemon, LINKS + (FLOW,), lambda link: [(link.daemon4, link.daemon6)])
            self._addresses(self.peer, LINKS, lambda link: [
                (link.peer(n), link.first6 if n == 0 else "") for n in range(self.counts.get(link, 1))])
            self._addresses(self.flow, (FLOW,), lambda link: [(link.first4, "")])
            run("ip", "-n", self.flow, "route", "add", "default", "via", FLOW.daemon4)
        except BenchError:
            self.__exit__()
            raise
        return self

    @staticmethod
    def _addresses(ns, links, of):
        lines = []
        for link in links:
            for v4, v6 in of(link):
                lines.append("address add %s/%d dev %s" % (v4, link.len4, link.name))
                if v6:
                    lines.append("address add %s/64 dev %s nodad" % (v6, link.name))
            lines.append("link set %s up" % link.name)
        run("ip", "-n", ns, "-batch", "-", input="\n".join(lines) + "\n")

    def __exit__(self, *_):
        for ns in self.all:
            subprocess.run(["ip", "netns", "del", ns], stderr=subprocess.DEVNULL, check=False)


def enter(ns):
    """For preexec_fn: what `ip netns exec` does to the network, without a program in between."""
    libc = ctypes.CDLL(None, use_errno=True)
    path = "/run/netns/" + ns

    def do():
        fd = os.open(path, os.O_RDONLY)
        if libc.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        os.close(fd)
    return do
