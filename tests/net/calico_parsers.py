#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What calico-node's probes, calicoctl and the reporter of CalicoNodeStatus make of the replies at a BIRD socket.

Each of the three reads the socket in its own way, and gives up at whatever it does not expect; they are written here
as they behave, with the same regular expressions and the same quirks. A reply that one of them could not read raises
Complaint.

    calico_parsers.py SOCKET ready [--young]      the readiness probe: exit 0 and "ready", else 1 and why not
    calico_parsers.py SOCKET peers                the probe's list of peers, as JSON
    calico_parsers.py SOCKET node-status          the table of `calicoctl node status`, as JSON
    calico_parsers.py SOCKET agent|bgp|routes     the classes of CalicoNodeStatus, as JSON
    calico_parsers.py SOCKET ask COMMAND...       replies as they come; exit 1 where the last code is 8000 or more
"""

import json
import re
import socket
import sys

TIMEOUT_S = 2  # of silence
LINE_MAX = 64 * 1024
COLUMNS = ["name", "proto", "table", "state", "since", "info"]
NAME = re.compile(r"^(Global|Node|Mesh)_(.+)$")


class Complaint(Exception):
    """A reply is not what its reader expects."""


class Socket:
    """A connection; its greeting is left for the reader, as it is a line like others to all of them."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(path)
        self.buf = b""

    def send(self, command):
        self.sock.sendall(command.encode() + b"\n")

    def line(self):
        while b"\n" not in self.buf:
            if len(self.buf) > LINE_MAX:
                raise Complaint("a line is longer than 64 KiB")
            try:
                more = self.sock.recv(65536)
            except socket.timeout:
                raise Complaint(f"nothing came for {TIMEOUT_S} s") from None
            if not more:
                raise Complaint("the connection ended within a reply")
            self.buf += more
        line, self.buf = self.buf.split(b"\n", 1)
        return line.decode()

    def close(self):
        self.sock.close()


# ---- `show protocols`, as all three read it ----


def protocol_rows(next_line):
    """The columns of BGP rows whose names Calico gives; the sixth is the BGP state, the seventh the rest."""
    rows = []
    while True:
        line = next_line()
        if line.startswith("0000"):
            return rows
        if line.startswith("0001"):
            continue
        if line.startswith("2002"):
            if line[5:].split() != COLUMNS:
                raise Complaint(f"unknown columns: {line!r}")
            continue
        if line.startswith("1002"):
            text = line[5:]
        elif line.startswith(" "):
            text = line[1:]
        else:
            raise Complaint(f"unexpected line among protocols: {line!r}")
        columns = text.split()
        if len(columns) < 6 or columns[1] != "BGP":
            continue
        match = NAME.match(columns[0])
        if match is None:
            continue
        rows.append(
            {
                "session": columns[0],
                "kind": match.group(1),
                "peer": match.group(2),
                "state": columns[3],
                "since": columns[4],
                "bgp_state": columns[5],
                "info": " ".join(columns[6:]),
            }
        )


def address_of(peer, path):
    """"10_0_0_2" or "fd00__2" as an address, after the socket; a port at its end is taken for a part of it."""
    return peer.replace("_", ":" if path.endswith("6.ctl") else ".")


# ---- the probes ----


def probe_peers(path):
    sock = Socket(path)
    try:
        sock.send("show protocols")
        return protocol_rows(sock.line)
    finally:
        sock.close()


def probe_restarting(path):
    """Is there a line of a graceful restart in `show status`?"""
    sock = Socket(path)
    try:
        sock.send("show status")
        restarting = False
        while True:
            line = sock.line()
            restarting |= line.startswith("0024")
            if line.startswith("0013"):
                return restarting
    finally:
        sock.close()


def probe_ready(path, young):
    """None: ready; else why not. young: the node has come up a moment ago."""
    peers = probe_peers(path)
    if not peers:
        return None
    down = [address_of(p["peer"], path) for p in peers if p["bgp_state"] != "Established"]
    if young:
        if down:
            return "BGP not established with " + ",".join(down)
        if probe_restarting(path):
            return "graceful restart in progress"
    elif len(down) == len(peers):
        return "BGP not established with " + ",".join(down)
    return None


def live_reply(text):
    """Is this what the liveness probe wants `birdcl -s SOCKET show status` to print?"""
    return text.startswith("BIRD")


# ---- calicoctl node status ----


def node_status(path):
    kinds = {"Global": "global", "Mesh": "node-to-node mesh", "Node": "node specific"}
    return [
        {
            "address": address_of(p["peer"], path),
            "type": kinds[p["kind"]],
            "state": p["state"],
            "since": p["since"],
            "info": (p["bgp_state"] + " " + p["info"]).strip(),
        }
        for p in probe_peers(path)
    ]


# ---- CalicoNodeStatus ----

KEYS = {
    "router_id": "Router ID is ",
    "last_boot": "Last reboot on ",
    "last_reconfigured": "Last reconfiguration on ",
    "now": "Current server time is ",
}


def status_agent(path):
    sock = Socket(path)
    out = {"ready": False}
    try:
        sock.send("show status")
        while True:
            line = sock.line()
            if line.startswith("0013"):
                break
            if re.match(r"(0001|1000|1011)[ -]", line):
                text = line[5:]
            elif line.startswith(" "):
                text = line[1:]
            else:
                out["ended_early"] = line
                break
            out["ready"] |= "BIRD" in text and "ready" in text
            if text.startswith("BIRD v"):
                out["version"] = text[len("BIRD ") :].split()[0]
            for key, words in KEYS.items():
                if text.startswith(words):
                    out[key] = text[len(words) :].strip()
    finally:
        sock.close()
    missing = [key for key in list(KEYS) + ["version"] if key not in out]
    if missing or not out["ready"]:
        raise Complaint(f"show status lacks {missing}, ready {out['ready']}")
    return out


BGP_STATES = ["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established", "Close"]


def status_bgp(path):
    """Peers with what `show protocols all` says of them, on one connection."""
    sock = Socket(path)
    out = []
    try:
        sock.send("show protocols")
        for row in protocol_rows(sock.line):
            detail = {}
            sock.send("show protocols all " + row["session"])
            while True:
                line = sock.line()
                if line.startswith("0000"):
                    break
                if re.match(r"[89]\d{3}", line):
                    raise Complaint(f"show protocols all {row['session']}: {line!r}")
                # The whole line without the key counts: it must have no code.
                for key, words in (("bgp_state", "BGP state:"), ("address", "Neighbor address:")):
                    if words in line:
                        detail[key] = line.replace(words, "").strip()
            if set(detail) != {"bgp_state", "address"}:
                raise Complaint(f"{row['session']}: found only {detail}")
            state = detail["bgp_state"]
            out.append(
                {
                    "peer": detail["address"],
                    "kind": row["kind"],
                    "state": state if state in BGP_STATES else "",
                    "since": row["since"],
                    "up": row["state"] == "up",
                }
            )
    finally:
        sock.close()
    return {"established": sum(p["up"] for p in out), "peers": out}


# The first of these words that a line has decides how it is read.
ROUTES = [
    (" via ", re.compile(r"(?P<dest>\S*)\s*via\s(?P<gateway>\S*)\s*on\s(?P<iface>.*)\s\[(?P<from>\S*)\s.*\].*")),
    (" dev ", re.compile(r"(?P<dest>\S*)\s*dev\s(?P<iface>.*)\s\[(?P<from>\S*)\s.*\].*")),
    (" blackhole ", re.compile(r"(?P<dest>\S*)\s*blackhole\s\[(?P<from>\S*)\s.*\].*")),
    (" unreachable ", re.compile(r"(?P<dest>\S*)\s*unreachable\s\[(?P<from>\S*)\s.*\].*")),
]
LEARNED = [("kernel", "Kernel"), ("static", "Static"), ("direct", "Direct")]


def learned_from(name):
    for start, kind in LEARNED:
        if name.startswith(start):
            return {"kind": kind}
    match = NAME.match(name)
    if match is None:
        raise Complaint(f"a route is from {name!r}")
    return {"kind": {"Global": "BGPPeer", "Node": "BGPPeer", "Mesh": "NodeMesh"}[match.group(1)], "peer": match.group(2)}


def status_routes(path):
    sock = Socket(path)
    out, last = [], ""
    try:
        sock.send("show route")
        while True:
            line = sock.line()
            if line.startswith("0000"):
                return out
            if line.startswith("0001"):
                continue
            if line.startswith("1007"):
                text = line[5:]
            elif line.startswith(" "):
                text = line[1:]
            else:
                raise Complaint(f"unexpected line among routes: {line!r}")
            for word, pattern in ROUTES:
                if word not in text:
                    continue
                match = pattern.match(text)
                if match is None:
                    raise Complaint(f"a route that cannot be read: {line!r}")
                break
            else:
                raise Complaint(f"a route of an unknown kind: {line!r}")
            found = match.groupdict()
            last = found["dest"] or last
            if not last:
                raise Complaint(f"a route without a destination: {line!r}")
            out.append(
                {
                    "type": "FIB" if "] *" in text else "RIB",
                    "destination": last,
                    "how": word.strip(),
                    "gateway": found.get("gateway") or "",
                    "interface": found.get("iface") or "",
                    "from": learned_from(found["from"]),
                }
            )
    finally:
        sock.close()


# ---- replies as they are ----


def ask(path, command):
    """All lines of the reply to one command, behind the greeting."""
    sock = Socket(path)
    try:
        greeting = sock.line()
        if not re.match(r"0001 BIRD v\S+ ready\.$", greeting):
            raise Complaint(f"the greeting is {greeting!r}")
        sock.send(command)
        lines = []
        while not lines or not re.match(r"\d{4} ", lines[-1]):
            lines.append(sock.line())
            if not re.match(r"\d{4}[ -]| ", lines[-1]):
                raise Complaint(f"no line of a reply: {lines[-1]!r}")
        return lines
    finally:
        sock.close()


def main(argv):
    path, what, rest = argv[1], argv[2], argv[3:]
    if what == "ask":
        lines = ask(path, " ".join(rest))
        print("\n".join(lines))
        return 1 if int(lines[-1][:4]) >= 8000 else 0
    if what == "ready":
        why = probe_ready(path, "--young" in rest)
        print(why or "ready")
        return 1 if why else 0
    readers = {
        "peers": probe_peers,
        "node-status": node_status,
        "agent": status_agent,
        "bgp": status_bgp,
        "routes": status_routes,
    }
    print(json.dumps(readers[what](path)))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv))
    except Complaint as e:
        print(f"complaint: {e}", file=sys.stderr)
        sys.exit(2)
