"""Which changes of a stored event's class are refused, and to whom they would do harm."""

from enum import StrEnum

import msgspec
import pytest

from tuyen_events.contracts import schema_of
from tuyen_events.event import Event
from tuyen_events.schema_changes import breaking_changes
from tuyen_events.vocabulary import Moment, OpenWord


class Size(StrEnum):
    M = "m"
    L = "l"


class More(StrEnum):
    M = "m"
    L = "l"
    XL = "xl"


class Colour(OpenWord):
    RED = "red"
    BLUE = "blue"


class MoreColours(OpenWord):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"


class FixedColour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(msgspec.Struct):
    name: str


class Renamed(msgspec.Struct):
    label: str


Fields = dict[str, object]
BASE: Fields = {
    "a": str,
    "n": (int, 0),
    "size": Size,
    "colour": Colour,
    "part": Part,
    "parts": tuple[Part, ...],
}


def event(fields: Fields) -> type[Event]:
    items = [(k, *(v if isinstance(v, tuple) else (v,))) for k, v in fields.items()]
    cls: type[Event] = msgspec.defstruct(  # type: ignore[assignment]  # it names only its last base
        "Sold",
        items,
        bases=(Event,),
        namespace={"type": "sold.v1"},
        kw_only=True,
        frozen=True,
    )
    return cls


def changes(fields: Fields, *, public: bool, base: Fields = BASE) -> list[str]:
    return breaking_changes(schema_of(event(base)), schema_of(event(fields)), public=public)


def without(name: str) -> Fields:
    return {key: value for key, value in BASE.items() if key != name}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(BASE, id="nothing"),
        pytest.param({**BASE, "note": (str | None, None)}, id="optional field"),
        pytest.param(dict(reversed(BASE.items())), id="order of fields"),
        pytest.param({**BASE, "colour": MoreColours}, id="value added to an open set"),
    ],
)
@pytest.mark.parametrize("public", [True, False])
def test_what_breaks_nobody_is_allowed(fields: Fields, public: bool) -> None:
    assert changes(fields, public=public) == []


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        pytest.param(without("a"), "data.a", id="required field removed"),
        pytest.param(without("n"), "data.n", id="optional field removed"),
        pytest.param({**BASE, "b": str}, "data.b", id="required field added"),
        pytest.param({**BASE, "n": int}, "data.n", id="optional field required"),
        pytest.param({**BASE, "n": (int, 1)}, "data.n", id="default changed"),
        pytest.param({**BASE, "a": int}, "data.a", id="type changed"),
        pytest.param({**BASE, "a": Moment}, "data.a", id="text became a time"),
        pytest.param({**BASE, "a": Size}, "data.a", id="text became a fixed set"),
        pytest.param({**BASE, "a": Colour}, "data.a", id="text became an open set"),
        pytest.param({**BASE, "colour": FixedColour}, "data.colour", id="open set closed"),
        pytest.param({**BASE, "part": Renamed}, "data.part.name", id="inner field removed"),
        pytest.param(
            {**BASE, "parts": tuple[Renamed, ...]}, "data.parts[].name", id="element changed"
        ),
    ],
)
@pytest.mark.parametrize("public", [True, False])
def test_what_breaks_the_reading_of_the_log_is_refused(
    fields: Fields, place: str, public: bool
) -> None:
    assert any(change.startswith(place) for change in changes(fields, public=public))


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        pytest.param({**BASE, "a": (str, "")}, "data.a", id="required field optional"),
        pytest.param({**BASE, "a": str | None}, "data.a", id="may be null"),
        pytest.param({**BASE, "size": More}, "data.size", id="value added"),
    ],
)
def test_o1_what_breaks_only_consumers_is_refused_in_public_topics(
    fields: Fields, place: str
) -> None:
    assert any(change.startswith(place) for change in changes(fields, public=True))
    assert changes(fields, public=False) == []


@pytest.mark.parametrize("public", [True, False])
def test_a_value_that_was_removed_is_refused(public: bool) -> None:
    found = changes(BASE, base={**BASE, "size": More}, public=public)
    assert any("'xl' was removed" in change for change in found)


@pytest.mark.parametrize("public", [True, False])
def test_a_value_that_was_removed_from_an_open_set_is_refused(public: bool) -> None:
    found = changes(BASE, base={**BASE, "colour": MoreColours}, public=public)
    assert any("'green' was removed" in change for change in found)


@pytest.mark.parametrize("public", [True, False])
def test_a_fixed_set_may_be_opened(public: bool) -> None:
    assert changes(BASE, base={**BASE, "colour": FixedColour}, public=public) == []
    nullable = {**BASE, "colour": FixedColour | None}
    assert changes({**BASE, "colour": Colour | None}, base=nullable, public=public) == []


def test_a_public_set_does_not_gain_a_value_in_the_step_that_opens_it() -> None:
    opened: Fields = {**BASE, "colour": MoreColours}
    fixed: Fields = {**BASE, "colour": FixedColour}
    (found,) = changes(opened, base=fixed, public=True)
    assert "'green' was added, which consumers do not know" in found
    assert changes(opened, base=fixed, public=False) == []


def test_a_public_set_loses_no_value_in_the_step_that_opens_it() -> None:
    fewer: Fields = {**BASE, "size": Colour}
    found = changes(fewer, public=False)
    assert any("'m' was removed" in change for change in found)


def test_an_open_set_is_text_to_a_validator_with_the_values_beside_it() -> None:
    schema = schema_of(event(BASE))["$defs"]["Colour"]
    assert schema["type"] == "string"
    assert schema["x-extensible-enum"] == ["blue", "red"]
    assert "enum" not in schema


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (dict[str, int], dict[str, str]),
        (tuple[int, str], tuple[int, int]),
        (tuple[int, str], tuple[int, str, int]),
        (int | None, int),
    ],
)
def test_containers_and_unions_are_compared_inside(old: object, new: object) -> None:
    assert changes({"x": new}, base={"x": old}, public=False)
    assert not changes({"x": old}, base={"x": old}, public=True)
