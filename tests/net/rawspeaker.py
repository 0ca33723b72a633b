#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A speaker for what no daemon can be made to send: rawspeaker.py [OPTION...] LOCAL REMOTE AS FILE

Connects to port 179 of REMOTE, and once Established sends an UPDATE for each line of
FILE, also for lines that are added later. A line is a JSON object:

  {"withdrawn": [PREFIX...], "nlri": [PREFIX...], "next_hop": ADDRESS, "origin": N,
   "path": [AS...], "set": [AS...], "as4_path": [AS...], "attrs": [[FLAGS, TYPE, HEX]...]}

Every message that comes is printed as a JSON object: {"type": "update", "length": N,
"withdrawn": [...], "nlri": [...], "attrs": {TYPE: HEX}}, and likewise "open" with its
capabilities, "notification" with code, subcode and data, and "refresh".
"""
import argparse
import ipaddress
import json
import select
import struct
import sys

from strangers import KEEPALIVE, MARKER, NOTIFICATION, OPEN, UPDATE, connect, message

REFRESH = 5
NAMES = {OPEN: "open", UPDATE: "update", NOTIFICATION: "notification", KEEPALIVE: "keepalive", REFRESH: "refresh"}


def open_message(args):
    capabilities = bytes([1, 4, 0, 1, 0, 1, 2, 0])
    if not args.no_as4:
        capabilities += bytes([65, 4]) + struct.pack(">I", args.asn)
    if args.extended:
        capabilities += bytes([6, 0])
    parameters = bytes([2, len(capabilities)]) + capabilities
    short = args.asn if args.asn < 65536 else 23456
    return message(OPEN, struct.pack(">BHH", 4, short, 0) + ipaddress.ip_address(args.id or args.local).packed
                   + bytes([len(parameters)]) + parameters)


def attribute(flags, kind, value):
    if len(value) > 255:
        return struct.pack(">BBH", flags | 0x10, kind, len(value)) + value
    return struct.pack(">BBB", flags, kind, len(value)) + value


def segment(ases, size, kind=2):
    """A segment of an AS path: 2 is AS_SEQUENCE, 1 AS_SET."""
    return bytes([kind, len(ases)]) + b"".join(a.to_bytes(size, "big") for a in ases) if ases else b""


def prefixes(texts):
    out = b""
    for text in texts:
        net = ipaddress.ip_network(text)
        out += bytes([net.prefixlen]) + net.network_address.packed[:(net.prefixlen + 7) // 8]
    return out


def update_message(route, as_size):
    attrs = b""
    if "nlri" in route:
        attrs += attribute(0x40, 1, bytes([route.get("origin", 0)]))
        attrs += attribute(0x40, 2, segment(route.get("path", []), as_size)
                           + segment(route.get("set", []), as_size, 1))
        attrs += attribute(0x40, 3, ipaddress.ip_address(route["next_hop"]).packed)
    if "as4_path" in route:
        attrs += attribute(0xc0, 17, segment(route["as4_path"], 4))
    for flags, kind, value in route.get("attrs", []):
        attrs += attribute(flags, kind, bytes.fromhex(value))
    withdrawn = prefixes(route.get("withdrawn", []))
    return message(UPDATE, struct.pack(">H", len(withdrawn)) + withdrawn + struct.pack(">H", len(attrs)) + attrs
                   + prefixes(route.get("nlri", [])))


def read_prefixes(data):
    out = []
    while data:
        octets = (data[0] + 7) // 8
        address = ipaddress.ip_address(data[1:1 + octets] + bytes(4 - octets))
        out.append("%s/%d" % (address, data[0]))
        data = data[1 + octets:]
    return out


def read_update(body):
    withdrawn = struct.unpack(">H", body[:2])[0]
    rest = body[2 + withdrawn:]
    end = 2 + struct.unpack(">H", rest[:2])[0]
    at, attrs = 2, {}
    while at < end:
        head = 4 if rest[at] & 0x10 else 3
        length = struct.unpack(">H", rest[at + 2:at + 4])[0] if head == 4 else rest[at + 2]
        attrs[str(rest[at + 1])] = rest[at + head:at + head + length].hex()
        at += head + length
    return {"withdrawn": read_prefixes(body[2:2 + withdrawn]), "nlri": read_prefixes(rest[end:]), "attrs": attrs}


def describe(kind, body):
    said = {"type": NAMES[kind], "length": len(body) + len(MARKER) + 3}
    if kind == UPDATE:
        said.update(read_update(body))
    elif kind == NOTIFICATION:
        said.update(code=body[0], subcode=body[1], data=body[2:].hex())
    else:
        said["data"] = body.hex()
    return said


def messages(sock, data):
    """Whole messages out of what has come; the rest stays in data."""
    data += sock.recv(65536) or sys.exit(0)
    while len(data) >= 19 and len(data) >= struct.unpack(">H", data[16:18])[0]:
        length = struct.unpack(">H", data[16:18])[0]
        yield data[18], bytes(data[19:length])
        del data[:length]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--id")
    parser.add_argument("--no-as4", action="store_true")
    parser.add_argument("--extended", action="store_true")
    parser.add_argument("local")
    parser.add_argument("remote")
    parser.add_argument("asn", type=int)
    parser.add_argument("file")
    args = parser.parse_args()
    sock = connect(args.local, args.remote, None)
    sock.sendall(open_message(args))
    data, up = bytearray(), False
    with open(args.file, encoding="ascii") as routes:
        while True:
            if select.select([sock], [], [], 0.1)[0]:
                for kind, body in messages(sock, data):
                    print(json.dumps(describe(kind, body)), flush=True)
                    if kind == OPEN:
                        sock.sendall(message(KEEPALIVE))
                    up = up or kind == KEEPALIVE
            while up and (line := routes.readline().strip()):
                sock.sendall(update_message(json.loads(line), 2 if args.no_as4 else 4))


if __name__ == "__main__":
    main()
