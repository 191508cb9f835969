"""R9.5: a file costs what it costs in a process of its own, and that is bounded (C9)."""

import asyncio
import io
from asyncio.subprocess import Process
from collections import Counter
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import pytest

from gateway.sheets.test_xlsx import NAMESPACE, share
from tuyen_events.ids import OrganizationId
from tuyen_events.sheet_limits import SHEETS_AT_ONCE
from tuyen_gateway.adapters.sheets import InMemorySheets, ProcessSheets
from tuyen_gateway.imports.columns import ImportableFields
from tuyen_gateway.imports.reading import RowFormat
from tuyen_gateway.ports.sheets import Sheets
from tuyen_gateway.sheet_work.tasks import (
    ListRows,
    PreviewRows,
    WriteWorkbook,
    read_listed,
    read_preview,
    write_lines,
)
from tuyen_gateway.sheets.reading import read_rows
from tuyen_gateway.sheets.rows import SheetRow, UnreadableSheetError

SHOP = OrganizationId("shop")
FILE = "Tên;Số\nLan;0912345678\n\nMinh;none\nHoa;+84 912 345 678\n".encode()
TEXTS = "".join(f"<si><t>{number}</t></si>" for number in range(400_000))
MANY_TEXTS = f'<sst xmlns="{NAMESPACE}">{TEXTS}</sst>'.encode()
"""They are seconds of work, and some 90 MB of memory, in a file of a megabyte."""


def keep(content: bytes) -> BinaryIO:
    file = TemporaryFile()  # noqa: SIM115 - closed when the test has ended
    file.write(content)
    return file


@pytest.fixture(params=[InMemorySheets, ProcessSheets])
def sheets(request: pytest.FixtureRequest) -> Sheets:
    made: Sheets = request.param()
    return made


async def test_c9_the_rows_of_a_file_are_listed(sheets: Sheets) -> None:
    with keep(FILE) as file:
        with await sheets.carry_out(SHOP, ListRows(), file) as output:
            rows = list(read_listed(output))
        with await sheets.carry_out(SHOP, ListRows(most=2), file) as output:
            assert list(read_listed(output)) == rows[:2]
    assert rows[1:3] == [SheetRow(2, ("Lan", "0912345678")), SheetRow(4, ("Minh", "none"))]
    assert len(rows) == 4


async def test_c9_a_preview_names_errors_and_the_rows_of_numbers(sheets: Sheets) -> None:
    row_format = RowFormat({"Tên": "name", "Số": "phones"}, "VN", ImportableFields(custom={}))
    with (
        keep(FILE) as file,
        await sheets.carry_out(SHOP, PreviewRows(row_format=row_format), file) as output,
    ):
        found, facts = read_preview(output)
        assert list(facts) == [{"+84912345678": 2}]
    assert (found.rows, found.valid, found.duplicates) == (3, 2, 1)
    assert [(error.row, error.column) for error in found.errors] == [(4, "Số")]


async def test_c9_a_workbook_of_rows_is_written(sheets: Sheets) -> None:
    rows = [["Tên", "Số"], ["=1+1", ""], ["Lan", "+84912345678"]]
    with (
        keep(write_lines(rows)) as file,
        await sheets.carry_out(SHOP, WriteWorkbook(title="Khách"), file) as output,
    ):
        assert [row.cells for row in read_rows(output)] == [
            ("Tên", "Số"),
            ("=1+1",),
            tuple(rows[2]),
        ]


async def test_c9_it_says_why_a_file_cannot_be_read(sheets: Sheets) -> None:
    with keep(b"\xd0\xcf\x11\xe0") as file, pytest.raises(UnreadableSheetError) as refused:
        await sheets.carry_out(SHOP, ListRows(), file)
    assert str(refused.value) == "This is an old or protected workbook: save it as .xlsx."


@pytest.mark.parametrize(
    "limit", [{"cpu_s": 1}, {"memory_bytes": 70_000_000}, {"within_s": 0.0}], ids=str
)
async def test_r9_5_a_file_that_takes_too_much_time_or_memory_is_refused(limit: Any) -> None:
    with (
        keep(share(MANY_TEXTS)) as file,
        pytest.raises(UnreadableSheetError, match="too much time or memory"),
    ):
        await ProcessSheets(**limit).carry_out(SHOP, ListRows(most=1), file)


async def test_r9_5_a_process_ends_with_the_request_that_started_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: asyncio.Queue[Process] = asyncio.Queue()
    begin = asyncio.create_subprocess_exec

    async def remember(*command: Any, **given: Any) -> Process:
        process = await begin(*command, **given)
        begun.put_nowait(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", remember)
    with keep(share(MANY_TEXTS)) as file:
        request = asyncio.create_task(ProcessSheets().carry_out(SHOP, ListRows(), file))
        process = await begun.get()
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
    assert process.returncode is not None


async def test_r9_5_one_file_of_an_organization_is_read_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sheets, going = ProcessSheets(), asyncio.Event()
    under_way: Counter[bytes] = Counter()
    most: Counter[bytes] = Counter()

    async def read(_: object, file: BinaryIO, *__: object) -> None:
        name = file.read()
        under_way[name] += 1
        most[name] = max(most[name], under_way[name])
        most[b"all"] = max(most[b"all"], under_way.total())
        await going.wait()
        under_way[name] -= 1

    monkeypatch.setattr(sheets, "_run", read)
    names = [f"shop-{number}" for number in range(2 * SHEETS_AT_ONCE)]
    async with asyncio.TaskGroup() as tasks:
        for name in names * 3:
            file = io.BytesIO(name.encode())
            tasks.create_task(sheets.carry_out(OrganizationId(name), ListRows(), file))
        while under_way.total() < SHEETS_AT_ONCE:  # noqa: ASYNC110 - nobody sets an event for it
            await asyncio.sleep(0)
        going.set()
    assert most == {**dict.fromkeys((name.encode() for name in names), 1), b"all": SHEETS_AT_ONCE}
