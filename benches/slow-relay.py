#!/usr/bin/env python3
"""slow-relay.py PORT MILLISECONDS: a relay on loopback that takes each message
after so long, and drops it."""
import asyncio
import sys


async def serve(reader, writer):
    def say(line):
        writer.write(line + b"\r\n")

    say(b"220 relay.test ESMTP")
    try:
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                say(b"250-relay.test\r\n250 PIPELINING")
            elif verb == b"DATA":
                say(b"354 go")
                await reader.readuntil(b"\r\n.\r\n")
                await asyncio.sleep(wait)
                say(b"250 2.0.0 Ok: queued")
            elif verb == b"QUIT":
                say(b"221 2.0.0 Bye")
                break
            else:
                say(b"250 2.0.0 Ok")
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), limit=1 << 20)
    await server.serve_forever()


wait = int(sys.argv[2]) / 1000
asyncio.run(main())
