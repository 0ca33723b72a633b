# SPDX-License-Identifier: Apache-2.0
"""What is measured: one class a scenario, each with its table, its neighbours and its clock."""
import statistics
import time

from .daemons import CONVERGE_ROWS, DAEMON_AS, FIB_ROWS, POLICY_ROWS, DAEMONS, Bare, Gobgp, Null, Openbgpd
from .net import MANY, SENDERS, SINKS, WAYS, BenchError, run
from .trial import Trial

SENDER_AS, SINK_AS = 65001, 65100


class Scenario:
    """sizes: name → (whole, quick); metrics: name → (title, digits), the first is the clock that counts."""

    name = text = ""
    sizes = {}
    metrics = {}
    rows = DAEMONS
    counts = ()   # metrics that are no times: without ratios
    without = ()  # daemons that cannot
    pairs = ()    # rows, by name, whose runs are compared one by one: (what, with what)

    def __init__(self, size):
        self.size = size  # name → number

    def prepare(self, t):
        raise NotImplementedError

    def start(self, t):
        t.start()

    def play(self, t):
        raise NotImplementedError

    def paths(self, t):
        """What memory is divided by."""
        return t.size["routes"]


class Full(Scenario):
    name, text = "full", "one external sender, one external receiver; first UPDATE to all right"
    sizes = {"routes": (1000000, 4000)}
    metrics = {"seconds": ("s", 3)}
    family = 4

    def prepare(self, t):
        t.table(self.size["routes"], family=self.family)
        t.neighbors("s", SENDERS, SENDER_AS)
        t.neighbors("k", SINKS, SINK_AS, sink=True)
        t.expect("external", SINKS)
        t.peers("encode", "announce", "eor", name="full", peers="s")
        t.want(0)

    def play(self, t):
        t.metrics["seconds"] = t.go(send="s:full")["seconds"]


class V6(Full):
    name, text = "v6", "as full, with IPv6 routes over IPv6 sessions"
    sizes = {"routes": (200000, 2000)}
    family = 6


class Paths(Scenario):
    name, text = "paths", "ten senders of the same prefixes, different paths; to each best right and quiet"
    sizes = {"routes": (200000, 1000), "senders": (10, 4)}
    metrics = {"seconds": ("s", 3), "sent": ("sent a prefix", 2)}
    counts = ("sent",)

    def prepare(self, t):
        count = self.size["senders"]
        t.table(self.size["routes"], variants=count)
        t.neighbors("s", SENDERS, SENDER_AS, count)
        # The forwarder can but pass on one of them; the others are read and parsed.
        for n in t.setup.neighbors[1:]:
            n.role = "mute"
        t.neighbors("k", SINKS, SINK_AS, sink=True)
        t.expect("external", SINKS)
        t.peers("encode", "announce", "eor", name="full", peers="s", variant="each")
        t.want(0 if t.is_null else "winner")

    def play(self, t):
        got = t.go(send="s:full")
        t.metrics["seconds"] = max(got["seconds"], got["quiet_s"])
        t.metrics["sent"] = got["announced"] / got["routes"]

    def paths(self, t):
        return t.size["routes"] * self.size["senders"]


class Reflect(Scenario):
    name, text = "reflect", "one client to many others; until the last has all"
    sizes = {"routes": (100000, 1000), "clients": (200, 8)}
    metrics = {"seconds": ("s", 3)}

    def prepare(self, t):
        t.table(self.size["routes"])
        t.neighbors("s", SENDERS, DAEMON_AS, internal=True, client=True)
        t.neighbors("k", MANY, DAEMON_AS, self.size["clients"], sink=True, internal=True, client=True)
        t.expect("reflected", MANY, internal=True, originator=SENDERS.peer())
        t.peers("encode", "announce", "eor", "internal", name="full", peers="s")
        t.want(0)

    def play(self, t):
        t.metrics["seconds"] = t.go(send="s:full")["seconds"]


class Mesh(Scenario):
    """Internal neighbours with a few routes each, and an external one that witnesses them all."""

    sizes = {"neighbors": (400, 12), "each": (64, 8)}
    metrics = {"seconds": ("s", 3), "redials": ("redials", 0)}
    counts = ("redials",)
    limit = 0

    def prepare(self, t):
        count, slice_ = self.size["neighbors"], self.size["each"]
        t.setup.dials = self.name == "mesh-dial"
        routes = t.table(count * slice_)
        if routes != count * slice_:
            raise BenchError("the dump has too few routes for this mesh")
        t.neighbors("w", SINKS, SINK_AS, sink=True)
        t.neighbors("m", MANY, DAEMON_AS, count, internal=True)
        t.expect("external", SINKS, internal=True, sender=MANY.peer(), a_next_hop=slice_)
        t.peers("encode", "announce", "eor", "internal", name="full", peers="m", slice=slice_)
        t.want(0)

    def start(self, t):
        # The clock starts with the program; only the stall scenario wants it to be there before.
        if t.probe:
            t.start(dial=["w"])

    def play(self, t):
        if t.probe:
            got = t.go(dial="m", limit=self.limit, send="m:full")
        else:
            got = t.go(dial="w", then="m", limit=self.limit, send="m:full", start=t.daemon_start())
        t.metrics["seconds"] = got["seconds"]
        t.metrics["redials"] = got["redials"]

    def paths(self, t):
        return None  # nothing idle to compare with


class MeshPaced(Mesh):
    name, text = "mesh-paced", "internal neighbours dial, eight at a time; exec to all routes"
    limit = 8


class MeshOnce(Mesh):
    name, text = "mesh-once", "internal neighbours dial, all at once; exec to all routes"


class MeshDial(Mesh):
    name, text = "mesh-dial", "the daemon dials all internal neighbours; exec to all routes"

    def play(self, t):
        t.peers("listen")
        got = t.go(send="m:full", start=t.daemon_start())
        t.metrics["seconds"] = got["seconds"]
        t.metrics["redials"] = got["redials"]


class Churn(Scenario):
    name, text = "churn", "a share of a loaded table withdrawn, and announced again; each round to all right"
    sizes = {"routes": (500000, 4000), "rounds": (5, 2), "share": (20, 20)}
    metrics = {"withdraw": ("withdraw ms", 1), "announce": ("announce ms", 1)}

    def prepare(self, t):
        t.table(self.size["routes"])
        t.neighbors("s", SENDERS, SENDER_AS)
        t.neighbors("k", SINKS, SINK_AS, sink=True)
        t.expect("external", SINKS)
        t.peers("encode", "announce", "eor", name="full", peers="s")
        for r in range(self.size["rounds"]):
            t.peers("encode", "withdraw", name="w%d" % r, peers="s", mod=self.size["share"], rem=r)
            t.peers("encode", "announce", name="a%d" % r, peers="s", mod=self.size["share"], rem=r)
        t.want(0)

    def start(self, t):
        t.start()
        t.go(send="s:full")

    def play(self, t):
        took = {"withdraw": [], "announce": []}
        for r in range(self.size["rounds"]):
            for what, variant in (("withdraw", "none"), ("announce", 0)):
                t.want(variant, mod=self.size["share"], rem=r)
                took[what].append(t.go(send="s:%s%d" % (what[0], r))["seconds"] * 1000)
        for what, values in took.items():
            t.metrics[what] = statistics.median(values)


class Failover(Scenario):
    name, text = "failover", "two senders of the same; the preferred one closes, to all from the other"
    sizes = {"routes": (500000, 3000)}
    metrics = {"seconds": ("s", 3)}
    without = (Null,)

    def prepare(self, t):
        t.table(self.size["routes"], variants=2, winner=0)
        t.neighbors("a", SENDERS, SENDER_AS)
        t.neighbors("b", SENDERS, SENDER_AS + 1, first=1)
        t.neighbors("k", SINKS, SINK_AS, sink=True)
        t.expect("external", SINKS)
        t.peers("encode", "announce", "eor", name="full", peers="a", variant=0)
        t.peers("encode", "announce", "eor", name="full", peers="b", variant=1)
        t.want(0)

    def start(self, t):
        t.start()
        t.go(send="a:full,b:full")

    def play(self, t):
        t.want(1)
        t.metrics["seconds"] = t.go(close="a")["seconds"]

    def paths(self, t):
        return 2 * t.size["routes"]


class Policy(Scenario):
    name, text = "policy", "as full, through a prefix list and AS path and community rules"
    sizes = {"routes": (300000, 3000), "entries": (1000, 100)}
    metrics = {"seconds": ("s", 3)}
    rows = POLICY_ROWS
    pairs = (("godwit", "godwit-accept"),)

    def prepare(self, t):
        rules = t.daemon.rules
        t.table(self.size["routes"], policy=self.size["entries"])
        t.neighbors("s", SENDERS, SENDER_AS, policy=rules)
        t.neighbors("k", SINKS, SINK_AS, sink=True)
        t.setup.rules = t.peers("rules") if rules else None
        t.expect("external", SINKS)
        t.peers("encode", "announce", "eor", name="full", peers="s")
        t.want("policy" if rules else 0)

    def play(self, t):
        t.metrics["seconds"] = t.go(send="s:full")["seconds"]


class Fib(Scenario):
    name, text = "fib", "into the kernel, then the session ends; to all in, and to all gone"
    sizes = {"routes": (500000, 3000)}
    metrics = {"in": ("in s", 3), "out": ("out s", 3)}
    rows = FIB_ROWS
    without = (Openbgpd, Gobgp, Null)

    def prepare(self, t):
        t.setup.kernel = True
        t.table(self.size["routes"])
        t.neighbors("s", SENDERS, SENDER_AS)
        t.peers("encode", "announce", "eor", name="full", peers="s")
        t.kernel = t.helper("kernel", t.net.daemon)
        t.kernel("table", routes=self.size["routes"], seed=t.bench.seed, mrt=t.bench.mrt, **{"as": SENDER_AS})

    def start(self, t):
        if not isinstance(t.daemon, Bare):
            t.start()

    def play(self, t):
        gateway = SENDERS.peer()
        if isinstance(t.daemon, Bare):
            got = t.kernel("floor", *(["object"] if t.daemon.object else []), gateway=gateway, dev=SENDERS.name)
            if got["there"] != t.size["routes"] or got["left"]:
                raise BenchError("the bare program has %d in and %d left" % (got["there"], got["left"]))
            t.metrics["in"], t.metrics["out"] = got["in_s"], got["out_s"]
            return
        t.metrics["in"] = self.until(t, "present", gateway, send="s:full")
        t.metrics["out"] = self.until(t, "absent", gateway, close="s")

    @staticmethod
    def until(t, what, gateway, **how):
        t.kernel.send("wait", what, gateway=gateway, timeout=t.bench.timeout)
        start_ns = t.go(**how)["start_ns"]
        got = t.kernel.answer(60)
        if got["wrong"] or got["there"] != (t.size["routes"] if what == "present" else 0):
            raise BenchError("%d routes in the kernel, %d of them through another gateway (%s)" % (
                got["there"] + got["wrong"], got["wrong"], what))
        return (got["end_ns"] - start_ns) / 1e9


class FibHeard(Fib):
    name, text = "fib-heard", "as fib, while another program listens to the kernel's notifications"

    def prepare(self, t):
        super().prepare(t)
        t.helper("listen", t.net.daemon).answer(60)


class Converge(Scenario):
    """
    Two internal senders of the same routes with a next hop each, behind a link each, so that every route
    has both. The sessions are over a third link: what is measured is what becomes of the routes.
    """

    name, text = "converge", ("two next hops for each route; a link goes down, the only link returns, "
                              "a next hop goes while its link stays; until the kernel is right, and packets lost")
    sizes = {"routes": (500000, 3000), "rate": (4000, 1000)}
    metrics = {"link": ("link s", 3), "link lost": ("lost", 0), "link gap": ("gap ms", 0),
               "hop": ("hop s", 3), "hop lost": ("lost", 0), "hop gap": ("gap ms", 0), "back": ("back s", 3)}
    counts = ("link lost", "link gap", "hop lost", "hop gap")
    rows = CONVERGE_ROWS
    without = (Openbgpd, Gobgp, Null)
    calm_s = 0.2
    tries = 30

    def prepare(self, t):
        t.setup.kernel = t.setup.multipath = True
        run("ip", "netns", "exec", t.net.daemon, "sysctl", "-qw",
            "net.ipv4.nexthop_compat_mode=%d" % t.daemon.compat_mode)
        t.table(self.size["routes"])
        for number, (name, way) in enumerate(zip("ab", WAYS)):
            t.neighbors(name, SENDERS, DAEMON_AS, first=number, internal=True)
            t.peers("encode", "announce", "eor", "internal", name="full", peers=name, next_hop=way.first4)
        table = {"routes": self.size["routes"], "seed": t.bench.seed, "mrt": t.bench.mrt, "as": 65001}
        t.kernel = t.helper("kernel", t.net.daemon)
        t.kernel("table", **table)
        t.flow = t.helper("flow", t.net.flow, "/run/netns/" + t.net.peer, WAYS[0].name, WAYS[1].name,
                          str(self.size["rate"]))
        for way in WAYS:
            t.flow("link", "up", dev=way.name)
        t.flow("to", **table)

    def start(self, t):
        t.start()
        self.until(t, "present", lambda: t.go(send="a:full,b:full"), *WAYS)

    def play(self, t):
        one, two = WAYS
        self.all_pass(t)
        self.case(t, "link", lambda: t.flow("link", "down", dev=one.name), two)
        self.until(t, "absent", lambda: t.flow("link", "down", dev=two.name), two)
        t.metrics["back"] = self.until(t, "present", lambda: t.flow("link", "up", dev=two.name), two)
        self.until(t, "present", lambda: t.flow("link", "up", dev=one.name), *WAYS)
        self.all_pass(t)
        self.case(t, "hop", lambda: t.go(close="a"), two, dead=one.name)
        self.until(t, "absent", lambda: t.go(close="b"), two)

    def case(self, t, name, change, left, **how):
        """One way less: the time until every route leads to the other, and what that cost the flow."""
        def begin():
            t.flow("begin", **how)
            return change()
        t.metrics[name] = self.until(t, "present", begin, left)
        time.sleep(self.calm_s)
        got = t.flow("end")
        t.metrics[name + " lost"], t.metrics[name + " gap"] = got["lost"], got["gap_ms"]
        if got["over"][1] == 0:
            raise BenchError("nothing of the flow passes after " + name)

    def all_pass(self, t):
        """Until the flow is whole and both ways carry a part of it: after a link came, they look for their neighbour."""
        for _ in range(self.tries):
            t.flow("begin")
            time.sleep(self.calm_s)
            got = t.flow("end")
            if not got["lost"] and all(got["over"]):
                return
        raise BenchError("%d packets of %d lost while nothing happens; %s over the two links" % (
            got["lost"], got["sent"], got["over"]))

    def until(self, t, what, change, *ways):
        """Seconds from the change until all routes are present through these ways alone, or absent."""
        only = len(ways) == 1
        t.kernel.send("wait", what, gateway=ways[0].first4, timeout=t.bench.timeout,
                      **({"from": ways[0].daemon4} if only else {"and": ways[1].first4}))
        time.sleep(self.calm_s)  # it chooses what to look at
        start_ns = change()["start_ns"]
        got = t.kernel.answer(60)
        if got["wrong"] or got["there"] != (t.size["routes"] if what == "present" else 0):
            raise BenchError("%d of %d routes are in the kernel as they should be, %d otherwise (%s)" % (
                got["there"], t.size["routes"], got["wrong"], what))
        return (got["end_ns"] - start_ns) / 1e9


class Stall(Scenario):
    """Not a run but many: each of the others with the probe, of which only the delay counts."""

    name, text = "stall", "longest delay of an unrelated session's single announce (ms), idle and during each load"
    loads = (Full, Paths, Reflect, MeshOnce, Churn, Failover, Fib, V6, Policy)
    quick_loads = (Full, Churn)

    def __init__(self, size, inner):
        super().__init__(size)
        self.inner = inner
        # Of hundreds of announcements to the idle daemon: what one takes, and the worst.
        self.metrics = {"idle median": ("idle median", 3), "idle": ("idle", 2)}
        for scenario in inner:
            self.metrics[scenario.name] = (scenario.name, 2)
        self.metrics["inside"] = ("longest turn inside", 1)
        self.counts = tuple(self.metrics)

    def run(self, bench, net, daemon):
        delays, medians, inside, cpu, where, errors = {"idle": None}, [], None, None, None, []
        for scenario in self.inner:
            if isinstance(daemon, tuple(scenario.without)) or type(daemon) not in scenario.rows:
                delays[scenario.name] = None
                continue
            try:
                got = Trial(bench, net, daemon, probe=True).run(scenario)
            except BenchError as e:
                delays[scenario.name] = None
                errors.append("%s: %s" % (scenario.name, e))
                continue
            delays[scenario.name] = got["metrics"]["delay"]
            delays["idle"] = max(delays["idle"] or 0.0, got["metrics"]["idle"])
            medians.append(got["metrics"]["idle median"])
            if got["inside_ms"] is not None and got["inside_ms"] > (inside or 0.0):
                inside, cpu = got["inside_ms"], got["inside_cpu_ms"]
                where = "%s in %s" % (got["inside_where"], scenario.name)
        delays["inside"] = inside
        delays["idle median"] = statistics.median(medians) if medians else None
        return {"metrics": delays, "inside_ms": inside, "inside_cpu_ms": cpu, "inside_where": where, "errors": errors}


SCENARIOS = (Full, Paths, Reflect, MeshPaced, MeshOnce, MeshDial, Churn, Failover, Fib, FibHeard, Converge, V6, Policy,
             Stall)
GROUPS = {"mesh": ("mesh-paced", "mesh-once", "mesh-dial"), "all": tuple(s.name for s in SCENARIOS)}
