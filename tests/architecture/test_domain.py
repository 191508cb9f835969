"""What decides knows nothing of the protocol by which it is asked.

A domain names a field (`agent_id`); the API turns that into a place in the request
(`body.agent_id`).
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_PLACE = re.compile(r"(body|query|header|path|cookie)(\.|$)")
"""How the API writes a place in a request."""
_HTTP = re.compile(r"\b(HTTP|HTTPStatus|ETag|If-Match|OpenAPI|endpoint|status[ _]code)\b")


def _domains() -> list[Path]:
    decisions = (ROOT / "services/crm/src/tuyen_crm/entities").glob("*/*.py")
    return sorted(
        [
            *(ROOT / "services").glob("*/src/*/domain/**/*.py"),
            *(ROOT / "libs/directory/src").glob("**/*.py"),
            *(path for path in decisions if path.stem in ("decide", "evolve", "observe")),
        ]
    )


def places_in(source: str) -> Iterator[str]:
    """The texts in a module, also in an f-string, that name a place in a request."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=str(text)) if _PLACE.match(text):
                yield text
            case _:
                pass


def test_every_service_has_a_domain_that_is_checked() -> None:
    found = {path.relative_to(ROOT).parts[1] for path in _domains()}
    assert found == {"crm", "directory", "gateway", "ingest", "outbound", "presence", "router"}


def test_a_domain_names_fields_and_no_places_in_a_request() -> None:
    found = {
        str(path.relative_to(ROOT)): [*places_in(source), *_HTTP.findall(source)]
        for path in _domains()
        if (source := path.read_text())
    }
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize("source", ['"body.to"', 'f"body.{field}"', 'raise E("body", "wrong")'])
def test_a_place_in_a_request_is_found(source: str) -> None:
    assert list(places_in(source))


def test_an_ordinary_sentence_is_no_place_in_a_request() -> None:
    assert not list(places_in('"""The body of a webhook."""\nnames = ("body_of", "to.body")'))


def test_only_the_module_of_problems_puts_a_field_of_the_gateway_into_the_body() -> None:
    """An `InvalidError` of an API module names the field like one of the domain."""
    found = [
        (str(path.relative_to(ROOT)), place)
        for path in (ROOT / "services/gateway/src").glob("**/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "InvalidError"
        for place in places_in(ast.unparse(node))
    ]
    assert found == []
