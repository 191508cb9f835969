"""The router's rate, memory and recovery when it knows a million customers.

The customers are not routed: their assignments and themselves are written straight into the topics
that are the router's tables, as it would have written them. The rate is compared, run by run, with
that of a router which knows a thousand.
"""

from bench.report import Row


async def measure(kafka: str) -> list[Row]:
    """Three runs; each figure is their median."""
    return []
