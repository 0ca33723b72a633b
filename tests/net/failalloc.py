#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program again and again with other allocations failing (tests/net/failalloc.c), and judges how each run ends.

    failalloc.py SEED SECONDS LIBRARY DIR SCENARIO COMMAND...

SCENARIO is called with 0 before the program is started and with its process id then, and has to end well when the program
has done all it should; it may fail only where the program has gone. With "-" the program runs to its end by itself, and what it
prints is compared with what it prints without a fault. A run without a fault counts the allocations up to then; after that
each run lets one to eight in a row fail at a place drawn by SEED, every second one within the start, until the SECONDS
are over. A run is good when all is right in the end, or when the program has ended with status 71 and a
line that names the memory; a signal, another status, another output or a silent end is a failure.
"""
import mmap, os, random, re, signal, struct, subprocess, sys, time

seed, seconds, library, folder, scenario = int(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:6]
command = sys.argv[6:]
rnd = random.Random(seed)
shared_path, log_path = os.path.join(folder, "failalloc"), os.path.join(folder, "failalloc.log")
with open(shared_path, "wb") as f:
    f.write(bytes(4096))
with open(shared_path, "r+b") as f:
    shared = mmap.mmap(f.fileno(), 4096)
FATAL = re.compile(r"memory\.exhausted|out of memory|cannot allocate memory", re.I)


def numbers():
    return struct.unpack("=4Q", shared[:32])


def run(first, number):
    """(status, output, log, allocations, failed): of one run; the status of a program that was still there is None."""
    shared[:32] = struct.pack("=4Q", 0, first, number, 0)
    env = dict(os.environ, LD_PRELOAD=library, FAILALLOC=shared_path)
    out = None
    with open(log_path, "wb") as log:
        if scenario == "-":
            p = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
            out = p.communicate(timeout=60)[0]
            status = p.returncode
        else:
            subprocess.run([scenario, "0"], check=True)
            p = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            done = subprocess.run([scenario, str(p.pid)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            status = p.poll()
            if status is None and done.returncode != 0:
                try:
                    status = p.wait(2)
                except subprocess.TimeoutExpired:
                    out = done.stdout
    allocations, _, _, failed = numbers()
    if scenario != "-" and status is None:
        p.send_signal(signal.SIGTERM)
        try:
            ended = p.wait(10)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            ended = "no end"
        if ended != 0 and out is None:
            status = ended
    with open(log_path, errors="replace") as f:
        return status, out, f.read(), allocations, failed


status, right, log, total, _ = run(0, 0)
if status != (0 if scenario == "-" else None) or (scenario != "-" and right is not None):
    print("without a fault it ended with", status, right, log[-2000:])
    sys.exit(1)
print(f"{total} allocations without a fault")
runs, survived, fatal, missed = 0, 0, 0, 0
end = time.monotonic() + seconds
while time.monotonic() < end or runs < 3:
    first = rnd.randrange(1, total + 1 if runs % 2 == 0 else max(2, min(total, 3000)))
    number = rnd.choice([1, 1, 1, 2, 8])
    status, out, log, _, failed = run(first, number)
    runs += 1
    good_end = 0 if scenario == "-" else None
    if failed == 0:
        missed += 1
    if status == good_end and (out == right if scenario == "-" else out is None):
        survived += 1
    elif status == os.EX_OSERR and FATAL.search(log):
        fatal += 1
    else:
        print(f"seed {seed}: allocation {first} and {number - 1} more: ended with {status}, of which it says\n{log[-6000:]}")
        if out is not None:
            print("output", out[-2000:])
        sys.exit(1)
print(f"{runs} runs: {survived} right in the end, {fatal} ended for want of memory, {missed} met no fault")
if fatal == 0 or missed == runs:
    print("no fault was fatal, or none was met at all")
    sys.exit(1)
