"""The link between registry and node: a proxy whose downloads share one rate, which a test may change at any time.

`python -m controlplane.real_node.link --listen PORT --to PORT --rate FILE`; the file holds bytes/s, or 0 for no limit.
A shaped network device would slow the kubelet and the tests' own requests down too.
"""

import argparse
import asyncio
import time
from pathlib import Path

CHUNK = 16 * 1024
BURST_SECONDS = 0.05  # may be made up for: a sleep always ends a little late


class Pace:
    """Lets bytes through at a rate, all connections together; a token bucket."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._free_at = 0.0

    def wait(self, count: int, now: float) -> float:
        """Seconds until the link has carried `count` bytes more."""
        rate = float(self._file.read_text())
        if not rate:
            return 0.0
        self._free_at = max(now - BURST_SECONDS, self._free_at) + count / rate
        return max(0.0, self._free_at - now)


async def serve(listen: int, to: int, pace: Pace) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", to)
        # an end of either direction ends both: HTTP clients and servers close whole connections
        up = asyncio.create_task(_copy(reader, upstream_writer, None))
        down = asyncio.create_task(_copy(upstream_reader, writer, pace))
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)
        for one in (writer, upstream_writer):
            one.close()

    server = await asyncio.start_server(connected, "127.0.0.1", listen)
    async with server:
        await server.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pace: Pace | None) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            if pace is not None:
                await asyncio.sleep(pace.wait(len(chunk), time.monotonic()))
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", type=int, required=True)
    parser.add_argument("--to", type=int, required=True)
    parser.add_argument("--rate", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.listen, arguments.to, Pace(arguments.rate)))


if __name__ == "__main__":
    main()
