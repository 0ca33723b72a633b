#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients of the BIRD sockets who do as they like, while the configuration changes under them.

    birdclients.py DIR PID SEED

DIR has the sockets bird.ctl and bird6.ctl of the daemon with this pid, and configurations NAME.conf, one of which is
always a.yaml: the daemon reads them again and again. Every client asks what comes to his mind, and reads all, or a
little, or nothing, or goes in the middle. Who reads has a reply in form, or the connection is over: a socket may be taken
away. In the end base.conf is what there is, for good.
"""
import glob, os, random, re, shutil, signal, socket, sys, threading, time

folder, pid, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
CLIENTS, ROUNDS, CONFS = 16, 40, 24
LINE = re.compile(rb"\d{4}[- ].*|[ +].*")
NAMES = ["Mesh_b", "Node_t", "Global_6", "nobody", "static1", "kernel1", '"M*"', "all", '"*"']
LOOKS = ["show status", "show protocols", "show protocols all", "show protocols {}", "show protocols all {}",
         "show route", "show route all", "show route primary", "show route count", "show route protocol {}",
         "show route export {}", "show route export {} all", "show route protocol {} table master", "show route table T100 all",
         "show route for 10.3.7.9 all", "show route 10.3.7.0/24 protocol {}", "show route for fd00::7", "show route filtered",
         "show interfaces", "show interfaces summary", "show memory", "show symbols", "configure check", "nonsense", ""]
ACTS = ["disable {}", "enable {}", "enable all", "restart {}", "reload {}", "reload in {}", "reload out {}", "configure",
        "configure soft", "configure timeout 1", "configure undo", "configure confirm"]
wrong = []


class Over(Exception):
    """The connection ended."""


class Client:
    def __init__(self, name):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(60)
        self.buf = b""
        try:
            self.s.connect(name)
        except OSError as e:
            raise Over(str(e))

    def send(self, data):
        try:
            self.s.sendall(data)
        except OSError as e:
            raise Over(str(e))

    def recv(self, most):
        try:
            return self.s.recv(most)
        except ConnectionError as e:
            raise Over(str(e))

    def line(self):
        while b"\n" not in self.buf:
            more = self.recv(65536)
            if not more:
                raise Over("end")
            self.buf += more
        line, self.buf = self.buf.split(b"\n", 1)
        return line

    def reply(self):
        lines = []
        while not lines or not re.match(rb"\d{4} ", lines[-1]):
            lines.append(self.line())
            if not LINE.fullmatch(lines[-1]):
                raise ValueError("not a line of a reply: %r" % lines[-3:])
        return lines

    def ask(self, command):
        self.send(command.encode() + b"\n")
        return self.reply()


def command(rnd):
    return rnd.choice(LOOKS * 2 + ACTS).format(rnd.choice(NAMES))


def reads(c, rnd):
    for _ in range(4):
        c.ask(command(rnd))


def all_at_once(c, rnd):
    """Many commands, then all the replies, the sending half closed before."""
    n = rnd.randint(1, 30)
    c.send(b"".join(command(rnd).encode() + b"\n" for _ in range(n)))
    c.s.shutdown(socket.SHUT_WR)
    for _ in range(n):
        c.reply()


def goes(c, rnd):
    c.send(command(rnd).encode() + b"\n" + rnd.choice([b"", b"show route\n"]))
    if rnd.random() < 0.5:
        c.recv(rnd.randint(1, 5000))


def stands(c, rnd):
    """Does not read for a while, and then on."""
    c.send(b"show route all\n")
    time.sleep(rnd.random())
    c.reply()


def junk(c, rnd):
    c.send(rnd.choice([bytes(rnd.randrange(256) for _ in range(300)) + b"\n", b"x" * 5000, b"\n" * 300, b'show "\n']))
    c.reply()


def client(number):
    rnd = random.Random(seed * 1000 + number)
    for _ in range(ROUNDS):
        what = rnd.choice([reads, reads, all_at_once, goes, stands, junk])
        try:
            c = Client("%s/bird%s.ctl" % (folder, rnd.choice(["", "", "6"])))
            with c.s:
                c.reply()  # the greeting, or that there are too many
                if rnd.random() < 0.1:
                    c.ask("restrict")
                what(c, rnd)
        except Over:
            pass
        except Exception as e:  # nobody else would see it
            wrong.append("client %d: %s: %r" % (number, what.__name__, e))
            return


def configure(name):
    shutil.copy("%s/%s" % (folder, name), folder + "/new.yaml")
    os.rename(folder + "/new.yaml", folder + "/a.yaml")
    os.kill(pid, signal.SIGHUP)


def main():
    rnd = random.Random(seed)
    confs = sorted(os.path.basename(f) for f in glob.glob(folder + "/*.conf"))
    threads = [threading.Thread(target=client, args=(i,)) for i in range(CLIENTS)]
    for t in threads:
        t.start()
    for _ in range(CONFS):
        configure(rnd.choice(confs))
        time.sleep(rnd.random())
    for t in threads:
        t.join()
    configure("base.conf")
    while True:
        try:
            c = Client(folder + "/bird.ctl")
            c.reply()
            for last in ["configure", "configure confirm", "configure", "enable all"]:
                c.ask(last)
            break
        except Over:
            time.sleep(0.2)
    for w in wrong:
        print(w)
    sys.exit(1 if wrong else 0)


main()
