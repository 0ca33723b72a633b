#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ends a session between two daemons again and again, at one end or at both, and waits until it is up at both.

    collisions.py ROUNDS SEED SOCKET NEIGHBOUR SOCKET NEIGHBOUR
"""
import json, random, socket, sys, time

rounds, rnd = int(sys.argv[1]), random.Random(int(sys.argv[2]))


class End:
    def __init__(self, path, neighbour):
        self.neighbour = neighbour
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(path)
        self.f = sock.makefile("rw", encoding="utf-8")

    def say(self, command, **args):
        self.f.write(json.dumps({"command": command, "args": args}) + "\n")
        self.f.flush()

    def hear(self):
        first, rows = json.loads(self.f.readline()), []
        while not (row := json.loads(self.f.readline())).get("end"):
            rows.append(row)
        if not first["ok"]:
            sys.exit(first["error"])
        return rows

    def up(self):
        self.say("show neighbor")
        return self.hear()[0]["state"] == "Established"


def all_up():
    end = time.monotonic() + 60
    while not all([e.up() for e in ends]):
        if time.monotonic() > end:
            sys.exit("round %d: not up again" % number)
        time.sleep(0.01)


ends = [End(*sys.argv[3:5]), End(*sys.argv[5:7])]
for number in range(rounds):
    all_up()
    who = rnd.choice([ends, ends[:1], ends[1:]])
    for e in who:
        e.say("neighbor clear", neighbor=e.neighbour)
    for e in who:
        e.hear()
    time.sleep(rnd.random() * 0.1)  # now and then into the next attempt
all_up()
