"""The contracts: the form of the events, for consumers in other languages.

`python -m tuyen_events.contracts write` makes the JSON Schemas and the table of topics from the
code, `check` tells whether the committed files are what the code says. The samples in `examples`
are written manually.

A stored type serves two kinds of readers for as long as its records live: today's code reads what
older versions wrote, and consumers who know the old schema read what is written today. So a schema
may only gain optional fields. In private topics, which are read by today's code alone, it may also
become wider: a field may become optional, an enumeration may gain a value.

Decides O1.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from tuyen_events.catalogue import EVENT_TYPES
from tuyen_events.codec import UnreadableEventError, decode, encode_data
from tuyen_events.event import Event
from tuyen_events.schema_changes import OPEN_SET, Schema, breaking_changes
from tuyen_events.topics import TOPICS
from tuyen_events.vocabulary import OPEN_WORD_PATTERN, OpenWord

CONTRACTS = Path(__file__).parents[2] / "contracts"
"""Where the contracts are committed; they are no part of the installed package."""


class IncompatibleSchemaError(ValueError):
    """Schemas that would break a reader; `changes` says where, one line each."""

    def __init__(self, changes: Sequence[str]) -> None:
        super().__init__("\n".join(changes))
        self.changes = tuple(changes)


def schema_of(event: type[Event]) -> Schema:
    """The JSON Schema (2020-12) of an event's data. It allows unknown fields, and unknown words of
    open sets."""
    _, definitions = msgspec.json.schema_components([event], ref_template="#/$defs/{name}")
    open_sets = {words.__name__ for words in OpenWord.__subclasses__()}
    for name in open_sets & definitions.keys():
        definitions[name] = _open_schema(definitions[name])
    own = definitions.pop(event.__name__)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tuyen:event:{event.type}",
        **own,
        "title": event.type,
    }
    whole = {**schema, "$defs": definitions} if definitions else schema
    # As it comes back from a file: a default of () is [] there.
    clean: Schema = json.loads(msgspec.json.encode(whole))
    return clean


def _open_schema(schema: Schema) -> Schema:
    """The schema of an open set: text that fits a pattern, with the words that are known so far. To
    a validator `x-extensible-enum` is an annotation, which forbids nothing."""
    opened = {key: value for key, value in schema.items() if key != "enum"}
    if "description" in opened:
        opened["description"] = cleandoc(opened["description"])
    return {
        **opened,
        "type": "string",
        "pattern": OPEN_WORD_PATTERN,
        OPEN_SET: schema["enum"],
    }


def topics_overview() -> list[dict[str, Any]]:
    """The topics as data; `retention_ms` is null where records stay for ever."""
    return [
        {
            "name": topic.name,
            "public": topic.public,
            "carries": topic.carries,
            "key": topic.key,
            "partitions": topic.partitions,
            "cleanup": topic.cleanup.value,
            "retention_ms": topic.retention_ms,
            "events": [event.type for event in topic.events],
            "removals": list(topic.removals),
        }
        for topic in TOPICS.values()
    ]


def write(directory: Path = CONTRACTS) -> None:
    """Writes the schemas and the table of topics. Raises IncompatibleSchemaError, and writes
    nothing, when a reader of a committed schema would break or a committed type was removed.
    """
    schemas = {name: schema_of(event) for name, event in EVENT_TYPES.items()}
    changes = [*_find_vanished(directory), *_breaking(directory, schemas)]
    if changes:
        raise IncompatibleSchemaError(changes)
    (directory / "schemas").mkdir(parents=True, exist_ok=True)
    for name, schema in schemas.items():
        _schema_path(directory, name).write_text(_text(schema), encoding="utf-8")
    (directory / "topics.json").write_text(_text(topics_overview()), encoding="utf-8")


def check(directory: Path = CONTRACTS) -> list[str]:
    """What is wrong with the committed contracts, one line each; nothing when all is well."""
    expected = {_schema_path(directory, name): schema_of(cls) for name, cls in EVENT_TYPES.items()}
    expected_topics = {directory / "topics.json": topics_overview()}
    return [
        *_find_vanished(directory),
        *(
            f"{path.relative_to(directory)}: is not what the code says; run the command `write`"
            for path, content in {**expected, **expected_topics}.items()
            if not path.exists() or path.read_text(encoding="utf-8") != _text(content)
        ),
        *(problem for name in EVENT_TYPES for problem in _sample_problems(directory, name)),
    ]


def _schema_path(directory: Path, name: str) -> Path:
    return directory / "schemas" / f"{name}.json"


def _text(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _find_vanished(directory: Path) -> Iterator[str]:
    """Types that were committed and that no class has any more: their records could not be read."""
    for kind in ("schemas", "examples"):
        for path in sorted((directory / kind).glob("*.json")):
            if path.stem not in EVENT_TYPES:
                yield f"{kind}/{path.name}: no event has this stored type any more; bring it back"


def _breaking(directory: Path, schemas: Mapping[str, Schema]) -> Iterator[str]:
    public = {event.type for topic in TOPICS.values() if topic.public for event in topic.events}
    for name, schema in schemas.items():
        path = _schema_path(directory, name)
        if not path.exists():
            continue
        committed = json.loads(path.read_text(encoding="utf-8"))
        for change in breaking_changes(committed, schema, public=name in public):
            yield f"{name}: {change}"


def _sample_problems(directory: Path, name: str) -> Iterator[str]:
    path = directory / "examples" / f"{name}.json"
    label = f"examples/{path.name}"
    if not path.exists():
        yield f"{label}: the golden sample is missing"
        return
    sample = json.loads(path.read_text(encoding="utf-8"))
    headers = [(key, value.encode()) for key, value in sample["headers"].items()]
    if sample["headers"].get("ce_type") != name:
        yield f"{label}: its ce_type is not {name}"
        return
    try:
        event = decode(headers, msgspec.json.encode(sample["data"])).data
    except UnreadableEventError as error:
        yield f"{label}: {error.reason}"
        return
    # A sample of an old version comes back as today's, which has other fields.
    if event.type == name and json.loads(encode_data(event)) != sample["data"]:
        yield f"{label}: encodes to something else than it was decoded from"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tuyen_events.contracts")
    parser.add_argument("action", choices=["write", "check"])
    parser.add_argument("--directory", type=Path, default=CONTRACTS)
    options = parser.parse_args(arguments)
    if options.action == "check":
        problems = check(options.directory)
    else:
        problems = _refusal(options.directory)
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


def _refusal(directory: Path) -> list[str]:
    try:
        write(directory)
    except IncompatibleSchemaError as error:
        return [
            *error.changes,
            "Nothing was written: these changes break readers of records or of the log. Leave the "
            "class as it was and make a new version: a new class with its own stored type name, "
            "and an upcaster from the old one.",
        ]
    return []


if __name__ == "__main__":
    sys.exit(main())
