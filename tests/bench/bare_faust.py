"""The least that a Faust agent can do for an event: one table write, one send, default settings."""

import json
import os

import faust

app = faust.App(
    os.environ["BENCH_APP"],
    broker=f"kafka://{os.environ['BENCH_KAFKA']}",
    store="memory://",
    topic_partitions=int(os.environ["BENCH_PARTITIONS"]),
    consumer_auto_offset_reset="earliest",
    datadir=os.environ["BENCH_DATA_DIR"],
    web_enabled=False,
)
inbound = app.topic(os.environ["BENCH_INPUT"], value_serializer="raw", key_serializer="raw")
output = app.topic(os.environ["BENCH_OUTPUT"], value_serializer="json", key_serializer="raw")
owners = app.Table("owners", default=int)


@app.agent(inbound)  # type: ignore[untyped-decorator]  # Faust publishes no usable types
async def route(stream: faust.StreamT[bytes]) -> None:
    """Counts a customer's events and says so."""
    async for event in stream.events():
        decoded = json.loads(event.value)
        customer = decoded["customer"]["id"]
        owners[customer] += 1
        await output.send(key=event.key, value={"customer": customer, "count": owners[customer]})


if __name__ == "__main__":
    app.main()
