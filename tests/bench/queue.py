"""How soon an agent who comes online gets the first of 10,000 waiting conversations, and all.

The time is taken from the agent's own event in the log to the first assignment in the log, by the
brokers' and producers' time stamps; the whole queue is done when its last assignment stands there.
"""

from bench.report import Row


async def measure(kafka: str) -> list[Row]:
    """Three runs; each figure is their median."""
    return []
