"""The least that a webhook can be: check the HMAC, produce one record with `acks=all`, answer."""

import hashlib
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from aiokafka import AIOKafkaProducer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_SECRET = os.environ["BENCH_SECRET"].encode()
_TOPIC = os.environ["BENCH_OUTPUT"]


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """One producer for the process."""
    producer = AIOKafkaProducer(
        bootstrap_servers=os.environ["BENCH_KAFKA"], acks="all", enable_idempotence=True
    )
    await producer.start()
    app.state.producer = producer
    yield
    await producer.stop()


async def webhook(request: Request) -> Response:
    """One webhook."""
    body = await request.body()
    digest = hmac.new(_SECRET, body, hashlib.sha256).hexdigest()
    given = request.headers.get("x-hub-signature-256", "")
    if not hmac.compare_digest(f"sha256={digest}", given):
        return Response(status_code=401)
    await request.app.state.producer.send_and_wait(_TOPIC, body)
    return Response("ok")


app = Starlette(routes=[Route("/webhooks/facebook", webhook, methods=["POST"])], lifespan=lifespan)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), log_level="warning")
