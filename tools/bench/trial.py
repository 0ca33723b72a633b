# SPDX-License-Identifier: Apache-2.0
"""One run of one daemon in one scenario: its processes, its clock, its figures."""
import json
import os
import shutil
import subprocess
import tempfile
import time

from .daemons import DAEMON_AS, Neighbor, Setup, last_words
from .net import PROBE_FROM, PROBE_TO, ROUTER_ID, SENDERS, BenchError
from .process import Helper, PssSampler, Usage, start, stop

PROBE_AS = (65101, 65102)
SETTLE_S, SETTLE_QUICK_S = 1.5, 0.2  # End-of-RIB markers and first timers of a daemon are not part of the work
IDLE_PROBE_S, IDLE_PROBE_QUICK_S = 2, 0.3


class Trial:
    """Scenarios prepare it (table, neighbours, what is encoded and expected) and then play."""

    def __init__(self, bench, net, daemon, probe=False):
        self.bench, self.net, self.daemon, self.probe = bench, net, daemon, probe
        self.setup = Setup(tempfile.mkdtemp(prefix="bgpbench."))
        os.chmod(self.setup.where, 0o755)
        self.settle_s = SETTLE_QUICK_S if bench.quick else SETTLE_S
        self.family = 4
        self.neighbors_up = []
        self.procs, self.helpers = [], []
        self.probing = None
        self.peers = self.helper("run", net.peer)
        self.usage = Usage([])
        self.metrics, self.results = {}, []
        self.cpu_idle_s = self.pss_idle_mb = 0.0

    @property
    def is_null(self):
        return self.daemon.name == "null"

    def helper(self, part, ns, *more):
        made = Helper([self.bench.peer, part] + list(more), ns, self.bench.timeout)
        made.while_waiting = self.daemon_lives
        self.helpers.append(made)
        return made

    def daemon_lives(self):
        for proc in self.procs:
            if proc.poll() is not None:
                raise BenchError("%s ended with %d" % (self.daemon.name, proc.returncode))

    # What scenarios say before the daemon starts.

    def table(self, routes, **more):
        self.family = more.get("family", 4)
        mrt = self.bench.mrt
        self.size = self.peers("table", routes=routes, seed=self.bench.seed, mrt=mrt, **{"as": 65001}, **more)
        return self.size["routes"]

    def neighbors(self, name, link, asn, count=1, first=0, sink=False, internal=False, **more):
        """Neighbours of the daemon, played by us; their AS numbers ascend unless they are internal."""
        local = link.peer(first, self.family)
        flags = (["sink"] if sink else []) + (["same-as"] if internal else [])
        self.peers("peers", *flags, name=name, local=local, remote=link.daemon(self.family), count=count,
                   hold=more.get("hold", self.bench.hold), id=0x0a0a0001 + 0x1000 * len(self.setup.neighbors) if self.family == 6 else None,
                   **{"as": asn})
        for i in range(count):
            self.setup.neighbors.append(Neighbor(
                link.peer(first + i, self.family), asn if internal else asn + i, family=self.family,
                local=link.daemon(self.family), role=more.get("role", "tell" if sink else "hear"),
                export=("rest" if self.probe else "all") if sink else "none",
                client=more.get("client", False), policy=more.get("policy", False)))
        self.neighbors_up.append(name)

    def expect(self, passage, link, internal=False, **more):
        """How routes pass; link: whose daemon's address is next hop of external receivers."""
        if self.is_null:
            passage, next_hop = "unchanged", more.pop("sender", SENDERS.peer(0, self.family))
        else:
            sender = more.pop("sender", SENDERS.peer(0, self.family))
            next_hop = link.daemon(self.family) if passage == "external" else sender
        self.peers("expect", *(["internal"] if internal else []), passage=passage, next_hop=next_hop,
                   cluster=ROUTER_ID, **{"as": DAEMON_AS}, **more)

    # Running.

    def start(self, dial=None):
        """Starts the daemon, brings the sessions up and takes the idle figures."""
        self.daemon_start()
        # Gently: how a daemon bears hundreds of dials at once is the mesh scenario's question.
        self.peers("dial", peers=",".join(dial or self.neighbors_up), limit=8)
        self.peers("up", timeout=60)
        self.settle()

    def settle(self):
        if self.probe:
            self.probe_start()
        time.sleep(self.settle_s)
        self.pss_idle_mb, self.cpu_idle_s = self.usage.pss_mb(), self.usage.cpu_s()
        if self.probe:
            self.probing("")
            time.sleep(IDLE_PROBE_QUICK_S if self.bench.quick else IDLE_PROBE_S)
            idle = self.probing("")
            self.metrics["idle"], self.metrics["idle median"] = idle["max_ms"], idle["median_ms"]
        self.inside_ms()

    def daemon_start(self):
        if self.probe:
            ends = ((PROBE_FROM, "none", "hear"), (PROBE_TO, "probe", "tell"))
            for (link, export, role), asn in zip(ends, PROBE_AS):
                self.setup.neighbors.append(Neighbor(link.first4, asn, export, role, channel=1, local=link.daemon4))
        self.daemon.prepare(self.setup)
        at_ns = 0
        with open(self.setup.path("log"), "ab") as log:
            for number, argv in enumerate(self.daemon.commands(self.setup)):
                if number > 0:
                    self.wait_for(self.setup.path("zserv"))
                proc, at_ns = start(argv, self.net.daemon, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                    cwd=self.setup.where)
                self.procs.append(proc)
        self.usage.roots = [p.pid for p in self.procs]
        return at_ns

    @staticmethod
    def wait_for(path):
        for _ in range(200):
            if os.path.exists(path):
                return
            time.sleep(0.05)
        raise BenchError("%s was not made" % os.path.basename(path))

    def probe_start(self):
        ends = ["%s,%s,%d" % (link.first4, link.daemon4, asn)
                for link, asn in zip((PROBE_FROM, PROBE_TO), PROBE_AS)]
        self.probing = self.helper("probe", self.net.peer, *ends, "5")
        self.probing.answer(60)
        # A daemon may still have sessions to finish: the first announcement belongs to its start.
        for _ in range(100):
            if not self.probing("")["lost"]:
                return
            time.sleep(0.1)
        raise BenchError("the probe does not get through the idle daemon")

    def go(self, *flags, **values):
        """One clock; the result counts only when every receiver has what it should have."""
        if not values.get("timeout"):
            values["timeout"] = self.bench.timeout
        self.peers.send("go", *flags, **values)
        got = self.peers.answer(60)
        self.results.append(got)
        self.verify(got, "")
        return got

    def want(self, variant, **part):
        self.peers("want", variant=variant, **part)

    @staticmethod
    def verify(got, when):
        if got["unmet"] or got["faults"].get("malformed") or got["faults"].get("stranger"):
            faults = ", ".join("%s %d" % f for f in sorted(got["faults"].items()))
            raise BenchError("%d of %d routes are not right%s (%s)" % (
                got["unmet"], got["routes"] * max(got["sinks"], 1), when, faults or "missing"))

    def inside_ms(self):
        """The longest turn of our own loop since it was last asked, where, and its processor time; None for others."""
        if not self.daemon.name.startswith("godwit"):
            return None
        done = subprocess.run([self.bench.bgpctl, "-s", self.setup.path("godwit.sock"), "-j", "show", "memory"],
                              capture_output=True, text=True, check=False)
        try:
            said = json.loads(done.stdout)
            return said["loop_stall_max_us"] / 1000, said["loop_stall_where"], said["loop_stall_cpu_us"] / 1000
        except (ValueError, KeyError):
            return None

    def run(self, scenario):
        """All figures of the run; BenchError with the daemon's last words where it failed."""
        try:
            scenario.prepare(self)
            scenario.start(self)
            return self._measure(scenario)
        except BenchError as e:
            raise BenchError("\n    ".join([str(e)] + last_words(self.setup))) from e
        finally:
            self.stop()

    def _measure(self, scenario):
        with PssSampler(self.usage) as sampler:
            scenario.play(self)
            sampler.look()
            cpu_done_s = self.usage.cpu_s()
            inside = self.inside_ms()
            if self.probing:
                self.metrics["delay"] = self.probing("")["max_ms"]
            time.sleep(self.settle_s)
        last = self.peers("check")
        self.verify(last, " in the end")
        return {
            "metrics": self.metrics,
            "cpu_s": cpu_done_s - self.cpu_idle_s,
            "cpu_settled_s": self.usage.cpu_s() - self.cpu_idle_s,
            "pss_idle_mb": self.pss_idle_mb,
            "pss_peak_mb": sampler.peak_mb,
            "peak_rss_mb": self.usage.peak_rss_mb(),
            "bytes_a_route": (sampler.peak_mb - self.pss_idle_mb) * 1048576 / scenario.paths(self)
            if scenario.paths(self) and self.procs else None,
            "inside_ms": inside and inside[0],
            "inside_where": inside and inside[1],
            "inside_cpu_ms": inside and inside[2],
            "silence_s": max(r["silence_s"] for r in self.results) if self.results else None,
            "updates": sum(r["updates"] for r in self.results),
            "results": self.results,
        }

    def stop(self):
        for helper in self.helpers:
            helper.stop()
        for proc in reversed(self.procs):
            stop(proc)
        if os.environ.get("BGPBENCH_KEEP"):
            print("kept: " + self.setup.where)
        else:
            shutil.rmtree(self.setup.where, ignore_errors=True)
