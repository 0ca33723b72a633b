#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An operator who tries everything: random configurations, commands and questions, with links that come and go.

    operator.py DIR SEED STEPS NAMESPACE LINK...

DIR has the control sockets a.sock of the daemon that is tried and b.sock, c.sock, d.sock of its neighbours, and
a.yaml, which is written here; LINK are the interfaces of a, in NAMESPACE. Every answer has to be whole, whatever it
says. In the end a has a configuration without limits and shutdowns, and this program waits for the sessions.
"""
import os, random, subprocess, sys, time

sys.dont_write_bytecode = True
from control import Control

folder, seed, steps, space, links = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5:]
rnd = random.Random(seed)
number = 0


def fail(text):
    print("seed %d, step %d: %s" % (seed, number, text))
    sys.exit(1)


class Daemon(Control):
    def __init__(self, name):
        super().__init__("%s/%s.sock" % (folder, name))

    def ask(self, command, **args):
        try:
            return super().ask(command, **args)
        except (OSError, ValueError) as e:
            fail("no answer to %s %s: %s" % (command, args, e))


def maybe(p, *values):
    return rnd.choice(values) if rnd.random() < p else None


def flag(p):
    return maybe(p, "true", "false")


POLICIES = ["accept", "p0", "p1", "p2", "p3"]
PREFIXES = ["10.%d.0.0/16" % i for i in range(12)] + ["10.0.0.0/8", "0.0.0.0/0", "::/0", "fd00:%x::/32" % 3, "10.3.7.0/24", "1.2.3.4"]
MORE = ["10.%d.%d.0/24" % (i, j) for i in (3, 7) for j in (7, 8, 9)] + ["fd00:7::/32"]  # what neighbours have at times
ADD_PATH = ["{receive: true}", "{send: all}", "{receive: true, send: all}", "{receive: true, send: best 2}",
            "{receive: true, send: ecmp}", "{send: best 1}"]


def chain():
    return "[%s]" % ", ".join(rnd.sample(POLICIES, rnd.randint(1, 3)))


def common(last):
    """Settings that any neighbour may have. The last configuration has nothing that depends on the order of things."""
    limits = [] if last else [
        ("max-prefix", maybe(0.3, "{limit: 1000}", "{limit: 8, action: warn}", "{limit: 8, action: block}", "{limit: 1, action: block}",
                             "{limit: 8, action: restart, restart-after: 1}", "{limit: 8, action: shutdown}")),
        ("max-prefix-out", maybe(0.3, "{limit: 1000}", "{limit: 5, action: warn}", "{limit: 5, action: block}",
                                 "{limit: 2, action: block}", "{limit: 8, action: restart, restart-after: 1}")),
        ("shutdown", maybe(0.05, "true")), ("table", maybe(0.05, 100, 101)),
        ("graceful-restart", maybe(0.4, "{enabled: false}", "{restart-time: 1, long-lived-time: 3}", "{long-lived-time: 100}",
                                   "{stale-time: 1}", "{restart-time: 0, long-lived-time: 2}"))]
    both = rnd.random() < 0.5  # else default-originate of the other family would be an error
    return limits + [
        ("import", chain()), ("export", chain()), ("add-path", maybe(0.6, *ADD_PATH)), ("next-hop", maybe(0.3, "self", "keep", "auto")),
        ("families", "[ipv4-unicast, ipv6-unicast]" if both else maybe(0.5, "[ipv4-unicast]")),
        ("default-originate", maybe(0.3, "[ipv4-unicast]", *(["[ipv6-unicast]", "[ipv4-unicast, ipv6-unicast]"] if both else []))),
        ("debug", maybe(0.1, "messages", "hex")),
        ("hold-time", maybe(0.2, 3, 30)), ("allow-own-as", maybe(0.2, 1, 3)), ("extended-messages", flag(0.1)),
        ("send-hostname", flag(0.1)), ("description", maybe(0.2, "one", "two"))]


def external():
    return [("remove-private-as", maybe(0.3, "leading", "all", "replace")), ("as-override", flag(0.2)),
            ("route-server-client", flag(0.2)), ("graceful-shutdown", flag(0.2)), ("enforce-first-as", flag(0.2)),
            ("role", maybe(0.2, "provider", "customer", "peer", "rs-server", "rs-client"))]


def neighbor(head, settings):
    return "  - {%s, idle-hold-time: {initial: 0, max: 1}, connect-retry-time: 1%s}" % (
        head, "".join(", %s: %s" % s for s in settings if s[1] is not None))


def rule(i):
    return rnd.choice([
        "{match: {prefix-set: [10.%d.0.0/16 in]}, action: reject}" % rnd.randint(0, 11),
        "{match: {prefix-set: [10.%d.0.0/16 in]}, set: {local-preference: %d}}" % (rnd.randint(0, 11), rnd.randint(1, 300)),
        "{match: {community-set: [\"65000:[1-%d]\"]}, set: {med: %d}, action: accept}" % (rnd.randint(1, 5), rnd.randint(0, 9)),
        "{match: {as-path-set: \"%s\"}, set: {prepend: [65099]}}" % rnd.choice(["65002", "^65003", "65004$", "^$"]),
        "{match: {neighbor: %s}, set: {add-communities: [\"65000:%d\"]}}" % (rnd.choice(["b", "c"]), rnd.randint(1, 5)),
        "{match: {source: [%s]}, action: %s}" % (rnd.choice(["bgp", "static", "aggregate"]), rnd.choice(["accept", "next", "reject"])),
        "{match: {next-hop: 10.99.%d.0/24}, set: {next-hop: %s}}" % (rnd.randint(1, 3), rnd.choice(["10.99.1.2", "10.99.2.2"])),
        "{match: {neighbor-type: internal}, set: {remove-communities: [\"*:*\"]}}",
        "{match: {interface: \"to-%s\"}, set: {add-communities: [%s]}}" % (
            rnd.choice("bcd"), rnd.choice(["no-export", "llgr-stale", "graceful-shutdown", "no-advertise"])),
        "{set: {preference: %d}}" % rnd.choice([100, 150, 250])])


def configuration(last=False):
    router = ["as: 65001", "id: 10.0.0.1", "drain: {time: 1}"]
    router += ["%s: %s" % s for s in [
        ("default-local-preference", maybe(0.3, 50, 100)), ("cluster-id", maybe(0.2, "10.0.0.1", "10.0.0.77")),
        ("multipath", maybe(0.3, "{ebgp: 1}", "{ibgp: 1}", "{as-path-relax: true, link-bandwidth: true}")),
        ("resolve-via-default", flag(0.1)), ("graceful-restart", None if last else maybe(0.3, "{restart-time: 2}"))] if s[1] is not None]
    text = ["router: {%s}" % ", ".join(router), "log: {level: info}", "neighbors:",
            neighbor("address: 10.99.1.2, name: b, remote-as: 65002", common(last) + external()),
            neighbor("address: 10.99.2.2, name: c, remote-as: internal", common(last) + [("route-reflector-client", flag(0.5))])]
    # d is a neighbour by its address, under one name or another, or one of a range.
    text.append(neighbor(rnd.choice(["prefix: 10.99.3.0/24, name: d", "prefix: 10.99.0.0/16, name: wide", "address: 10.99.3.2, name: d",
                                     "address: 10.99.3.2, name: dd"]) + ", remote-as: external", common(last) + external()))
    text.append("policies:")
    for i in range(4):
        text.append("  p%d:" % i)
        text += ["    - " + rule(i) for _ in range(rnd.randint(0, 3))] + ["    - {action: %s}" % rnd.choice(["accept", "accept", "next"])]
    for section, more in (("networks", ["", ", med: 3", ", blackhole: true", ", communities: [\"65000:2\", no-export]",
                                        ", while: {interface: to-b}"]),
                          ("aggregates", ["", ", summary-only: true", ", blackhole: true"]),
                          ("statics", [", via: 10.99.1.2", ", blackhole: true", ", interface: to-c", ", via: 10.99.3.77"])):
        picked = rnd.sample(["10.%d.0.0/16" % i for i in range(12)] + ["0.0.0.0/0", "10.0.0.0/8", "10.3.7.0/24"], rnd.randint(0, 4))
        text.append("%s: [%s]" % (section, ", ".join("{prefix: %s%s}" % (p, rnd.choice(more)) for p in picked)))
    kernel = ["", "", ", nexthop-objects: off", ", learn: [accept]", ", metric: 30", ", connected: {interfaces: [to-b]}"]
    elsewhere = ["", ", table: 300", ", protocol: 187", ", learn-tables: [301, 302]", ", audit-interval: 1"]
    text.append("kernel: {export: %s%s%s}" % (rnd.choice(["[accept]", "[accept]", "[reject]", "[p0, accept]"]), rnd.choice(kernel),
                                              "" if last else rnd.choice(elsewhere)))
    with open(folder + "/a.new", "w") as f:
        f.write("\n".join(text) + "\n")
    os.rename(folder + "/a.new", folder + "/a.yaml")


def who():
    return rnd.choice(["b", "c", "d", "dd", "10.99.3.2", "10.99.1.2", "wide", "nobody"])


def filters():
    f = {k: True for k in ("best", "invalid", "rejected", "longer") if rnd.random() < 0.15}
    f.update({k: v for k, v in [("prefix", maybe(0.5, *PREFIXES)), ("community", maybe(0.1, "65000:*", "no-export", "rubbish")),
                                ("as_path", maybe(0.1, "65002", "^$")), ("from", maybe(0.1, who())), ("origin_as", maybe(0.1, 65002)),
                                ("limit", maybe(0.1, 0, 1, 3))] if v is not None})
    return f


def table():
    t = maybe(0.1, 100, 101, 254)
    return {} if t is None else {"table": t}


QUESTIONS = [
    lambda: ("show rib", dict(filters(), **table())), lambda: ("show rib in", dict(filters(), neighbor=who())),
    lambda: ("show rib out", dict(filters(), neighbor=who())), lambda: ("show rib why", dict(table(), prefix=rnd.choice(PREFIXES))),
    lambda: ("show rib rejected", dict(filters(), **table())), lambda: ("show fib", table()), lambda: ("show nexthop", table()),
    lambda: ("show policy", {"name": rnd.choice(POLICIES)}), lambda: ("show policy", {}), lambda: ("show neighbor", {}),
    lambda: ("show neighbor", {"neighbor": who()}), lambda: ("show metrics", {}), lambda: ("show summary", {}),
    lambda: ("show memory", {}), lambda: ("show checks", {}), lambda: ("config show", {}), lambda: ("config diff", {})]
COMMANDS = [
    lambda: ("neighbor up", {"neighbor": who()}), lambda: ("neighbor down", {"neighbor": who(), "reason": "Grüße"}),
    lambda: ("neighbor clear", {"neighbor": who()}), lambda: ("neighbor drain", {"neighbor": who()}),
    lambda: ("neighbor refresh", {"neighbor": who()}), lambda: ("neighbor up", {"neighbor": who()}),
    lambda: ("neighbor refresh", {"neighbor": who(), "direction": "out"}),
    lambda: ("neighbor debug", {"neighbor": who(), "debug": rnd.choice(["on", "off", "hex"])}),
    lambda: ("network add", {"prefix": rnd.choice(PREFIXES[:14])}), lambda: ("network delete", {"prefix": rnd.choice(PREFIXES[:14])}),
    lambda: ("confirm", {}), lambda: ("rollback", {})]


def flap():
    """A link of a goes down, or all that are come up."""
    down = rnd.random() < 0.4
    for dev in [rnd.choice(links)] if down else links:
        subprocess.run(["ip", "-n", space, "link", "set", dev, "down" if down else "up"], check=True)


def step(d):
    what = rnd.random()
    if what < 0.12:
        configuration()
        answer = d.ask("reload", **({"confirm": rnd.randint(1, 3)} if rnd.random() < 0.2 else {}))
        if isinstance(answer, str):
            fail(answer)
        return "reload"
    if what < 0.22:
        command, args = rnd.choice(COMMANDS)()
        d.ask(command, **args)
    elif what < 0.25:
        flap()
    elif what < 0.28:
        others[rnd.choice("bcd")].ask("neighbor clear", neighbor="a")
    elif what < 0.31:
        others[rnd.choice("bcd")].ask(rnd.choice(["network add", "network delete"]), prefix=rnd.choice(MORE))
    elif what < 0.35:
        time.sleep(rnd.random() / 3)
    else:
        command, args = rnd.choice(QUESTIONS)()
        d.ask(command, **args)
    return "other"


def settle(d):
    for dev in links:
        subprocess.run(["ip", "-n", space, "link", "set", dev, "up"], check=True)
    d.ask("confirm")
    for p in PREFIXES[:14]:
        d.ask("network delete", prefix=p)
    for p in MORE:
        for o in others.values():
            o.ask("network delete", prefix=p)
    configuration(last=True)
    answer = d.ask("reload")
    if isinstance(answer, str):
        fail("the last configuration: " + answer)
    for name in ("b", "c", "d", "dd", "10.99.3.2"):
        d.ask("neighbor clear", neighbor=name)  # what a change leaves for the next session counts from here on
    end = time.monotonic() + 60
    while True:
        names = [r["name"] for r in d.ask("show neighbor")[1] if "name" in r]
        for name in names:
            if name in ("b", "c", "d", "dd", "10.99.3.2"):
                d.ask("neighbor up", neighbor=name)
        if all("Established" in [r.get("state") for r in others[o].ask("show neighbor")[1]] for o in others):
            return
        if time.monotonic() > end:
            fail("sessions do not come up: %s" % d.ask("show summary")[1])
        time.sleep(0.2)


d = Daemon("a")
others = {name: Daemon(name) for name in "bcd"}
counts = {}
for number in range(1, steps + 1):
    done = step(d)
    counts[done] = counts.get(done, 0) + 1
settle(d)
print("  %s" % counts)
