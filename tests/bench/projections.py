"""The gateway's fold of the inbox into MongoDB, against a bare `bulk_write` of its documents.

The bare side writes the same documents, guarded and upserted by the same indexes, and does nothing
else: no decoding, no folding, no position.
"""

from bench.report import Row


async def measure(kafka: str) -> list[Row]:
    """Three runs; each figure is their median."""
    return []
