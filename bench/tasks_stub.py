"""Stands in for Cloud Tasks' REST address in a process of its own: takes every task, and says so at once."""

from __future__ import annotations

import asyncio
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_LENGTH = b"content-length:"


class Stub(asyncio.Protocol):
    """One connection, which is kept."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._got += data
        while (end := self._end()) is not None:
            self._got = self._got[end:]
            if self._transport:
                self._transport.write(ANSWER)

    def _end(self) -> int | None:
        head, gap, _ = self._got.partition(b"\r\n\r\n")
        if not gap:
            return None
        named = [line for line in head.lower().split(b"\r\n") if line.startswith(_LENGTH)]
        end = len(head) + len(gap) + (int(named[0][len(_LENGTH) :]) if named else 0)
        return end if len(self._got) >= end else None


async def main(port: int) -> None:
    """Serve until the process is ended; one line says when it listens."""
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", port)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
