# SPDX-License-Identifier: Apache-2.0
"""Processes: starting them in a namespace, what they use, and the helper that answers in JSON."""
import json
import os
import select
import signal
import subprocess
import threading
import time

from .net import BenchError, enter


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def start(argv, ns, **more):
    """Starts a program in a namespace; returns it and the monotonic time of its exec in ns."""
    enter_ns = enter(ns)
    at_read, at_write = os.pipe()

    def before():
        enter_ns()
        os.write(at_write, b"%d" % time.monotonic_ns())
    try:
        proc = subprocess.Popen(argv, preexec_fn=before, **more)  # pylint: disable=consider-using-with
        return proc, int(os.read(at_read, 32))
    except OSError as e:
        raise BenchError("%s: %s" % (argv[0], e)) from e
    finally:
        os.close(at_read)
        os.close(at_write)


def descendants(root):
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        try:
            threads = os.listdir("/proc/%d/task" % pid)
        except OSError:
            continue
        for thread in threads:
            todo += [int(child) for child in read("/proc/%d/task/%s/children" % (pid, thread)).split()]
    return found


def stop(proc):
    """Ends a process we started and what it started; a child outlives its parent only by a signal of its own."""
    pids = descendants(proc.pid)
    if proc.poll() is None:
        proc.terminate()
        try:
            proc.wait(20)
            return
        except subprocess.TimeoutExpired:
            pass
    for pid in pids if proc.poll() is None else pids[1:]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    proc.wait()


class Usage:
    """What some processes and all their descendants use."""

    def __init__(self, roots):
        self.roots = roots

    def pids(self):
        return [pid for root in self.roots for pid in descendants(root)]

    def cpu_s(self):
        total = 0
        for pid in self.pids():
            fields = read("/proc/%d/stat" % pid).rpartition(")")[2].split()
            if fields:
                total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def peak_rss_mb(self):
        """Sum of each process's own peak: exact for one process, an upper bound for several."""
        return self._sum_kb("status", "VmHWM:") / 1024

    def pss_mb(self):
        return self._sum_kb("smaps_rollup", "Pss:") / 1024

    def _sum_kb(self, entry, key):
        total = 0
        for pid in self.pids():
            for line in read("/proc/%d/%s" % (pid, entry)).splitlines():
                if line.startswith(key):
                    total += int(line.split()[1])
        return total


class PssSampler:
    """The largest PSS while it runs; four times a second, as each look walks the page tables."""

    def __init__(self, usage):
        self.usage, self.peak_mb = usage, 0.0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def _run(self):
        while not self.over.wait(0.25):
            self.look()

    def look(self):
        self.peak_mb = max(self.peak_mb, self.usage.pss_mb())

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.look()


class Helper:
    """bgpbench-peer in one of its parts: a command a line, an answer of JSON a line."""

    def __init__(self, argv, ns, timeout_s):
        self.timeout_s = timeout_s
        self.while_waiting = lambda: None
        self.proc, _ = start(argv, ns, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, bufsize=1)

    def send(self, verb="", *flags, **values):
        words = [verb] + list(flags) + ["%s=%s" % (key.replace("_", "-"), value)
                                        for key, value in values.items() if value is not None]
        try:
            self.proc.stdin.write(" ".join(words) + "\n")
            self.proc.stdin.flush()
        except BrokenPipeError as e:
            raise BenchError("bgpbench-peer ended: " + self.proc.stderr.read().strip()) from e

    def answer(self, more_s=0):
        end = time.monotonic() + self.timeout_s + more_s
        while not select.select([self.proc.stdout], [], [], 0.5)[0]:
            if time.monotonic() > end:
                raise BenchError("bgpbench-peer does not answer")
            self.while_waiting()
        line = self.proc.stdout.readline()
        if not line:
            raise BenchError("bgpbench-peer ended: " + self.proc.stderr.read().strip())
        got = json.loads(line)
        if got["event"] == "error":
            raise BenchError(got["text"])
        return got

    def __call__(self, verb="", *flags, **values):
        self.send(verb, *flags, **values)
        return self.answer(60)

    def stop(self):
        stop(self.proc)
        for pipe in (self.proc.stdin, self.proc.stdout, self.proc.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass
