"""A load of webhooks: prepared requests over kept connections, as fast as they are answered.

Runs as a process of its own, so that it does not share an event loop with what it measures, and
does as little as can be done: no HTTP library, one write and one read for each request.
"""

import asyncio
import hashlib
import hmac
import json
import os
import sys
import time

import uvloop

_OK = b"HTTP/1.1 200"
_END_OF_HEADERS = b"\r\n\r\n"


def external_id(customer: int) -> str:
    """A customer's id at the channel."""
    return f"67{customer:014d}"


def request(secret: str, page: str, customer: int, mid: str, at_ms: int) -> bytes:
    """One signed Messenger webhook as it stands on the wire."""
    body = json.dumps(
        {
            "object": "page",
            "entry": [
                {
                    "id": page,
                    "time": at_ms,
                    "messaging": [
                        {
                            "sender": {"id": external_id(customer)},
                            "recipient": {"id": page},
                            "timestamp": at_ms,
                            "message": {"mid": mid, "text": f"Còn áo size M không? {mid}"},
                        }
                    ],
                }
            ],
        }
    ).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    head = (
        "POST /webhooks/facebook HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Content-Type: application/json\r\n"
        f"X-Hub-Signature-256: sha256={digest}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def send(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    message: bytes,
    expected: bytes = _OK,
) -> bytes:
    """Sends one request and reads its answer; RuntimeError unless it begins as expected. Returns
    the head of the answer."""
    writer.write(message)
    head = await reader.readuntil(_END_OF_HEADERS)
    if not head.startswith(expected):
        raise RuntimeError(head.decode("latin-1"))
    length = next(
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    )
    await reader.readexactly(length)
    return head


async def main() -> None:
    """Prints how many webhooks a second were answered, after a tenth of them for warming up."""
    secret, page = os.environ["BENCH_SECRET"], os.environ["BENCH_PAGE"]
    port, count = int(os.environ["BENCH_PORT"]), int(os.environ["BENCH_COUNT"])
    connections = int(os.environ["BENCH_CONNECTIONS"])
    run, now = os.environ["BENCH_RUN"], int(time.time() * 1000)
    requests = [request(secret, page, n % 5000, f"m_{run}_{n}", now) for n in range(count)]
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]

    async def drive(
        stream: tuple[asyncio.StreamReader, asyncio.StreamWriter], mine: list[bytes]
    ) -> None:
        for each in mine:
            await send(*stream, each)

    async def all_of(part: list[bytes]) -> float:
        started = time.perf_counter()
        await asyncio.gather(
            *(drive(stream, part[index::connections]) for index, stream in enumerate(streams))
        )
        return len(part) / (time.perf_counter() - started)

    await all_of(requests[: count // 10])
    sys.stdout.write(f"{await all_of(requests[count // 10 :])}\n")


if __name__ == "__main__":
    uvloop.run(main())
