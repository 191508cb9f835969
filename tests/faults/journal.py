"""What happened, line by line, while it happens: the kept history of a run."""

import json
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Journal:
    """Appends one JSON line for each thing noted, with the second since the start."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", buffering=1)
        self._started = time.monotonic()
        self.counts: Counter[str] = Counter()
        """How often each thing was noted; of faults, each kind by itself."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def note(self, what: str, *, counted: str | None = None, **about: Any) -> None:
        """`counted` is under which name it is counted; `what` unless it is given."""
        self.counts[counted or what] += 1
        t = round(time.monotonic() - self._started, 3)
        self._file.write(json.dumps({"t": t, "what": what, **about}, default=str) + "\n")
