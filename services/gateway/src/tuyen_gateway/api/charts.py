"""Reports as tables for spreadsheets, and as charts in SVG."""

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import StringIO

import leather
from fastapi import Response
from pydantic import BaseModel

_COLUMNS = 40
"""The most columns of a chart; the highest are shown."""


def answer_csv(name: str, row: type[BaseModel], rows: Sequence[BaseModel]) -> Response:
    """A table whose first line has the names of the fields."""
    written = StringIO()
    table = csv.DictWriter(written, list(row.model_fields))
    table.writeheader()
    table.writerows(one.model_dump(mode="json") for one in rows)
    return Response(
        written.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def answer_line(title: str, points: Sequence[tuple[datetime, int]]) -> Response:
    """A chart of a number over time, by local times without a zone. There is at least one point."""
    chart = leather.Chart(title)
    highest = max(value for _, value in points)
    chart.add_y_scale(0, max(highest, 1))
    if len({at for at, _ in points}) == 1:
        chart.add_columns([(f"{at:%Y-%m-%d %H:%M}", value) for at, value in points])
    else:
        chart.add_line(list(points))
    return _answer(chart)


def answer_columns(title: str, numbers: Mapping[str, int]) -> Response:
    """A chart with a column for each name, the highest first."""
    chart = leather.Chart(title)
    highest = sorted(numbers.items(), key=lambda one: (-one[1], one[0]))[:_COLUMNS]
    chart.add_y_scale(0, max([1, *numbers.values()]))
    chart.add_columns(highest or [("", 0)])
    return _answer(chart)


def _answer(chart: leather.Chart) -> Response:
    return Response(chart.to_svg(), media_type="image/svg+xml")
