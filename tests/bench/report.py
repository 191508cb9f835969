"""Rows of figures: printed as a table, written as `var/bench.json`."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `ratio` is value by baseline; all three are medians over the runs."""

    figure: str
    value: float
    unit: str
    baseline: str | None = None
    baseline_value: float | None = None
    ratio: float | None = None
    runs: int = 1


def compared(
    figure: str, unit: str, values: Sequence[float], baseline: str, baselines: Sequence[float]
) -> Row:
    """A figure beside its baseline, measured in turn: the ratio is the median of the pairs'."""
    ratios = [value / base for value, base in zip(values, baselines, strict=True)]
    return Row(
        figure=figure,
        value=statistics.median(values),
        unit=unit,
        baseline=baseline,
        baseline_value=statistics.median(baselines),
        ratio=statistics.median(ratios),
        runs=len(values),
    )


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "cpus": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def publish(rows: Sequence[Row], path: Path) -> None:
    """Prints the table and writes the file."""
    table = Table("figure", "value", "unit", "against", "its value", "ratio", "runs")
    for row in rows:
        table.add_row(
            row.figure,
            f"{row.value:,.1f}",
            row.unit,
            row.baseline or "",
            "" if row.baseline_value is None else f"{row.baseline_value:,.1f}",
            "" if row.ratio is None else f"{row.ratio:.2f}",
            str(row.runs),
        )
    Console().print(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"machine": machine(), "rows": [asdict(row) for row in rows]}, indent=2) + "\n"
    )
