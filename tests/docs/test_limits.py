"""The page of limits says in which modules they are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/limits.md").read_text()


def test_each_module_of_limits_is_named() -> None:
    modules = {path.name for path in (ROOT / "libs/events/src/tuyen_events").glob("*limits.py")}
    assert set(re.findall(r"`(\w*limits\.py)`", PAGE)) == modules
