"""A stub of Cloud Tasks' REST API that accepts every task at once, run in a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.functions.function_server import free_port

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_LENGTH = b"content-length:"


class Stub(asyncio.Protocol):
    """The protocol of one kept connection."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
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


@contextmanager
def running_tasks_stub() -> Iterator[str]:
    """Start the stub in a process of its own for the block; yields its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.functions.tasks_stub", str(port)], stdout=subprocess.PIPE
    )
    try:
        if process.stdout:
            process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=15)
        if process.stdout:
            process.stdout.close()


async def main(port: int) -> None:
    """Serve until the process ends; prints a line when it listens."""
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", port)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
