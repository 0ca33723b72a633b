#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes inputs of fuzz targets of captured BGP sessions:

    tests/fuzz/capture.py NAME FILE.pcap...

A message that none of the others is like (type, and the types of its capabilities or attributes) becomes
tests/fuzz/{open,update,notify}/NAME-N, and the beginning of each direction of a connection tests/fuzz/frame/NAME-N.
For a capture of an interop test: ip netns exec NAMESPACE tcpdump -i any -w FILE.pcap tcp port 179, while it runs.
"""
import os
import struct
import sys

MARKER = b"\xff" * 16
# Octets of the link's header, and where in it the protocol is.
LINKS = {1: (14, 12), 113: (16, 14), 276: (20, 0)}


def packets(path):
    """Of each TCP segment: who to whom, sequence number, payload."""
    data = open(path, "rb").read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    head, protocol = LINKS[struct.unpack(order + "I", data[20:24])[0]]
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack(order + "I", data[at + 8:at + 12])[0]
        p = data[at + 16:at + 16 + length]
        at += 16 + length
        kind, ip = struct.unpack(">H", p[protocol:protocol + 2])[0], p[head:]
        if kind == 0x800 and ip[9] == 6:
            ends, tcp = (ip[12:16], ip[16:20]), ip[(ip[0] & 15) * 4:struct.unpack(">H", ip[2:4])[0]]
        elif kind == 0x86dd and ip[6] == 6:
            ends, tcp = (ip[8:24], ip[24:40]), ip[40:40 + struct.unpack(">H", ip[4:6])[0]]
        else:
            continue
        yield ends + (tcp[0:2], tcp[2:4]), struct.unpack(">I", tcp[4:8])[0], tcp[(tcp[12] >> 4) * 4:]


def streams(paths):
    """The octets of each direction of each connection, in order."""
    found = {}
    for path in paths:
        for key, seq, payload in packets(path):
            if payload:
                found.setdefault((path, key), {}).setdefault(seq, payload)
    for parts in found.values():
        out, due = b"", None
        for seq in sorted(parts):
            if due is not None and seq > due:
                break
            out += parts[seq][max(0, (due or seq) - seq):]
            due = max(due or 0, seq + len(parts[seq]))
        yield out


def messages(stream):
    while stream[:16] == MARKER and len(stream) >= 19:
        length, kind = struct.unpack(">HB", stream[16:19])
        if length < 19 or length > len(stream):
            return
        yield kind, stream[19:length]
        stream = stream[length:]


def likeness(kind, body):
    """What a message is like another one by."""
    if kind == 1:
        return kind, tuple(sorted(set(body[10:])))[:12], len(body)
    if kind != 2:
        return kind, body[:2], len(body)
    types, at = [], 4 + struct.unpack(">H", body[:2])[0]
    end = at + struct.unpack(">H", body[at - 2:at])[0]
    while at + 3 <= end:
        extended = body[at] & 0x10
        types.append((body[at], body[at + 1]))
        at += 4 + struct.unpack(">H", body[at + 2:at + 4])[0] if extended else 3 + body[at + 2]
    return kind, tuple(types), body[:2] == b"\0\0"


def main():
    name, seen, n = sys.argv[1], set(), 0
    top = os.path.dirname(os.path.abspath(__file__))
    folders = {1: "open", 2: "update", 3: "notify", 5: "notify"}
    for stream in streams(sys.argv[2:]):
        kinds = tuple(kind for kind, _ in messages(stream))[:8]
        found = [(folders[k], likeness(k, b), b) for k, b in messages(stream) if k in folders and len(b) < 1000]
        found.append(("frame", kinds, bytes([0]) + stream[:400]))
        for folder, like, octets in found:
            if (folder, like) in seen:
                continue
            seen.add((folder, like))
            # Of the settings: AS numbers of four octets.
            octets = bytes([2]) + octets if folder == "update" else octets
            with open(os.path.join(top, folder, f"{name}-{n}"), "wb") as f:
                f.write(octets)
            n += 1
    print(f"{n} inputs")


if __name__ == "__main__":
    main()
