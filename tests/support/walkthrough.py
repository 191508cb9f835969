"""Walks through a page of the documentation as a reader would: pastes its commands into one shell,
one block after the other, and compares what they print with what the page shows.

A block of commands is fenced as `sh`. The `text` or `json` block that follows shows what it prints;
without one it prints nothing. `...` there is for one or more characters that differ each time.
Blank lines, and spaces at the end of a line, do not count.
"""

import asyncio
import os
import re
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STEP = "-=- step of the page -=-"
_SHOWN_ERRORS = 2_000


class PageStep(NamedTuple):
    """Commands, the line of the page at which they begin, and what the page shows below them."""

    line: int
    commands: str
    shown: str


def read_steps(page: str) -> list[PageStep]:
    """The steps of a page. AssertionError for what is shown of no step, or twice of one."""
    steps: list[PageStep] = []
    for block in _BLOCK.finditer(page):
        kind, content = block.groups()
        line = page.count("\n", 0, block.start()) + 2
        if kind == "sh":
            steps.append(PageStep(line, content, ""))
        elif kind in ("text", "json"):
            is_first = bool(steps) and not steps[-1].shown
            assert is_first, f"line {line} shows what no commands print"
            steps[-1] = steps[-1]._replace(shown=content)
    return steps


def is_as_shown(printed: str, shown: str) -> bool:
    """Whether a step printed what the page shows of it."""
    pattern = "[^\n]+".join(re.escape(part) for part in _trim(shown).split("..."))
    return re.fullmatch(pattern, _trim(printed)) is not None


def _trim(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


async def walk(
    steps: Sequence[PageStep], variables: Mapping[str, str], directory: Path, within_s: float
) -> None:
    """Runs the steps in `directory`, with other values of the `variables` that the page sets to a
    plain word. AssertionError with the line of the first step that fails, does not end, prints
    something else than the page shows, or has a call of `curl` that is refused."""
    text = _set("".join(f"echo '{_STEP}'\n{step.commands}" for step in steps), variables)
    script, output, errors = (directory / name for name in ("page.sh", "output", "errors"))
    script.write_text(text, encoding="utf-8")
    failure = await _run(script, output, errors, within_s)
    printed = output.read_text(encoding="utf-8").split(f"{_STEP}\n")[1:]
    complaints = errors.read_text(encoding="utf-8")
    said = complaints[-_SHOWN_ERRORS:]
    if failure is None and len(printed) < len(steps):
        failure = "ended the shell"
    for step, text in zip(steps, printed if failure is None else printed[:-1], strict=False):
        assert is_as_shown(text, step.shown), (
            f"line {step.line} printed\n\n{_trim(text)}\n\nand not\n\n{_trim(step.shown)}\n\n{said}"
        )
    if failure is not None:
        line = steps[len(printed) - 1].line
        raise AssertionError(f"line {line} {failure}, after\n\n{_trim(printed[-1])}\n\n{said}")
    assert "curl: " not in complaints, complaints


def _set(script: str, variables: Mapping[str, str]) -> str:
    for name, value in variables.items():
        line = f"{name}={shlex.quote(value)}".replace("\\", r"\\")
        script, count = re.subn(rf"^{name}=\S+$", line, script, flags=re.MULTILINE)
        assert count == 1, f"the page sets {name} {count} times"
    return script


async def _run(script: Path, output: Path, errors: Path, within_s: float) -> str | None:
    """How the script failed; None if it did not. Whatever it left running is ended."""
    python = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{python}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(script.parent),
        "NO_PROXY": "*",
        "no_proxy": "*",
    }
    with output.open("wb") as out, errors.open("wb") as err:
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-e",
            str(script),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=environment,
            cwd=script.parent,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(within_s):
                status = await process.wait()
        except TimeoutError:
            return f"did not end within {within_s:.0f} s"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return f"ended with status {status}" if status else None
