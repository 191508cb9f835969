"""What a changed JSON Schema would break.

Knows the part of JSON Schema that msgspec makes of event classes: objects, arrays, maps, scalars,
enumerations, unions with null, and references; and `x-extensible-enum`, which lists the values of
an open set that are known so far.

Decides O1.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

OPEN_SET = "x-extensible-enum"
"""The keyword that lists the values of an open set. Readers have to expect others."""

_CLOSED, _OPEN = "one of a fixed set", "one of an open set"

_ANNOTATIONS = frozenset({"title", "description", "examples", "$schema", "$id", "$defs"})
_COMPARED = frozenset(
    {"type", "format", "enum", OPEN_SET, "anyOf", "properties", "required", "items", "prefixItems"}
    | {"minItems", "additionalProperties", "default", "$ref"}
)


def breaking_changes(old: Schema, new: Schema, *, public: bool) -> list[str]:
    """The changes from `old` to `new` that break a reader, one line each.

    Two things must hold: today's code reads what was written under `old`; and, where `public`, a
    consumer that knows only `old` reads what is written today. A field that was removed or a
    default that changed breaks both, for fields with their default value are not written.

    An open set may gain a value at any time. A fixed set may be opened, which changes no record;
    where `public`, not in the same step as it gains a value, so that consumers can be told first.
    An open set is never closed again.
    """
    return list(_Comparison(old, new, public).compare("data", old, new))


class _Comparison:
    def __init__(self, old: Schema, new: Schema, public: bool) -> None:
        self._old = old.get("$defs", {})
        self._new = new.get("$defs", {})
        self._public = public

    def compare(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        before = _alternatives(old, self._old)
        after = _alternatives(new, self._new)
        if _CLOSED in before and _OPEN in after and _CLOSED not in after:
            yield from self._compare_values(path, before.pop(_CLOSED), after.pop(_OPEN))
        for kind in before.keys() - after.keys():
            yield f"{path} can no longer be {kind}, and records where it is are in the log"
        if self._public:
            for kind in after.keys() - before.keys():
                yield f"{path} can now be {kind}, which consumers do not know"
        for kind in before.keys() & after.keys():
            yield from self._compare_alternative(path, before[kind], after[kind])

    def _compare_alternative(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        for keyword in sorted((old.keys() | new.keys()) - _ANNOTATIONS - _COMPARED):
            if old.get(keyword) != new.get(keyword):
                yield f"{path}: its {keyword} changed"
        yield from self._compare_values(path, old, new)
        yield from self._compare_fields(path, old, new)
        yield from self._compare_elements(path, old, new)

    def _compare_values(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = _values(old), _values(new)
        for value in sorted(before - after):
            yield f"{path}: the value {value!r} was removed, and the log has records with it"
        if self._public and OPEN_SET not in old:
            for value in sorted(after - before):
                yield f"{path}: the value {value!r} was added, which consumers do not know"

    def _compare_fields(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        were_required, are_required = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(are_required - were_required):
            yield f"{path}.{name} is now required, and the log has records without it"
        for name, field in before.items():
            if name not in after:
                yield f"{path}.{name} was removed"
                continue
            if self._public and name in were_required - are_required:
                yield f"{path}.{name} is no longer required, and consumers rely on it"
            if "default" in field and field["default"] != after[name].get("default"):
                yield f"{path}.{name}: the default changed, which is what its absence means"
            yield from self.compare(f"{path}.{name}", field, after[name])

    def _compare_elements(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        for keyword, mark in (("items", "[]"), ("additionalProperties", "{}")):
            # msgspec writes `false` for the rest of a fixed array: that is no schema to go into.
            was, is_now = old.get(keyword, {}), new.get(keyword, {})
            if isinstance(was, dict) and isinstance(is_now, dict):
                if was or is_now:
                    yield from self.compare(path + mark, was, is_now)
            elif was != is_now:
                yield f"{path}{mark}: {keyword} changed"
        before, after = old.get("prefixItems", []), new.get("prefixItems", [])
        if len(before) != len(after) or old.get("minItems") != new.get("minItems"):
            yield f"{path}: its length changed"
        for index, (was, is_now) in enumerate(zip(before, after, strict=False)):
            yield from self.compare(f"{path}[{index}]", was, is_now)


def _values(schema: Schema) -> set[Any]:
    return {*schema.get("enum", ()), *schema.get(OPEN_SET, ())}


def _alternatives(schema: Schema, definitions: Schema) -> dict[str, Schema]:
    """What a value may be, by kind: a union's members, or the one schema itself."""
    found: dict[str, Schema] = {}
    for member in schema.get("anyOf", [schema]):
        resolved = member
        while "$ref" in resolved:
            resolved = definitions[resolved["$ref"].rpartition("/")[2]]
        if "anyOf" in resolved:
            found.update(_alternatives(resolved, definitions))
        else:
            found[_kind(resolved)] = resolved
    return found


def _kind(schema: Schema) -> str:
    if "enum" in schema:
        return _CLOSED
    if OPEN_SET in schema:
        return _OPEN
    if "type" not in schema:
        return "anything"
    form = schema.get("format")
    return f"{schema['type']} ({form})" if form else str(schema["type"])
