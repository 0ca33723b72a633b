# SPDX-License-Identifier: Apache-2.0
"""A loaded table that changes at a steady rate for as long as is asked: nothing may grow, no session may be lost."""
import os
import signal
import statistics
import sys
import time

from .daemons import DAEMONS, Null
from .net import MANY, SENDERS, SINKS, BenchError
from .scenarios import SENDER_AS, SINK_AS, Scenario

HOLD_S = 3
BESIDE_AS = 65200
PARTS = 8            # of the table that change, one after the other
TICK_S = 0.25 # a step with its check takes nearly as long
SAMPLE_S = 10
WARM = 0.1           # of the time, before memory has to stay as it is
GROWTH_MAX = 0.02    # of it, from then to the end
JUDGED_FROM_S = 300  # a run is so long at least, or what is allocated at first is most of what it sees


class Soak(Scenario):
    """A part of the table goes, comes from another sender, and again from the first, which is better; each step is checked."""

    name, text = "soak", "a loaded table changes at a steady rate, with sessions of 3 s hold time beside, and reloads"
    sizes = {"routes": (1000000, 4000), "seconds": (3600, 5), "changes": (200, 200), "beside": (10, 4)}
    metrics = {"changes": ("changes/s", 0), "median": ("median ms", 2), "worst": ("worst ms", 1),
               "warm": ("PSS warm MB", 2), "end": ("PSS end MB", 2), "growth": ("growth %", 2),
               "files": ("fds", 0), "threads": ("threads", 0), "up": ("sessions", 0)}
    counts = tuple(metrics)
    rows = DAEMONS
    without = (Null,)  # it holds no table

    def prepare(self, t):
        self.step = max(1, round(self.size["changes"] * TICK_S))
        self.mod = max(PARTS, self.size["routes"] // self.step)
        t.table(self.size["routes"], variants=2, winner=0)
        t.neighbors("s", SENDERS, SENDER_AS, hold=HOLD_S)
        t.neighbors("o", SENDERS, SENDER_AS + 1, first=1, hold=HOLD_S)
        t.neighbors("k", SINKS, SINK_AS, sink=True, hold=HOLD_S)
        t.neighbors("b", MANY, BESIDE_AS, self.size["beside"], hold=HOLD_S)
        t.expect("external", SINKS)
        t.peers("encode", "announce", "eor", name="full", peers="s", variant=0)
        for r in range(PARTS):
            for variant, sender in enumerate("so"):
                t.peers("encode", "withdraw", name="w%d" % r, peers=sender, mod=self.mod, rem=r)
                t.peers("encode", "announce", name="a%d" % r, peers=sender, mod=self.mod, rem=r, variant=variant)
        t.want(0)

    def start(self, t):
        t.start()
        t.go(send="s:full")

    def play(self, t):
        # Who says what, and whose the routes are then.
        course = [("%s%d" % (stream, r), r, whose) for r in range(PARTS)
                  for stream, whose in (("s:w", "none"), ("o:a", 1), ("s:a", 0), ("o:w", 0))]
        began, took, samples, number = time.monotonic(), [], [], 0
        while time.monotonic() - began < self.size["seconds"] or number % len(course):
            stream, r, whose = course[number % len(course)]
            t.want(whose, mod=self.mod, rem=r)
            took.append(t.go(send=stream)["seconds"] * 1000)
            del t.results[1:]  # each was checked
            number += 1
            now = time.monotonic() - began
            if now >= len(samples) * SAMPLE_S:
                samples.append(self.sample(t, now))
                self.disturb(t, samples, took)
            time.sleep(max(0.0, began + number * TICK_S - time.monotonic()))
        lasted = time.monotonic() - began
        samples.append(self.sample(t, lasted))
        t.metrics.update(changes=number * self.step / lasted, median=statistics.median(took), worst=max(took))
        self.judge(t, samples, lasted)

    @staticmethod
    def sample(t, now):
        pids = t.usage.pids()
        try:
            files, threads = (sum(len(os.listdir("/proc/%d/%s" % (pid, what))) for pid in pids) for what in ("fd", "task"))
        except OSError as e:
            raise BenchError("a process has gone: %s" % e) from e
        return {"s": now, "pss": t.usage.pss_mb(), "files": files, "threads": threads, "cpu": t.usage.cpu_s(),
                "up": t.peers("up", timeout=1)["peers"]}  # which fails when one was lost

    @staticmethod
    def disturb(t, samples, took):
        """Once a minute: progress, and for ours a reload of the same file."""
        if len(samples) % (60 // SAMPLE_S):
            return
        last = samples[-1]
        print("soak, %s: %d min, PSS %.1f MB, %d fds, %d threads, %.1f s CPU, %d sessions, worst %.1f ms" % (
            t.daemon.name, round(last["s"] / 60), last["pss"], last["files"], last["threads"], last["cpu"], last["up"],
            max(took)), file=sys.stderr)
        if t.daemon.name.startswith("godwit"):
            os.kill(t.procs[0].pid, signal.SIGHUP)

    def judge(self, t, samples, lasted):
        part = lambda low, high: [s for s in samples if low * lasted <= s["s"] <= high * lasted] or samples[-1:]
        first, last = part(WARM, 2 * WARM), part(1 - WARM, 1)
        warm, end = (statistics.median(s["pss"] for s in group) for group in (first, last))
        t.metrics.update(warm=warm, end=end, growth=(end - warm) * 100 / warm, files=last[-1]["files"],
                         threads=last[-1]["threads"], up=last[-1]["up"])
        if lasted < JUDGED_FROM_S:
            return
        for what in ("files", "threads"):
            if len({s[what] for s in first + last}) > 1:
                raise BenchError("%s: %d at first, %d in the end" % (what, first[0][what], last[-1][what]))
        if end > warm * (1 + GROWTH_MAX):
            raise BenchError("PSS has grown from %.1f to %.1f MB" % (warm, end))
