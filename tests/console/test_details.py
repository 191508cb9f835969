"""Whatever the gateway says when it refuses a request has a sentence in Vietnamese, so that a
Vietnamese page shows none in English. Statuses that the page explains itself, such as 403 and 503,
need none."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import tuyen_gateway
from tuyen_gateway.api.crm import access
from tuyen_local.console import ConsoleTree

_SOURCES = Path(tuyen_gateway.__file__).parent
_SAID_BY = frozenset(
    {
        "ConflictError",
        "InvalidCursorError",
        "InvalidError",
        "InvalidVersionError",
        "PydanticCustomError",
        "RowError",
        "StoppedError",
        "TakenError",
        "TooLargeError",
        "UnreadableSheetError",
        "UnreadableTextError",
        "WindowClosedError",
    }
)
"""The errors whose text reaches a user as it is."""


def test_each_sentence_of_a_refusal_is_there_in_vietnamese() -> None:
    path = ConsoleTree().sources / "src/texts/details.vi.json"
    known = json.loads(path.read_text("utf-8"))
    said = {each for module in _SOURCES.rglob("*.py") for each in _read_sentences(module)}
    said |= {*access._REFUSALS.values(), access._ANOTHER_REFUSAL}
    assert said - known.keys() == set()


def _read_sentences(module: Path) -> Iterator[str]:
    """The texts that the module gives to these errors, with `{}` for what is filled in."""
    for call in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] in _SAID_BY:
            for given in call.args:
                text = _read_text(given)
                if " " in text and text != "{detail}":
                    yield text


def _read_text(given: ast.expr) -> str:
    match given:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                _read_text(part) if isinstance(part, ast.Constant) else "{}" for part in parts
            )
        case _:
            return ""
