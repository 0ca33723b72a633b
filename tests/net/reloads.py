#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random configurations, one reload after another, and what each of them does.

    reloads.py SOCKET CONFIG SEED RELOADS PEER_ADDRESS...

Writes a random valid configuration to CONFIG, asks the daemon at SOCKET what it would change,
reloads, and compares what became of each session with what this program knows by itself: the
neighbours at the addresses given are alive, and each setting of theirs that it changes is in
a table here with what it asks for. A session that should stay is the same one, by the count of sessions
and its last change of state; one that should be reset is another. Now and then a
reload is on trial and rolled back, or the file is bad. Prints the memory of the daemon in
between and ends with status 1 at the first thing that is not so.
"""
import ipaddress, os, random, sys, time

sys.dont_write_bytecode = True
from control import Control

socket_path, config_path, seed, reloads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
live = sys.argv[5:]
rnd = random.Random(seed)
WARM = max(20, reloads // 10)


class Daemon(Control):
    def good(self, command, **args):
        r = self.ask(command, **args)
        if isinstance(r, str):
            fail("%s: %s" % (command, r))
        return r


def fail(text):
    print("seed %d, reload %d: %s" % (seed, number, text))
    sys.exit(1)


def flag():
    return rnd.choice([None, False, True])


def sends(value):
    """What a value of add-path says of receiving and sending."""
    parts = dict(part.split(": ") for part in (value or "{}")[1:-1].split(", ") if part)
    return parts.get("receive", "false"), parts.get("send", "none")


def add_path_effect(old, new):
    """Which paths are sent may change at any time; whether path ids are is agreed in the OPEN."""
    (receives, was), (will_receive, will) = sends(old), sends(new)
    return "re-evaluate" if receives == will_receive and "none" not in (was, will) else "reset"


# What a setting of a live neighbour may be (None: absent) and what its change asks for.
POLICIES = ["accept", "p0", "p1", "p2"]
SETTINGS = {
    "description": (lambda: rnd.choice([None, "one", "two", "Grüße"]), "none"),
    "hold-time": (lambda: rnd.choice([None, 30, 60, 90]), "soft"),
    "connect-retry-time": (lambda: 1, "soft"),
    "passive": (lambda: rnd.choice([None, False]), "soft"),
    "allow-own-as": (lambda: rnd.choice([None, 0, 1, 3]), "re-evaluate"),
    "next-hop": (lambda: rnd.choice([None, "auto", "self"]), "re-evaluate"),
    "max-prefix": (lambda: rnd.choice([None, "{limit: 1000}", "{limit: 2000, action: warn}"]), "soft"),
    "import": (lambda: "[%s]" % ", ".join(rnd.sample(POLICIES, rnd.randint(1, 3))), "re-evaluate"),
    "export": (lambda: "[%s]" % ", ".join(rnd.sample(POLICIES, rnd.randint(0, 3))), "re-evaluate"),
    "multihop": (lambda: rnd.choice([None, None, None, 1, 2, 3]), "reset"),
    "families": (lambda: rnd.choice([None, None, None, "[ipv4-unicast]", "[ipv4-unicast, ipv6-unicast]"]), "reset"),
    "add-path": (lambda: rnd.choice(
        [None, None, "{receive: false}", "{send: none}", "{receive: true}", "{send: all}", "{receive: true, send: all}",
         "{receive: true, send: best 2}", "{receive: true, send: ecmp}", "{send: best 3}"]), add_path_effect),
    "local-as": (lambda: rnd.choice([None, None, 65001, 65001, 65077]), "reset"),
    "local-as-prepend": (flag, "re-evaluate"),
    "local-as-replace": (flag, "re-evaluate"),
    "local-as-dual": (flag, "reset"),
    "as-override": (flag, "re-evaluate"),
    "remove-private-as": (lambda: rnd.choice([None, "none", "leading", "all", "replace"]), "re-evaluate"),
    "enforce-first-as": (flag, "refresh"),
    "route-server-client": (flag, "re-evaluate"),
    "graceful-shutdown": (flag, "re-evaluate"),
    "max-prefix-out": (lambda: rnd.choice([None, "{limit: 5000}", "{limit: 6000}"]), "soft"),
    "send-hostname": (flag, "soft"),
    "send-software-version": (flag, "soft"),
    "extended-messages": (flag, "soft"),
}
SAME = {"hold-time": 90, "passive": False, "allow-own-as": 0, "next-hop": "auto", "multihop": 1, "families": "[ipv4-unicast]",
        "local-as": 65001, "local-as-prepend": False, "local-as-replace": True, "local-as-dual": False, "as-override": False,
        "remove-private-as": "none", "enforce-first-as": True, "route-server-client": False, "graceful-shutdown": True,
        "send-hostname": False, "send-software-version": False, "extended-messages": True}
# How often a setting is drawn again; others more often.
CHANGES = {"multihop": 0.02, "families": 0.02, "local-as": 0.02, "local-as-dual": 0.02, "add-path": 0.03}


def meaning(key, value):
    if key == "add-path":
        return sends(value)
    return SAME.get(key) if value is None else value


# Conditions of networks, and whether they hold. A new condition begins with the state of the old one; the first check decides.
HOLDS = {"file: %s, rise: 1, fall: 1" % config_path: True, "file: /nonexistent, rise: 1, fall: 1": False, "interface: lo": True,
         "interface: none0": False, "tcp: \"127.0.0.1:9\", rise: 1, fall: 1": False,
         "file: %s, rise: 1, fall: 1, interval: 1" % config_path: True}
# Aggregates, and whether what is inside is ours to say (10.200 is statics').
AGGREGATES = {"10.0.0.0/14": True, "10.1.0.0/16": True, "10.2.0.0/15": True, "10.0.0.0/20": True, "172.16.0.0/12": False,
              "10.200.0.0/16": True, "192.0.2.0/24": True}


def random_conf(old):
    c = {"live": {}, "others": {}, "sets": {}, "policies": {}, "networks": {}, "statics": {}, "aggregates": {}, "lp": 100,
         "level": "info"}
    for name in live:
        was = old["live"].get(name) if old else None
        c["live"][name] = {
            k: f() if was is None or rnd.random() < CHANGES.get(k, 0.1) else was[k] for k, (f, _) in SETTINGS.items()
        }
        if meaning("local-as", c["live"][name]["local-as"]) == SAME["local-as"] and c["live"][name]["local-as-dual"]:
            c["live"][name]["local-as-dual"] = False  # there is nothing else to try
    for i in range(12):  # neighbours that are not there: anything may happen to them
        if rnd.random() < 0.6:
            c["others"]["other%d" % i] = rnd.choice(
                ["remote-as: %d" % (2 * rnd.randint(1, 70000) + 1), "remote-as: internal", "remote-as: 65009, passive: true",
                 "remote-as: 65009, hold-time: 9, import: [p0]", "remote-as: 65009, password: secret%d" % rnd.randint(0, 3),
                 "remote-as: 65009, shutdown: true", "remote-as: internal, route-reflector-client: true",
                 "remote-as: 65009, role: customer", "remote-as: 65009, ttl-security: 1"])
    for i in range(3):
        keep = old and rnd.random() < 0.8
        c["sets"]["s%d" % i] = old["sets"]["s%d" % i] if keep else [
            "10.%d.0.0/16 le %d" % (rnd.randint(0, 255), rnd.randint(16, 32)) for _ in range(rnd.randint(1, 200))]
        keep = old and rnd.random() < 0.8
        c["policies"]["p%d" % i] = old["policies"]["p%d" % i] if keep else rnd.choice([
            "[{match: {prefix-set: s%d}, action: reject}]" % i,
            "[{match: {prefix-set: s%d}, set: {local-preference: %d}}, {action: accept}]" % (i, rnd.randint(1, 999)),
            "[{set: {add-communities: [\"65001:%d\"]}, action: accept}]" % rnd.randint(1, 999),
            "[{match: {neighbor: %s}, action: accept}]" % live[0],
            "[{match: {not: {prefix-set: [192.0.2.0/24, 10.0.0.0/8]}}, set: {med: %d}, action: next}]" % rnd.randint(1, 9)])
    for _ in range(rnd.randint(0, 100)):
        c["networks"]["10.%d.%d.0/24" % (rnd.randint(0, 3), rnd.randint(0, 255))] = rnd.choice(
            ["", ", med: %d" % rnd.randint(0, 9), ", communities: [\"65001:7\"]", ", blackhole: true"]) + rnd.choice(
                ["", "", ", while: {%s}" % rnd.choice(list(HOLDS))])
    for _ in range(rnd.randint(0, 20)):
        c["statics"]["10.200.%d.0/24" % rnd.randint(0, 255)] = rnd.choice(
            ["blackhole: true", "unreachable: true", "via: %s" % rnd.choice(live), "interface: lo"])
    for prefix in rnd.sample(list(AGGREGATES), rnd.randint(0, len(AGGREGATES))):
        c["aggregates"][prefix] = "".join(rnd.sample(
            [", summary-only: true", ", summary-only: false", ", blackhole: true", ", med: %d" % rnd.randint(0, 9),
             ", communities: [\"65001:8\"]", ", local-preference: 90"], rnd.choice([0, 1])))
    if old:
        for k in ("networks", "statics", "aggregates"):
            if rnd.random() < 0.5:
                c[k] = old[k]
        c["lp"], c["level"] = old["lp"], old["level"]
    if rnd.random() < 0.05:
        c["lp"] = rnd.choice([100, 150])
    return c


def write(c, bad=False):
    text = ["router: {as: 65001, id: 10.99.0.1, default-local-preference: %d}" % c["lp"], "kernel: {export: [reject]}",
            "log: {level: %s}" % ("warn" if not bad else "loud"), "neighbors:"]
    for i, (name, s) in enumerate(c["live"].items()):
        given = ", ".join("%s: %s" % (k, str(v).lower() if isinstance(v, bool) else v) for k, v in s.items() if v is not None)
        text.append("  - {address: %s, remote-as: external, idle-hold-time: {initial: 0, max: 1}, %s}" % (name, given))
    for i, (name, s) in enumerate(c["others"].items()):
        text.append("  - {address: 198.51.100.%s, name: %s, %s}" % (name[5:], name, s))
    text.append("prefix-sets:")
    text += ["  %s: [%s]" % (n, ", ".join(v)) for n, v in c["sets"].items()]
    text.append("policies:")
    text += ["  %s: %s" % (n, v) for n, v in c["policies"].items()]
    text.append("networks: [%s]" % ", ".join("{prefix: %s%s}" % n for n in c["networks"].items()))
    text.append("aggregates: [%s]" % ", ".join("{prefix: %s%s}" % a for a in c["aggregates"].items()))
    text.append("statics: [%s]" % ", ".join("{prefix: %s, %s}" % s for s in c["statics"].items()))
    with open(config_path + ".new", "w") as f:
        f.write("\n".join(text) + "\n")
    os.rename(config_path + ".new", config_path)


def effects(old, new):
    """What each live neighbour's own changes ask for."""
    out = {}
    for name in live:
        a, b = old["live"][name], new["live"][name]
        out[name] = {k: e(a[k], b[k]) if callable(e) else e
                     for k, (_, e) in SETTINGS.items() if meaning(k, a[k]) != meaning(k, b[k])}
    return out


def sessions():
    rows = d.good("show neighbor")[1]
    return {r["name"]: r for r in rows}


def all_up():
    end = time.monotonic() + 60
    while True:
        s = sessions()
        if all(s[n]["state"] == "Established" for n in live):
            return s
        if time.monotonic() > end:
            fail("not up again: %s" % [(n, s[n]["state"], s[n]["last_error"]) for n in live])
        time.sleep(0.02)


EFFECTS = ["none", "re-evaluate", "refresh", "soft", "reset"]  # mildest first


def check_diff(changes, own):
    """The daemon's diff has each of these changes with this effect, and no others of live neighbours."""
    said = {}
    for c in changes:
        name, _, key = c["path"].partition("].")
        if key and name.startswith("neighbors["):
            of, key = said.setdefault(name[10:], {}), key.split(".")[0]
            of[key] = max(of.get(key, "none"), c["effect"], key=EFFECTS.index)
    for name in live:
        got = dict(said.get(name, {}))
        if "hold-time" in own[name]:
            got.pop("keepalive-time", None)  # follows it
        if got != own[name]:
            fail("config diff says %s of %s, expected %s" % (got, name, own[name]))


def check_sessions(before, own):
    after = sessions()
    waiting = [n for n in live if "reset" in own[n].values()]
    if waiting:
        after = all_up()
    for n in live:
        ups = [s[n]["stats"]["established"] for s in (before, after)]
        age = after[n]["last_updown_s"] - before[n]["last_updown_s"] if n not in waiting else 0
        if (ups[1] > ups[0]) != (n in waiting) or age < 0:
            fail("%s: %s, but session %d after %d, up for %s s after %s s" % (
                n, own[n], ups[1], ups[0], after[n]["last_updown_s"], before[n]["last_updown_s"]))
    return after


def inside(prefix, aggregate):
    return prefix != aggregate and ipaddress.ip_network(prefix).subnet_of(ipaddress.ip_network(aggregate))


def expected(c):
    """Prefixes that must be there as our own, and those that may be as well: aggregates of what neighbours say."""
    must = set(c["statics"]) | {n for n, s in c["networks"].items() if "while" not in s or HOLDS[s.split("while: {")[1][:-1]]}
    maybe = {a for a in c["aggregates"] if not AGGREGATES[a]}
    return must | {a for a in c["aggregates"] if AGGREGATES[a] and any(inside(p, a) for p in must)}, maybe


def check_routes(c):
    """Exactly the networks whose condition holds, the statics, and the aggregates of what is there; checks take a while."""
    must, maybe = expected(c)
    end = time.monotonic() + 10
    while True:
        own = {r["prefix"] for r in d.good("show rib")[1] if r["neighbor"] is None}
        if must <= own <= must | maybe:
            return
        if time.monotonic() > end:
            fail("own routes: %s are missing, %s too many" % (sorted(must - own), sorted(own - must - maybe)))
        time.sleep(0.02)


FIGURES = ("rib_bytes", "attribute_sets", "attribute_bytes", "nexthops")


def memory():
    """The daemon's figures with the first configuration and new sessions, when they no longer change.

    New sessions, since export groups remember some results of before, in tables of a fixed size.
    """
    global now, before
    own = effects(now, first)
    write(first)
    d.good("reload")
    check_sessions(before, own)
    for n in live:
        d.good("neighbor clear", neighbor=n)
    before = all_up()
    now, last, longest = first, None, (0, "")
    while True:
        m = d.good("show memory")[0]
        figures = [m[f] for f in FIGURES]
        longest = max(longest, (m["loop_stall_max_us"], m["loop_stall_where"] or ""))
        if figures == last:
            return dict(m, loop_stall_max_us=longest[0], loop_stall_where=longest[1])
        last = figures
        time.sleep(0.3)


number = 0
d = Daemon(socket_path)
first = now = random_conf(None)
write(now)
d.good("reload")
before = all_up()
resets = trials = bads = 0
marks = []
start = time.monotonic()
for number in range(1, reloads + 1):
    new = random_conf(now)
    if rnd.random() < 0.02:
        write(new, bad=True)
        if not isinstance(d.ask("reload"), str):
            fail("a bad file was taken")
        bads += 1
    write(new)
    own = effects(now, new)
    if number % 5 == 1:
        check_diff(d.good("config diff")[1], own)
    trial = rnd.random() < 0.03
    d.good("reload", **({"confirm": 3600} if trial else {}))
    before = check_sessions(before, own)
    resets += sum("reset" in own[n].values() for n in live)
    if trial:
        trials += 1
        if rnd.random() < 0.5:
            d.good("confirm")
        else:
            d.good("rollback")
            before = check_sessions(before, own)
            resets += sum("reset" in own[n].values() for n in live)
            new = now
    now = new
    if number % 10 == 0:
        check_routes(now)
    if number == WARM or number % max(1, reloads // 10) == 0:
        m = memory()
        marks.append((number, m))
        print("  %6d reloads, %4d resets: resident %6d kB, rib %d, attributes %d in %d sets, next hops %d, "
              "longest turn %d us (%s)" % (number, resets, m["resident_bytes"] // 1024, m["rib_bytes"], m["attribute_bytes"],
                                           m["attribute_sets"], m["nexthops"], m["loop_stall_max_us"], m["loop_stall_where"]))
        sys.stdout.flush()
print("  %d reloads in %.0f s, %d resets of a session, %d trials, %d bad files" % (
    reloads, time.monotonic() - start, resets, trials, bads))
# With the same configuration the daemon has the same, but for what grows in steps and is used again: sets of attributes
# lie in pages of their size, which come in steps of 64 KB and stay, and how many it takes at most depends on the order.
warm, last = marks[0][1], marks[-1][1]
for what, slack in (("resident_bytes", 4 << 20), ("rib_bytes", 64 << 10), ("attribute_bytes", 128 << 10), ("attribute_sets", 100),
                    ("nexthops", 0)):
    if what == "resident_bytes" and os.environ.get("brief"):
        continue  # sanitizers keep back what is freed
    if last[what] > warm[what] + slack:
        fail("%s grew from %d to %d" % (what, warm[what], last[what]))
