#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A relay of TCP that does harm when it is told to: meddler.py SEED LISTEN TO, both HOST:PORT.

Each line of standard input is what to do from then on, with the connections that are there and with new ones:

    pass     nothing but relay
    stall    nothing is relayed, and nothing is lost
    slow     a few octets at a time
    garble   parts of what the server says become octets that no text has
    cut      connections end, those that are there and each new one after some of the answer
    refuse   an answer of a proxy that has no server, to each connection
"""
import asyncio
import random
import sys

rnd = random.Random(int(sys.argv[1]))
listen, to = (address.rsplit(":", 1) for address in sys.argv[2:4])
mode = "pass"
changed = asyncio.Event()
writers = set()
REFUSAL = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>no</html>"


def garbled(data):
    data = bytearray(data)
    for _ in range(1 + len(data) // 200):
        at = rnd.randrange(len(data))
        data[at : at + rnd.randrange(1, 8)] = b"\xff" * rnd.randrange(1, 8)
    return bytes(data)


async def relay(reader, writer, is_answer):
    passed, limit = 0, rnd.randrange(3000)
    try:
        while data := await reader.read(8 if mode == "slow" else 65536):
            while mode == "stall":
                await changed.wait()
            if mode == "slow":
                await asyncio.sleep(rnd.random() / 200)
            if is_answer and mode == "garble" and rnd.random() < 0.7:
                data = garbled(data)
            passed += len(data)
            if mode == "cut" and passed > limit:
                break
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def accepted(reader, writer):
    if mode == "refuse":
        await reader.read(65536)
        writer.write(REFUSAL)
        writer.close()
        return
    try:
        there = await asyncio.open_connection(*to)
    except OSError:
        writer.close()
        return
    both = {writer, there[1]}
    writers.update(both)
    await asyncio.gather(relay(reader, there[1], False), relay(there[0], writer, True))
    writers.difference_update(both)


async def commands():
    global mode, changed
    loop = asyncio.get_running_loop()
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    while line := await stdin.readline():
        mode = line.decode().strip()
        changed.set()
        changed = asyncio.Event()
        if mode in ("cut", "refuse"):
            for w in list(writers):
                w.close()


async def main():
    server = await asyncio.start_server(accepted, *listen)
    await commands()
    server.close()


asyncio.run(main())
