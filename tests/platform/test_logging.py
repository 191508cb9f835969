"""Many lines in one write are the lines that would be written one by one."""

import json
import subprocess
import sys

_SCRIPT = r"""
import structlog
from tuyen_platform.logging import configure_logging, log_each
configure_logging("tester", {log_format!r})
log = structlog.get_logger()
entries = [{{"event_id": "evt_1", "agent_id": None, "text": text}} for text in ({texts})]
log_each(log, "something_done", entries)
for entry in entries:
    log.info("something_done", **entry)
{more}
"""


def _lines(log_format: str, texts: str, more: str = "") -> list[str]:
    script = _SCRIPT.format(log_format=log_format, texts=texts, more=more)
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, timeout=60
    )
    return ran.stdout.decode().splitlines()


def _drop_unknown(line: str) -> dict[str, object]:
    entry: dict[str, object] = json.loads(line)
    assert str(entry.pop("timestamp")).endswith("Z")
    return entry


def test_they_equal_one_by_one() -> None:
    lines = [_drop_unknown(line) for line in _lines("json", "'chào', 'hai\\ndòng'")]
    assert lines[:2] == lines[2:]
    assert lines[0]["text"] == "chào"
    assert lines[0]["service"] == "tester"


def test_what_json_cannot_encode_loses_no_log_line() -> None:
    lines = [_drop_unknown(line) for line in _lines("json", "'chào', 'nửa \\ud83d'")]
    assert lines[:2] == lines[2:]


def test_o6_what_is_bound_to_the_context_is_logged() -> None:
    more = (
        "structlog.contextvars.bind_contextvars(request='r1')\nlog_each(log, 'later', [{'a': 1}])"
    )
    assert _drop_unknown(_lines("json", "'a',", more)[-1])["request"] == "r1"


def test_a_console_gets_a_line_for_each() -> None:
    lines = _lines("console", "'chào', 'xin'")
    assert len(lines) == 4
    assert all("something_done" in line for line in lines)
