"""Reports as tables for spreadsheets, and as charts in SVG."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import leather
from fastapi import Response

from tuyen_gateway.sheets.separated import MARK, write_separated

_BARS = 40
"""The most bars of a chart; the highest are shown."""

_LABEL_CHARACTERS = 32
_WIDTH, _HEIGHT = 800, 420
_BAR_HEIGHT, _FRAME_HEIGHT = 26, 150
_FONT = "system-ui, 'Segoe UI', 'Noto Sans', sans-serif"
_FONT_OF_LIBRARY = "Monaco"


def answer_csv(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """A table in UTF-8 that spreadsheets recognize as such; the first row has the names of the
    columns. What a spreadsheet would take for a formula is defused."""
    texts = (["" if cell is None else str(cell) for cell in row] for row in rows)
    return Response(
        MARK + write_separated(texts),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def answer_line(title: str, points: Sequence[tuple[datetime, int]]) -> Response:
    """A chart of a number over time, by local times without a zone. There is at least one point."""
    if len({at for at, _ in points}) == 1:
        return answer_bars(title, {f"{at:%d/%m/%Y %H:%M}": value for at, value in points})
    chart = leather.Chart(title)
    chart.add_y_scale(0, max(1, *(value for _, value in points)))
    chart.add_x_axis(ticks=_choose_ticks([at for at, _ in points]), tick_formatter=_format_tick)
    chart.add_line(list(points))
    return _answer(chart)


def _choose_ticks(moments: Sequence[datetime]) -> list[datetime]:
    first, last = min(moments), max(moments)
    return [first + (last - first) * part / 4 for part in range(5)]


def _format_tick(value: datetime, _place: int, _count: int) -> str:
    return f"{value:%d/%m %H:%M}"


def answer_bars(title: str, numbers: Mapping[str, int], *, in_order: bool = False) -> Response:
    """A chart with a bar for each name and its number: the highest first, unless they have an
    order."""
    bars = list(numbers.items())
    if not in_order:
        bars.sort(key=lambda one: (-one[1], one[0]))
    labelled: dict[str, int] = {}
    for name, number in bars[:_BARS]:
        label = name if len(name) <= _LABEL_CHARACTERS else f"{name[: _LABEL_CHARACTERS - 1]}…"
        label = f"{label} ({number})"
        while label in labelled:
            label += " "
        labelled[label] = number
    chart = leather.Chart(title)
    chart.add_x_scale(0, max([1, *labelled.values()]))
    chart.add_bars([(number, label) for label, number in labelled.items()] or [(0, "–")])
    return _answer(chart, _FRAME_HEIGHT + _BAR_HEIGHT * max(len(labelled), 1))


def _answer(chart: leather.Chart, height: int = _HEIGHT) -> Response:
    size = f'width="{_WIDTH}" height="{height}"'
    drawn = chart.to_svg(width=_WIDTH, height=height)
    drawn = drawn.replace(f'"{_FONT_OF_LIBRARY}"', f'"{_FONT}"')
    drawn = drawn.replace(size, f'{size} viewBox="0 0 {_WIDTH} {height}"', 1)
    return Response(drawn, media_type="image/svg+xml")
