"""Tests mirror the sources: whoever knows a module knows where its tests are, and the reverse."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = {
    source.name.removeprefix("tuyen_"): source
    for part in ("libs/*", "services/*", "deploy/*")
    for source in ROOT.glob(f"{part}/src/tuyen_*")
}
OF_NO_MODULE = {
    "channels/test_every_channel.py": "runs over every channel in the registry",
    "ingest/test_every_channel.py": "runs over every channel in the registry",
    "router/model/test_histories.py": "compares the whole router with a model of it",
    "stream/test_readme.py": "runs the example of the library's README",
}
TESTS = sorted(
    str(path.relative_to(ROOT / "tests"))
    for member in SOURCES
    for path in (ROOT / "tests" / member).rglob("test_*.py")
)


def _is_named_for_its_source(test: Path) -> bool:
    """`gateway/api/test_jobs_bulk.py` tests `tuyen_gateway/api/jobs.py`, or a package `jobs`."""
    member, *folders = test.parent.parts
    name = test.stem.removeprefix("test_")
    modules = SOURCES[member].joinpath(*folders).glob("*")
    return any(f"{name}_".startswith(f"{each.stem.strip('_')}_") for each in modules)


def test_a_test_is_where_its_source_is_and_is_named_for_it() -> None:
    elsewhere = {test for test in TESTS if not _is_named_for_its_source(Path(test))}
    assert elsewhere == OF_NO_MODULE.keys()


def test_the_import_rules_see_every_module() -> None:
    """Their linter looks into no folder without `__init__.py` below one that has it, so a library
    whose folders need none has none at all."""
    hidden = {
        str(folder.relative_to(ROOT))
        for source in SOURCES.values()
        for folder in {path.parent for path in source.rglob("*.py")}
        if not (folder / "__init__.py").exists()
        and any((above / "__init__.py").exists() for above in folder.parents)
    }
    assert hidden == set()


def test_every_library_and_service_has_tests() -> None:
    assert {Path(test).parts[0] for test in TESTS} == SOURCES.keys()


def test_a_module_has_at_most_400_lines() -> None:
    lengths = {
        str(path.relative_to(ROOT)): path.read_bytes().count(b"\n")
        for folder in (*SOURCES.values(), ROOT / "tests")
        for path in folder.rglob("*.py")
    }
    assert {path: lines for path, lines in lengths.items() if lines > 400} == {}
