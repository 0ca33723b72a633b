# SPDX-License-Identifier: Apache-2.0
"""The control socket of bgpd, for the scripts of this folder: a JSON request a line, and an answer in lines."""
import json
import socket


class Control:
    def __init__(self, path):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.connect(path)
        self.f = self.s.makefile("rw", encoding="utf-8")

    def ask(self, command, **args):
        """(head, rows), or the text of a refusal."""
        self.f.write(json.dumps({"command": command, "args": args}) + "\n")
        self.f.flush()
        first, rows = json.loads(self.f.readline()), []
        while True:
            row = json.loads(self.f.readline())
            if row.get("end"):
                break
            rows.append(row)
        return (first["head"], rows) if first["ok"] else first["error"]
