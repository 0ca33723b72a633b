# SPDX-License-Identifier: Apache-2.0
"""Options, the order of the runs, and what comes out of them."""
import argparse
import bz2
import gzip
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from . import report, scenarios
from .daemons import DAEMONS
from .net import BenchError, Net
from .scenarios import GROUPS, Stall
from .soak import Soak
from .trial import Trial

QUICK_AT_ONCE = 4
SCENARIOS = scenarios.SCENARIOS + (Soak,)

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

ABOUT = """\
Measures BGP daemons side by side: the same seeded table, equivalent configurations,
namespaces of their own, runs interleaved. Every receiver checks every prefix and its
attributes; a run with a wrong or missing route does not count. The null forwarder, which
parses UPDATEs and forwards their octets, is the floor of the measurement. Needs root.

A cell is "median [least-most]"; "/best peer" is the ratio of the median to the best one of
bird2, frr, openbgpd and gobgp, "/null" to the floor's. CPU and PSS are sums over all
processes of the daemon; B/route is (peak PSS - idle PSS) / routes; "turn ms" is the longest
turn of our own event loop (bgpctl show memory), "of it cpu" what of that it was on a
processor. A size is the same in all scenarios that have it: --routes 10000 for a look at a
small table.
"""


def size_options():
    sizes = {}
    for scenario in SCENARIOS:
        for name in scenario.sizes:
            sizes.setdefault(name, []).append(scenario.name)
    return sizes


def options():
    listing = "\n".join("  %-11s %s%s" % (s.name, s.text, ", ".join(
        ["; %s %d" % (n, w) for n, (w, _) in s.sizes.items()]).replace(", ;", ",")) for s in SCENARIOS)
    p = argparse.ArgumentParser(
        prog="bgpbench", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="scenarios:\n%s\n  mesh        the three of them\n  all         all but soak" % listing)
    p.add_argument("scenario", nargs="+", choices=[s.name for s in SCENARIOS] + list(GROUPS), metavar="SCENARIO",
                   help="one or more of those below")
    p.add_argument("--quick", action="store_true",
                   help="small sizes and one run: only proves that everything runs and the routes are right")
    p.add_argument("--runs", type=int, help="runs of each daemon (default 3, of stall 1)")
    p.add_argument("--daemons", default=",".join(d.name for d in DAEMONS), help="which, of %(default)s")
    for name, where in size_options().items():
        p.add_argument("--" + name, type=int, metavar="N", help="in " + ", ".join(where))
    p.add_argument("--seed", type=int, default=1, help="of the table (default 1)")
    p.add_argument("--mrt", metavar="FILE", help="routes from an MRT dump (TABLE_DUMP_V2 or BGP4MP; .gz, .bz2)")
    p.add_argument("--hold", type=int, default=90, help="hold time that the neighbours offer, seconds")
    p.add_argument("--timeout", type=int, help="seconds for a clock (default 300, 20 with --quick)")
    p.add_argument("--builddir", default=TOP, help="where bgpd, bgpctl and bgpbench-peer were built")
    p.add_argument("--godwit", help="another bgpd of ours to measure")
    p.add_argument("--json", metavar="FILE", help="write all figures of all runs")
    args = p.parse_args()
    args.timeout = args.timeout or (20 if args.quick else 300)
    args.daemons = args.daemons.split(",")
    unknown = set(args.daemons) - {d.name for d in DAEMONS}
    if unknown:
        p.error("no such daemon: %s" % ", ".join(sorted(unknown)))
    if os.geteuid() != 0:
        p.error("network namespaces need root")
    names = [n for s in args.scenario for n in GROUPS.get(s, (s,))]
    args.scenario = [s for s in SCENARIOS if s.name in names]
    args.builddir = os.path.abspath(args.builddir)
    args.peer = os.path.join(args.builddir, "tools", "bgpbench-peer")
    args.bgpctl = os.path.join(args.builddir, "tools", "bgpctl")
    if not os.access(args.peer, os.X_OK):
        p.error("%s is not built: make tools/bgpbench-peer" % args.peer)
    return args


def scenario_make(cls, args):
    """A scenario with its sizes: given ones, or its own."""
    size = {name: getattr(args, name) or (quick if args.quick else whole)
            for name, (whole, quick) in cls.sizes.items()}
    if cls is Stall:
        return Stall(size, [scenario_make(inner, args) for inner in (cls.quick_loads if args.quick else cls.loads)])
    return cls(size)


def daemons_of(scenario, args):
    """The rows of a scenario: those that were asked for, can and are installed."""
    found = []
    for cls in scenario.rows:
        # Rows that only one scenario has go with the daemon that they are compared with.
        asked = cls.name if cls in DAEMONS else "null" if cls.name.startswith("bare") else "godwit"
        if asked in args.daemons and cls not in scenario.without:
            daemon = cls(args)
            if daemon.program:
                found.append(daemon)
            else:
                print("%s: not found, left out" % cls.name, file=sys.stderr)
    return found


def one_run(scenario, daemon, net, args):
    if isinstance(scenario, Stall):
        return scenario.run(args, net, daemon)
    return Trial(args, net, daemon).run(scenario)


def one_run_told(scenario, daemon, net, args, number):
    """The figures, or None; says on stderr how it went. The second value counts failures."""
    what = "%s, run %d, %s: " % (scenario.name, number + 1, daemon.name)
    try:
        got = one_run(scenario, daemon, net, args)
    except BenchError as e:
        print(what + str(e), file=sys.stderr)
        return None, 1
    print(what + ", ".join("%s %.4g" % (k, v) for k, v in got["metrics"].items() if v is not None),
          file=sys.stderr)
    for error in got.get("errors", ()):
        print(what + error, file=sys.stderr)
    return got, len(got.get("errors", ()))


def run_alone(scenario, daemon, args):
    with net_of(scenario) as net:
        return one_run_told(scenario, daemon, net, args, 0)


def net_of(scenario):
    inner = scenario.inner if isinstance(scenario, Stall) else [scenario]
    return Net(many=max(s.size.get(name, 1) for s in inner for name in ("neighbors", "clients", "beside")))


def scenario_run(scenario, args):
    """All runs, interleaved; returns the figures and the number of failures of each daemon."""
    daemons = daemons_of(scenario, args)
    results = {d.name: [] for d in daemons}
    failures = {d.name: 0 for d in daemons}
    runs = args.runs or (1 if args.quick or isinstance(scenario, Stall) else 3)
    if args.quick and runs == 1:
        # Nothing is measured, so the daemons need not have the machine for themselves.
        with ThreadPoolExecutor(QUICK_AT_ONCE) as pool:
            said = list(pool.map(lambda d: run_alone(scenario, d, args), daemons))
    else:
        with net_of(scenario) as net:
            said = [one_run_told(scenario, d, net, args, n) for n in range(runs) for d in daemons]
    for number, (daemon, (got, failed)) in enumerate(zip(daemons * runs, said)):
        failures[daemon.name] += failed
        if got:
            got["run"] = number // len(daemons)
            results[daemon.name].append(got)
    return daemons, results, failures


def mrt_unpack(path, where):
    """The C side reads plain files."""
    opener = {".gz": gzip.open, ".bz2": bz2.open}.get(os.path.splitext(path)[1])
    if opener is None:
        return os.path.abspath(path)
    plain = os.path.join(where, "dump.mrt")
    with opener(path, "rb") as packed, open(plain, "wb") as out:
        try:
            shutil.copyfileobj(packed, out)
        except EOFError:
            print("%s ends early; what is there is used" % path, file=sys.stderr)
    return plain


def main():
    args = options()
    # An interrupted run cleans up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    written, failed = {}, False
    with tempfile.TemporaryDirectory(prefix="bgpbench.") as where:
        if args.mrt:
            args.mrt = mrt_unpack(args.mrt, where)
        for cls in args.scenario:
            scenario = scenario_make(cls, args)
            daemons, results, failures = scenario_run(scenario, args)
            peers = [d.name for d in daemons if d.peer]
            print("%s: %s\n  %s; seed %d, load %.1f on %d processors" % (
                scenario.name, scenario.text, ", ".join("%s %d" % s for s in scenario.size.items()) or "sizes as above",
                args.seed, os.getloadavg()[0], os.cpu_count()))
            for line in report.table(scenario, results, failures, peers, ("null", "bare")) + report.pairs(
                    scenario, results):
                print("  " + line)
            print(flush=True)
            written[scenario.name] = {"size": scenario.size, "results": results, "failures": failures}
            failed = failed or any(failures.values())
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump({"seed": args.seed, "mrt": args.mrt, "quick": args.quick, "kernel": platform.release(),
                       "processors": os.cpu_count(), "scenarios": written}, f, indent=1)
    sys.exit(1 if failed else 0)
