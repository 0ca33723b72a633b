#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes the kernel's routes and nexthop objects behind a bgpd's back.

The daemon is not told of changes that its own netlink socket makes. So this takes a copy of that socket (pidfd_getfd)
and sends over it: to the daemon it is as if a notification had been lost. Runs in the daemon's namespace, as root:

    silent.py PID < COMMANDS

    delete PREFIX [metric M]              add|replace PREFIX (via ADDRESS dev NAME | blackhole) [metric M]
    nexthop delete ID                     nexthop add|replace ID via ADDRESS dev NAME
    rcvbuf OCTETS                         of the socket that receives notifications

All routes have protocol 186 and, if nothing else is said, metric 20.
"""
import ctypes
import ipaddress
import os
import socket
import struct
import sys

SYS_PIDFD_OPEN, SYS_PIDFD_GETFD = 434, 438
RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWNEXTHOP, RTM_DELNEXTHOP = 24, 25, 104, 105
NLM_F_REQUEST, NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE = 1, 0x100, 0x200, 0x400
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY = 1, 4, 5, 6
NHA_ID, NHA_OIF, NHA_GATEWAY = 1, 5, 6
RTN_UNICAST, RTN_BLACKHOLE = 1, 6
PROTOCOL = 186


def sockets(pid):
    """The daemon's rtnetlink sockets, as (fd, has groups)."""
    groups = {}
    with open(f"/proc/{pid}/net/netlink", encoding="ascii") as table:
        next(table)
        for line in table:
            word = line.split()
            if word[1] == "0":
                groups[word[9]] = int(word[3], 16) != 0
    for fd in sorted(os.listdir(f"/proc/{pid}/fd"), key=int):
        target = os.readlink(f"/proc/{pid}/fd/{fd}")
        if target.startswith("socket:[") and target[8:-1] in groups:
            yield int(fd), groups[target[8:-1]]


def copy(pid, fd):
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = libc.syscall(SYS_PIDFD_OPEN, pid, 0)
    mine = libc.syscall(SYS_PIDFD_GETFD, pidfd, fd, 0)
    if mine < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")
    return socket.socket(fileno=mine)


def attr(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def number(kind, value):
    return attr(kind, struct.pack("=I", value))


def message(kind, flags, body):
    return struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | flags, 0, 0) + body


FLAGS = {"add": NLM_F_CREATE | NLM_F_EXCL, "replace": NLM_F_CREATE | NLM_F_REPLACE}


def route(verb, prefix, words):
    net = ipaddress.ip_network(prefix)
    family = socket.AF_INET if net.version == 4 else socket.AF_INET6
    metric = int(words.get("metric", 20))
    kind = RTN_BLACKHOLE if "blackhole" in words else RTN_UNICAST
    scope = 255 if verb == "delete" else 0
    body = struct.pack("=BBBBBBBBI", family, net.prefixlen, 0, 0, 254, PROTOCOL, scope,
                       0 if verb == "delete" else kind, 0)
    body += attr(RTA_DST, net.network_address.packed) + number(RTA_PRIORITY, metric)
    if "via" in words:
        body += attr(RTA_GATEWAY, ipaddress.ip_address(words["via"]).packed)
        body += number(RTA_OIF, socket.if_nametoindex(words["dev"]))
    if verb == "delete":
        return message(RTM_DELROUTE, 0, body)
    return message(RTM_NEWROUTE, FLAGS[verb], body)


def nexthop(verb, nhid, words):
    if verb == "delete":
        return message(RTM_DELNEXTHOP, 0, struct.pack("=BBBBI", 0, 0, 0, 0, 0) + number(NHA_ID, nhid))
    gateway = ipaddress.ip_address(words["via"])
    family = socket.AF_INET if gateway.version == 4 else socket.AF_INET6
    body = struct.pack("=BBBBI", family, 0, PROTOCOL, 0, 0) + number(NHA_ID, nhid)
    body += attr(NHA_GATEWAY, gateway.packed) + number(NHA_OIF, socket.if_nametoindex(words["dev"]))
    return message(RTM_NEWNEXTHOP, FLAGS[verb], body)


def pairs(words):
    out = {}
    while words:
        name = words.pop(0)
        out[name] = None if name == "blackhole" else words.pop(0)
    return out


def main():
    pid = int(sys.argv[1])
    have = list(sockets(pid))
    ops = copy(pid, next(fd for fd, groups in have if not groups))
    for line in sys.stdin:
        words = line.split()
        if words[0] == "rcvbuf":
            copy(pid, next(fd for fd, groups in have if groups)).setsockopt(
                socket.SOL_SOCKET, socket.SO_RCVBUF, int(words[1]))
        elif words[0] == "nexthop":
            ops.sendto(nexthop(words[1], int(words[2]), pairs(words[3:])), (0, 0))
        else:
            ops.sendto(route(words[0], words[1], pairs(words[2:])), (0, 0))


main()
