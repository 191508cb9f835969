"""Rows of figures: printed as a table, written as `var/bench.json`."""

import json
import math
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

_NARROWEST = 150
_WHOLE = 1000
_PUBLISHED = ("figure", "value", "unit", "baseline", "baseline_value", "ratio", "runs")


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure has to reach: its ratio where it has a baseline, else its value."""

    least: float = -math.inf
    most: float = math.inf

    def __str__(self) -> str:
        bounds = (("≥", self.least), ("≤", self.most))
        return " ".join(f"{sign} {bound:,g}" for sign, bound in bounds if math.isfinite(bound))

    def reached(self, row: "Row") -> bool:
        return self.least <= (row.value if row.ratio is None else row.ratio) <= self.most


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
    bar: Bar | None = None


def median_of(figure: str, unit: str, values: Sequence[float], bar: Bar | None = None) -> Row:
    """A figure of its own, over all runs."""
    value = statistics.median(values)
    return Row(figure=figure, value=value, unit=unit, runs=len(values), bar=bar)


def compare(
    figure: str,
    unit: str,
    values: Sequence[float],
    baseline: str,
    baselines: Sequence[float],
    *,
    bar: Bar | None = None,
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
        bar=bar,
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
    """Prints the table, each bar beside its figure, and writes the figures to the file."""
    table = Table("figure", "value", "unit", "against", "its value", "ratio", "bar", "", "runs")
    for row in rows:
        table.add_row(
            row.figure,
            _figure(row.value),
            row.unit,
            row.baseline or "",
            "" if row.baseline_value is None else _figure(row.baseline_value),
            "" if row.ratio is None else f"{row.ratio:.2f}",
            "" if row.bar is None else str(row.bar),
            "" if row.bar is None else "reached" if row.bar.reached(row) else "missed",
            str(row.runs),
        )
    console = Console()
    console.width = max(console.width, _NARROWEST)
    console.print(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    published = [{name: getattr(row, name) for name in _PUBLISHED} for row in rows]
    path.write_text(json.dumps({"machine": machine(), "rows": published}, indent=2) + "\n")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE else f"{value:.3g}"
