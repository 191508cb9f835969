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


_OF_EACH_MEMBER = {"SERVICE", "SOURCE", "build", "compose", "decide", "evolve"}
"""What each service, or each entity, has under the same name."""


def _imported_names() -> Iterator[tuple[str, str]]:
    """Each name that a module imports from another, and the module or library that defines it."""
    modules = {path.stem for path in _sources()} | {path.parent.name for path in _sources()}
    for path in _sources():
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.ImportFrom(module=str(module)) if module.startswith("tuyen_"):
                    for name in node.names:
                        if name.name not in modules:
                            yield name.name, module.partition("._")[0]
                case _:
                    pass


def test_a_name_that_is_imported_has_one_meaning() -> None:
    """Also a function or a constant: whoever reads a call knows which one it is."""
    found = defaultdict[str, set[str]](set)
    for name, module in _imported_names():
        if name not in _OF_EACH_MEMBER:
            found[name].add(module)
    assert {name: modules for name, modules in found.items() if len(modules) > 1} == {}
