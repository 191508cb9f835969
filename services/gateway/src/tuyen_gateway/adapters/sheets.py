"""Carries out tasks with files in processes of their own (R9.5).

A thread cannot be ended, has the memory of its gateway, and takes the interpreter's lock from the
event loop. A process has a limit for its processor time and its memory that holds wherever the
parser is just then, can be killed, and has none of the gateway's secrets.
"""

import asyncio
import sys
from io import BytesIO
from subprocess import PIPE
from tempfile import TemporaryDirectory, TemporaryFile
from typing import BinaryIO

import msgspec
import structlog

from tuyen_events.ids import OrganizationId
from tuyen_events.sheet_limits import (
    SHEET_CPU_S,
    SHEET_MEMORY_BYTES,
    SHEET_WITHIN_S,
    SHEETS_AT_ONCE,
)
from tuyen_gateway.jobs.turns import Turns
from tuyen_gateway.sheet_work.status import REFUSED, TOO_MUCH
from tuyen_gateway.sheet_work.tasks import SheetTask, work_on_sheet
from tuyen_gateway.sheets.rows import UnreadableSheetError

_COMMAND = (sys.executable, "-I", "-W", "ignore", "-m", "tuyen_gateway.sheet_work")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8"}
"""Nothing of the gateway's, whose secrets are in its environment."""

_BROKEN = "The file is broken: open it in a spreadsheet and save it again."

_log = structlog.get_logger()


class ProcessSheets:
    """Sheets. A task has `cpu_s` seconds of a processor, `memory_bytes` of memory, and ends within
    `within_s` seconds."""

    def __init__(
        self,
        cpu_s: int = SHEET_CPU_S,
        memory_bytes: int = SHEET_MEMORY_BYTES,
        within_s: float = SHEET_WITHIN_S,
    ) -> None:
        self._limits = (str(cpu_s), str(memory_bytes))
        self._within_s = within_s
        self._turns = Turns(SHEETS_AT_ONCE)

    async def carry_out(
        self, organization: OrganizationId, task: SheetTask, file: BinaryIO
    ) -> BinaryIO:
        async with self._turns.turn(organization):
            output = TemporaryFile()  # noqa: SIM115 - the caller closes it
            try:
                with TemporaryDirectory() as folder:
                    await self._run(task, file, output, folder)
            except BaseException:
                output.close()
                raise
        output.seek(0)
        return output

    async def _run(self, task: SheetTask, file: BinaryIO, output: BinaryIO, folder: str) -> None:
        """`folder` is for its temporary files: a process that is killed leaves them."""
        file.seek(0)  # what is still in its buffer is written
        opened = file.fileno()
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            str(opened),
            *self._limits,
            stdin=PIPE,
            stdout=output,
            stderr=PIPE,
            pass_fds=[opened],
            env={**_ENVIRONMENT, "TMPDIR": folder},
        )
        try:
            async with asyncio.timeout(self._within_s):
                _, said = await process.communicate(msgspec.json.encode(task))
        except TimeoutError:
            raise UnreadableSheetError(TOO_MUCH) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == REFUSED:
            raise UnreadableSheetError(said.decode(errors="replace"))
        if process.returncode:
            _log.warning("sheet_process_failed", status=process.returncode)
            # A negative number is the signal that ended it: it used up its time or its memory.
            raise UnreadableSheetError(TOO_MUCH if process.returncode < 0 else _BROKEN)


class InMemorySheets:
    """Sheets, without a limit, for tests."""

    async def carry_out(
        self, organization: OrganizationId, task: SheetTask, file: BinaryIO
    ) -> BinaryIO:
        output = BytesIO()
        file.seek(0)
        work_on_sheet(task, file, output)
        output.seek(0)
        return output
