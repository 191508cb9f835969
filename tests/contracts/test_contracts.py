import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tuyen_events.catalogue import EVENT_TYPES
from tuyen_events.codec import decode, encode
from tuyen_events.contracts import CONTRACTS, check, main
from tuyen_events.schema_changes import OPEN_SET
from tuyen_events.topics import TOPICS
from tuyen_events.vocabulary import (
    AppliesTo,
    Capability,
    Channel,
    CommentOrigin,
    ConversationKind,
    Exclusion,
    Presence,
    PresenceCause,
    Reason,
    Role,
    Strategy,
    Visibility,
    WhenNobody,
    Word,
)

NAMES = sorted(EVENT_TYPES)


def load(kind: str, name: str, directory: Path = CONTRACTS) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((directory / kind / f"{name}.json").read_text("utf-8"))
    return content


def store(directory: Path, kind: str, name: str, content: object) -> None:
    (directory / kind / f"{name}.json").write_text(json.dumps(content), "utf-8")


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    """The committed contracts, to be spoilt."""
    return Path(shutil.copytree(CONTRACTS, tmp_path / "contracts"))


def test_o1_the_committed_contracts_are_what_the_code_says() -> None:
    assert check() == []


@pytest.mark.parametrize("name", NAMES)
def test_o1_todays_code_reads_every_golden_sample_and_writes_it_again(name: str) -> None:
    sample = load("examples", name)
    headers = {key: value.encode() for key, value in sample["headers"].items()}
    envelope = decode(list(headers.items()), msgspec.json.encode(sample["data"]))
    value, written = encode(envelope)
    assert msgspec.json.decode(value) == sample["data"]
    assert dict(written) == headers


@pytest.mark.parametrize("name", NAMES)
def test_every_golden_sample_is_valid_under_its_schema(name: str) -> None:
    schema = load("schemas", name)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    validator.validate(load("examples", name)["data"])


@pytest.mark.parametrize("name", NAMES)
def test_every_golden_sample_uses_every_field_of_its_type(name: str) -> None:
    used = load("examples", name)["data"].keys()
    optional_elsewhere = {"parent_external_id", "livestream"}
    always_left_out = {"sequence"} if name == "contact.created.v1" else set()  # it is always 1
    fields = load("schemas", name)["properties"].keys()
    assert fields - optional_elsewhere - always_left_out <= used


def test_every_optional_field_is_used_in_some_sample() -> None:
    fields = {
        (part["title"], field)
        for name in NAMES
        for part in load("schemas", name).get("$defs", {}).values()
        for field in part.get("properties", {})
    }
    text = "".join((CONTRACTS / "examples" / f"{name}.json").read_text("utf-8") for name in NAMES)
    assert [field for field in fields if f'"{field[1]}":' not in text] == []
    assert '"parent_external_id":' in text
    assert '"livestream": true' in text


def of_a_later_version(data: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    """The data with a word that nobody knows yet in place of each word of an open set."""
    for alternative in schema.get("anyOf", [schema]):
        described = alternative
        if "$ref" in alternative:
            described = definitions[alternative["$ref"].rpartition("/")[2]]
        if OPEN_SET in described and data in described[OPEN_SET]:
            return "of_a_later_version"
        if "properties" in described and isinstance(data, dict):
            fields = described["properties"]
            return {
                name: of_a_later_version(value, fields[name], definitions)
                for name, value in data.items()
            }
        if "items" in described and isinstance(data, list) and described["items"]:
            return [of_a_later_version(each, described["items"], definitions) for each in data]
    return data


@pytest.mark.parametrize("name", NAMES)
def test_todays_code_keeps_the_words_of_a_later_version(name: str) -> None:
    schema, sample = load("schemas", name), load("examples", name)
    definitions = schema.get("$defs", {})
    data = of_a_later_version(sample["data"], schema, definitions)
    has_open_sets = any(OPEN_SET in each for each in definitions.values())
    assert has_open_sets == (data != sample["data"])
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(data)
    headers = [(key, value.encode()) for key, value in sample["headers"].items()]
    value, _ = encode(decode(headers, msgspec.json.encode(data)))
    assert msgspec.json.decode(value) == data


def test_the_table_of_topics_names_each_with_its_key_partitions_and_retention() -> None:
    rows = json.loads((CONTRACTS / "topics.json").read_text("utf-8"))
    assert [row["name"] for row in rows] == list(TOPICS)
    inbound = rows[0]
    assert inbound["key"] == "organization/page/customer"
    assert inbound["partitions"] == 24
    assert inbound["retention_ms"] is None
    assert "message.received.v1" in inbound["events"]


def test_writing_again_changes_nothing(contracts: Path) -> None:
    before = {path: path.read_bytes() for path in contracts.rglob("*.json")}
    assert main(["write", "--directory", str(contracts)]) == 0
    assert {path: path.read_bytes() for path in contracts.rglob("*.json")} == before


def test_write_makes_what_is_missing(contracts: Path) -> None:
    shutil.rmtree(contracts / "schemas")
    (contracts / "topics.json").unlink()
    assert main(["write", "--directory", str(contracts)]) == 0
    assert check(contracts) == []


def test_write_takes_a_new_optional_field(contracts: Path) -> None:
    older = load("schemas", "conversation.assign.v1")
    del older["properties"]["note"]
    store(contracts, "schemas", "conversation.assign.v1", older)
    assert main(["write", "--directory", str(contracts)]) == 0
    assert check(contracts) == []


def drop_last_word(contracts: Path, words: type[Word]) -> Word:
    """The contracts as they were before a set of words got the last of its words; that word."""
    last = max(words)
    for name in NAMES:
        schema = load("schemas", name, contracts)
        described = schema.get("$defs", {}).get(words.__name__)
        if described is not None:
            described[OPEN_SET if OPEN_SET in described else "enum"].remove(last)
            store(contracts, "schemas", name, schema)
    return last


@pytest.mark.parametrize(
    "words",
    [
        Channel,
        Strategy,
        Reason,
        Capability,
        Exclusion,
        PresenceCause,
        AppliesTo,
        WhenNobody,
        CommentOrigin,
    ],
)
def test_a_word_may_be_added_to_an_open_set(contracts: Path, words: type[Word]) -> None:
    drop_last_word(contracts, words)
    assert check(contracts) != []
    assert main(["write", "--directory", str(contracts)]) == 0
    assert check(contracts) == []


@pytest.mark.parametrize("words", [ConversationKind, Presence, Role, Visibility])
def test_a_word_that_is_added_to_a_closed_set_is_refused(
    contracts: Path, words: type[Word], capsys: pytest.CaptureFixture[str]
) -> None:
    added = drop_last_word(contracts, words)
    assert main(["write", "--directory", str(contracts)]) == 1
    assert f"the value {added.value!r} was added" in capsys.readouterr().err


def test_o1_write_refuses_a_schema_that_breaks_a_reader_and_writes_nothing(
    contracts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older = load("schemas", "assignment.made.v1")
    older["properties"]["shift"] = {"type": "string"}
    store(contracts, "schemas", "assignment.made.v1", older)
    (contracts / "topics.json").write_text("[]", "utf-8")
    assert main(["write", "--directory", str(contracts)]) == 1
    message = capsys.readouterr().err
    assert "assignment.made.v1: data.shift was removed" in message
    assert "make a new version" in message
    assert load("schemas", "assignment.made.v1", contracts) == older
    assert (contracts / "topics.json").read_text("utf-8") == "[]"


@pytest.mark.parametrize("kind", ["schemas", "examples"])
def test_o1_a_stored_type_name_that_disappeared_is_refused(
    contracts: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store(contracts, kind, "greeting.said.v1", {})
    assert main(["check", "--directory", str(contracts)]) == 1
    assert main(["write", "--directory", str(contracts)]) == 1
    assert capsys.readouterr().err.count(f"{kind}/greeting.said.v1.json: no event has") == 2


def test_check_reports_a_committed_schema_that_is_not_the_codes(contracts: Path) -> None:
    schema = load("schemas", "contact.created.v1")
    store(contracts, "schemas", "contact.created.v1", {**schema, "description": "?"})
    assert [problem.partition(":")[0] for problem in check(contracts)] == [
        "schemas/contact.created.v1.json"
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"data": {}}, "missing required field"),
        ({"headers": {"ce_type": "conversation.read.v1"}}, "headers are incomplete"),
        ({"headers": {"ce_type": "contact.created.v1"}}, "its ce_type is not"),
    ],
)
def test_check_reports_a_sample_that_no_longer_decodes(
    contracts: Path, change: dict[str, Any], problem: str
) -> None:
    sample = load("examples", "conversation.read.v1")
    store(contracts, "examples", "conversation.read.v1", {**sample, **change})
    (found,) = check(contracts)
    assert found.startswith("examples/conversation.read.v1.json: ")
    assert problem in found


def test_check_reports_a_missing_sample(contracts: Path) -> None:
    (contracts / "examples" / "conversation.read.v1.json").unlink()
    assert check(contracts) == ["examples/conversation.read.v1.json: the golden sample is missing"]
