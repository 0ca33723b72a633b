#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kernelstate.py BGPCTL SOCKET LEAST: does the kernel have of ours what show fib says, and that what the RIB has a way for?

Compares route by route in the namespace that it runs in; prints the differences, and fails where there is one, or where
there are fewer routes than LEAST.
"""
import ipaddress, json, subprocess, sys
bgpctl, sock, least = sys.argv[1:]

def run(*cmd):
    return json.loads(subprocess.run(cmd, check=True, capture_output=True).stdout or "[]")

def hops(list_of):
    return tuple(sorted(list_of))

kernel, double = {}, []
for family in "-4", "-6":
    for r in run("ip", "-j", family, "route", "show", "table", "main", "proto", "bgp"):
        kind, dst = r.get("type", "unicast"), r["dst"]
        full = "/32" if family == "-4" else "/128"
        dst = str(ipaddress.ip_network(dst if "/" in dst else dst + full))
        ways = r.get("nexthops") or ([r] if kind == "unicast" else [])
        via = hops((w.get("gateway") or w.get("via", {}).get("host"), w.get("dev"), w.get("weight", 1)) for w in ways)
        if dst in kernel:
            double.append(dst)
        kernel[dst] = (kind, r.get("metric", 0), via)
fib = {}
for r in run(bgpctl, "-s", sock, "-j", "show", "fib")["fib"]:
    via = hops((w["via"], w["interface"], w["weight"]) for w in r["nexthops"])
    fib[r["prefix"]] = (r["type"], r["metric"], via)
    if not r["installed"]:
        print("not installed:", r)
        sys.exit(1)
rib = {r["prefix"] for r in run(bgpctl, "-s", sock, "-j", "show", "rib", "best")["rib"]
       if r["valid"] and r["source"] in ("bgp", "static")}
bad = [(p, "fib", fib.get(p), "kernel", kernel.get(p)) for p in fib.keys() | kernel.keys() if fib.get(p) != kernel.get(p)]
bad += [(p, "rib" if p in rib else "no rib", fib.get(p)) for p in rib ^ fib.keys()]
bad += [(p, "twice in the kernel") for p in double]
for b in bad[:20]:
    print(*b)
print(len(bad), "differences of", len(fib))
sys.exit(bool(bad) or len(fib) < int(least))
