"""Every service has the same skeleton, so that whoever knows one finds the way in all."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from tuyen_platform.service import Service

ROOT = Path(__file__).parents[2]
SERVICES = ["ingest", "router", "presence", "crm", "outbound", "gateway"]


def _modules(service: str) -> Iterator[tuple[str, ast.Module]]:
    sources = ROOT / "services" / service / "src" / f"tuyen_{service}"
    for path in sources.rglob("*.py"):
        yield str(path.relative_to(sources)), ast.parse(path.read_text())


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_built_from_its_settings_a_log_and_a_clock(name: str) -> None:
    build = importlib.import_module(f"tuyen_{name}.bootstrap").build
    signature = inspect.signature(build)
    assert list(signature.parameters) == ["settings", "log", "clock"]
    assert signature.return_annotation is Service


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_keeps_its_rules_in_a_domain(name: str) -> None:
    assert importlib.import_module(f"tuyen_{name}.domain").__doc__


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_depends_on_is_a_protocol_in_its_ports(name: str) -> None:
    found = [(module, node) for module, tree in _modules(name) for node in _protocols(tree)]
    assert {module.split("/")[0].removesuffix(".py") for module, _ in found} == {"ports"}
    assert [node.name for _, node in found if not ast.get_docstring(node)] == []


def _protocols(tree: ast.Module) -> Iterator[ast.ClassDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and "Protocol" in map(ast.unparse, node.bases):
            yield node


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_names_itself_in_one_place(name: str) -> None:
    identity = importlib.import_module(f"tuyen_{name}.identity")
    assert name == identity.SERVICE
    assert identity.SOURCE in (name, f"tuyen/{name}")
    elsewhere = [
        f"{module}: {ast.unparse(node)}"
        for module, tree in _modules(name)
        if module != "identity.py"
        for node in ast.walk(tree)
        if _names_a_service(node)
    ]
    assert elsewhere == []


def _names_a_service(node: ast.AST) -> bool:
    """Whether code spells out the source of an event or the name of a service."""
    match node:
        case ast.keyword(arg="source" | "service", value=ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name(id="SOURCE" | "SERVICE")]):
            return True
        case _:
            return False


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_consumes_in_the_one_loop(name: str) -> None:
    """`tuyen_platform.kafka.consumer` subscribes, commits, and retries; services handle batches."""
    elsewhere = [
        module
        for module, tree in _modules(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "subscribe"
    ]
    assert elsewhere == []
