#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two BGP speakers that meet only here, each message late by a time of its own.

    relay.py SEED MAX_MS LEFT,LEFT_HERE RIGHT,RIGHT_HERE

Each speaker takes the address here that is on its side for its neighbour. What one connects becomes a connection
to the other; a message waits up to MAX_MS and keeps its place in its own direction, so what two connections
carry comes in any order. Ends are passed on in the same way.
"""
import asyncio, random, socket, sys

rnd = random.Random(int(sys.argv[1]))
late_s = int(sys.argv[2]) / 1000
(left, left_here), (right, right_here) = (pair.split(",") for pair in sys.argv[3:5])


async def forward(reader, writer):
    try:
        while True:
            head = await reader.readexactly(19)
            body = await reader.readexactly(int.from_bytes(head[16:18], "big") - 19)
            await asyncio.sleep(rnd.random() * late_s)
            writer.write(head + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        await asyncio.sleep(rnd.random() * late_s)
    writer.close()


def relayed(remote, here):
    async def accepted(reader, writer):
        await asyncio.sleep(rnd.random() * late_s)
        try:
            there = await asyncio.open_connection(remote, 179, local_addr=(here, 0))
        except OSError:
            writer.close()
            return
        for w in writer, there[1]:
            w.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(forward(reader, there[1]), forward(there[0], writer))
    return accepted


async def main():
    servers = [await asyncio.start_server(relayed(right, right_here), left_here, 179),
               await asyncio.start_server(relayed(left, left_here), right_here, 179)]
    await asyncio.gather(*(s.serve_forever() for s in servers))


asyncio.run(main())
