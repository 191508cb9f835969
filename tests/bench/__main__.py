"""`make bench`, or `make bench ONLY=router`."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import router
from bench.report import Row, publish

_MEASURES: dict[str, Callable[[str], Awaitable[list[Row]]]] = {"router": router.measure}


async def _measured(kafka: str, only: str) -> list[Row]:
    rows: list[Row] = []
    for name, measure in _MEASURES.items():
        if only in ("", name):
            rows += await measure(kafka)
    return rows


rows = asyncio.run(_measured(sys.argv[1], os.environ.get("ONLY", "")))
publish(rows, Path(os.environ.get("TUYEN_DATA_DIR", "var")) / "bench.json")
