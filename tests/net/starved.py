#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets allocations that are for one neighbour or client alone (try_..., lib/mem.h) fail in a running bgpd, which must outlive it.

    starved.py SEED SECONDS LIBRARY DIR BGPD BGPCTL

Started in the namespace of bgpd a, whose configuration is DIR/a.yaml; its neighbours p, q and r run already, with control
sockets DIR/NAME.sock, and have what NAME.yaml announces. A round makes one of them say something (a refresh, in
either direction, or other networks), or asks a itself, and lets one to three allocations fail at a place drawn by SEED.
Then a must still be there, a session must have ended only of one that a's log says was starved, and in the end
everybody has what the others announce. q and r share an export group, whose stream is the only thing that takes two.
"""
import json, mmap, os, random, re, shutil, struct, subprocess, sys, time

seed, seconds, library, folder, bgpd, bgpctl = int(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:7]
rnd = random.Random(seed)
NAMES = ("p", "q", "r")
log_path, shared_path = os.path.join(folder, "a.log"), os.path.join(folder, "starved")
with open(shared_path, "wb") as f:
    f.write(bytes(4096))
with open(shared_path, "r+b") as f:
    shared = mmap.mmap(f.fileno(), 4096)


def sites():
    """Where in the program allocations may fail."""
    out = subprocess.run(["nm", "-S", bgpd], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [(int(a, 16), int(a, 16) + int(n, 16)) for a, n in re.findall(r"^(\w+) (\w+) t try_(?:alloc|grow|map)$", out, re.M | re.I)]


def ctl(name, *words):
    p = subprocess.run([bgpctl, "-s", f"{folder}/{name}.sock", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return p.returncode, p.stdout


def best(name):
    """The prefixes that it has from others, or None."""
    status, text = ctl(name, "-j", "show", "rib", "best")
    return {e["prefix"] for e in json.loads(text)["rib"] if e["source"] == "bgp"} if status == 0 else None


def fail(why):
    with open(log_path) as log:
        print(f"seed {seed}, round {rounds}: {why}\n{log.read()[-5000:]}")
    sys.exit(1)


def until(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        if daemon.poll() is not None:
            fail(f"it has ended with {daemon.returncode}")
        if time.monotonic() > end:
            fail(f"not true: {what.__name__}")
        time.sleep(0.05)


def networks(name):
    with open(f"{folder}/{name}.yaml") as f:
        return set(re.findall(r"prefix: ([\d./]+)", f.read()))


def right():
    own = {n: networks(n) for n in NAMES}
    return all(best(n) == set().union(*(own[m] for m in NAMES if m != n)) for n in NAMES) and best("a") == set().union(*own.values())


def lines(since):
    with open(log_path) as log:
        log.seek(since)
        return log.read()


def talk():
    """Something happens."""
    name = rnd.choice(NAMES)
    what = rnd.randrange(4)
    if what < 2:
        ctl(name, "neighbor", "a", "refresh", ("in", "out")[what])
    elif what == 2:
        other[name] = 3 - other[name]
        shutil.copy(f"{folder}/{name}.yaml.{other[name]}", f"{folder}/{name}.yaml")
        ctl(name, "reload")
    else:
        status, text = ctl("a", "-j", "show", "rib")
        try:
            json.loads(text)
        except ValueError:
            if status == 0:
                fail("half an answer that looked like a whole one")


ranges = sites()
if not ranges:
    print("the program has no symbols to tell by")
    sys.exit(77)
other = dict.fromkeys(NAMES, 1)
rounds, hit, lost, cut = 0, 0, 0, 0
shared[: 32 + 16 * len(ranges)] = struct.pack("=4Q", 0, 0, 0, 0) + b"".join(struct.pack("=2Q", *r) for r in ranges)
with open(log_path, "wb") as log:
    daemon = subprocess.Popen([bgpd, "-f", f"{folder}/a.yaml", "-s", f"{folder}/a.sock"], stdout=log, stderr=log,
                              env=dict(os.environ, LD_PRELOAD=library, FAILALLOC=shared_path))
until(right)
end = time.monotonic() + seconds
while time.monotonic() < end or rounds < 3:
    since = os.path.getsize(log_path)
    at = struct.unpack("=Q", shared[:8])[0]
    shared[:32] = struct.pack("=4Q", at, at + 1 + rnd.randrange(12), rnd.choice((1, 1, 2, 3)), 0)
    for _ in range(4):
        talk()
        time.sleep(rnd.random() / 20)
        if struct.unpack("=Q", shared[24:32])[0] > 0:
            break
    shared[8:16] = bytes(8)
    failed = struct.unpack("=Q", shared[24:32])[0]
    until(right)
    said = lines(since)
    starved = re.findall(r"neighbor\.starved neighbor=(\w+) what=\"?([^\"=]*)", said)
    down = re.findall(r"neighbor\.state neighbor=(\w+) from=Established", said)
    if not set(down) <= {n for n, _ in starved}:
        fail(f"{down} lost their sessions, but only {starved} had reason to")
    if len(down) > 2 * failed:
        fail(f"{len(down)} sessions for {failed} allocations")
    rounds, hit, lost = rounds + 1, hit + (failed > 0), lost + len(down)
    cut += said.count("control.starved")
daemon.terminate()
if daemon.wait(20) != 0:
    fail(f"it ended with {daemon.returncode}")
print(f"{rounds} rounds, {hit} with allocations that failed: {lost} sessions and {cut} clients were lost, nothing else")
if hit == 0:
    fail("none failed")
