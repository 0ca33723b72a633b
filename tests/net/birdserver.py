# SPDX-License-Identifier: Apache-2.0
"""A server of BIRD's control protocol that does as the command says, for tests of clients: PATH."""
import os
import socket
import sys

GREETING = b"0001 BIRD v0.3.3+birdv1.6.8 ready.\n"
ANSWERS = {
    b"status": [b"1000-BIRD v0.3.3+birdv1.6.8\n1011-Router ID is 10.0.0.1\n Last rebo", b"ot on 2026-08-22\n0013 Up\n"],
    b"empty": [b"0000 \n"],
    b"async": [b"+a route came\n1000-x\n+another\n0000 \n"],
    b"unknown": [b"9001 syntax error\n"],
    b"strange": [b"hello\n\x1b[2J\n0000 \n"],
    b"long": [b"1000-" + b"x" * 70000 + b"\n0000 \n"],
    b"half": [b"1000-x\n"],
    b"restrict": [b"0016 Access restricted\n"],
}


def serve(conn):
    conn.sendall(GREETING)
    for line in conn.makefile("rb"):
        word = line.split()[-1]
        print(line, flush=True)
        for part in ANSWERS.get(word, ANSWERS[b"unknown"]):
            conn.sendall(part)
        if word == b"half":
            return


listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1] + ".new")
listener.listen(8)
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    client, _ = listener.accept()
    with client:
        try:
            serve(client)
        except OSError:
            pass
