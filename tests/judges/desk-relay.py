"""A relay on loopback: takes mail slowly enough to be paused, and keeps it.

Prints its port; writes each message below the folder that it is given.
"""

import asyncio
import itertools
import pathlib
import sys

from aiosmtpd.smtp import SMTP

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True)
numbers = itertools.count(1)
tried = set()


class Keeper:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("reader-013@"):
            return "550 5.1.1 no such user"
        if address.startswith("reader-014@") and address not in tried:
            tried.add(address)
            return "552 5.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(0.08)
        path = folder / f"{next(numbers):04d}-{envelope.rcpt_tos[0]}.eml"
        path.write_bytes(envelope.original_content)
        return "250 2.0.0 taken"


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Keeper()), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve())
