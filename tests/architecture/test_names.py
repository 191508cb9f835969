"""One meaning, one name: what a newcomer searches for is defined in one place."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _sources() -> Iterator[Path]:
    for part in ("libs", "services", "deploy"):
        yield from (ROOT / part).glob("**/src/**/*.py")


def _public_types(module: ast.Module) -> Iterator[str]:
    """Classes and type aliases of a module."""
    for node in module.body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) if not name.isupper():
                yield name
            case _:
                pass


def test_a_public_type_has_one_definition() -> None:
    found = defaultdict[str, list[str]](list)
    for path in _sources():
        for name in _public_types(ast.parse(path.read_text())):
            if name[0].isupper():
                found[name].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}
