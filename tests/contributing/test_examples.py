"""Every page of docs/contributing is followed on a throw-away example.

The example is a patch, `examples/PAGE.patch`. It is applied to a copy of the sources, where the
tests that it adds or changes run, and those that find what was added by themselves. When the
sources changed so that a patch no longer applies:

    git apply --3way tests/contributing/examples/PAGE.patch   # resolve conflicts, make it work
    git add --all && git diff --cached --binary > /tmp/PAGE.patch && git reset --hard
    mv /tmp/PAGE.patch tests/contributing/examples/
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PAGES = _ROOT / "docs/contributing"
_PATCHES = sorted((Path(__file__).parent / "examples").glob("*.patch"))
_MOST_FILES = {
    "adding-a-channel": 6,
    "adding-a-crm-entity": 6,
    "adding-a-strategy": 4,
    "adding-an-event": 4,
    "adding-an-inbox-filter": 3,
}
"""Files that an addition touches, besides tests and what is generated."""
_FINDING_TESTS = {
    "adding-a-crm-entity": (
        "tests/crm/domain/test_children.py",
        "tests/crm/entities/test_wording.py",
        "tests/gateway/api/crm/test_child_routes.py",
    ),
    "adding-a-channel": (
        "tests/channels/test_every_channel.py",
        "tests/channels/test_connectors.py",
        "tests/doubles/test_registry.py",
        "tests/ingest/test_every_channel.py",
        "tests/ingest/test_settings.py",
    ),
}
"""Tests that the patch does not change because they run over everything that is registered."""
_COPIED = ("services", "libs", "deploy", "tests", "docs", "pyproject.toml")
_GENERATED = (
    "tests/",
    "libs/events/contracts/",
    "docs/reference/",
    "services/gateway/console/openapi.json",
    "services/gateway/console/src/api/schema.d.ts",
)


@pytest.mark.parametrize("patch", _PATCHES, ids=lambda patch: patch.stem)
def test_a_page_names_the_files_that_its_example_touches(patch: Path) -> None:
    touched = [path for path in _list_touched(patch) if not path.startswith(_GENERATED)]
    page = (_PAGES / f"{patch.stem}.md").read_text()
    listed = re.findall(r"^\| \d+ \| `([^`]+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(touched)
    assert len(listed) <= _MOST_FILES[patch.stem]


def test_the_overview_says_how_many_files_an_addition_touches() -> None:
    overview = (_PAGES / "README.md").read_text()
    rows = re.findall(r"\((adding-[a-z-]+)\.md\) \| at most (\d+)", overview)
    assert {page: int(most) for page, most in rows} == _MOST_FILES


@pytest.mark.parametrize("patch", _PATCHES, ids=lambda patch: patch.stem)
def test_an_example_works(patch: Path, tmp_path: Path) -> None:
    for name in _COPIED:
        source = _ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".*", "faults", "bench")
            shutil.copytree(source, tmp_path / name, ignore=ignored)
        else:
            shutil.copy(source, tmp_path / name)
    subprocess.run(["git", "apply", patch], cwd=tmp_path, check=True)
    page = (_PAGES / f"{patch.stem}.md").read_text()
    named = re.findall(r"`((?:tests|libs|docs|services)/[^`]+)`", page)
    assert [path for path in named if not (tmp_path / path).exists()] == []
    tests = [path for path in _list_touched(patch) if Path(path).name.startswith("test_")]
    tests += _FINDING_TESTS.get(patch.stem, ())
    sources = sorted(tmp_path.glob("*/*/src"))
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *tests],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sources))},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"


def _list_touched(patch: Path) -> list[str]:
    return re.findall(r"^diff --git a/\S+ b/(\S+)$", patch.read_text(), re.MULTILINE)
