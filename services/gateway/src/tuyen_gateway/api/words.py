"""Words of open sets (decision 26): a request may contain only words that this version knows, a
response also others.

A request's model has the type `Known[Channel]`, a response's model the type `Channel`.
"""

from typing import Annotated, Any, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from tuyen_events.vocabulary import OPEN_WORD_PATTERN, OpenWord


class _OfThisVersion:
    """Refuses words that this version does not know, which the class itself would accept."""

    def __get_pydantic_core_schema__(
        self, source: type[OpenWord], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        *others, last = (repr(word.value) for word in source)
        expected = f"{', '.join(others)} or {last}"

        def require_known(word: OpenWord) -> OpenWord:
            if not word.is_known:
                raise PydanticKnownError("enum", {"expected": expected})
            return word

        words = core_schema.enum_schema(source, list(source), sub_type="str")
        return core_schema.no_info_after_validator_function(require_known, words)


_Words = TypeVar("_Words", bound=OpenWord)

Known = Annotated[_Words, _OfThisVersion()]
"""A word that a caller may send: one that this version knows."""


def open_up(schemas: dict[str, Any]) -> None:
    """Marks the open sets among OpenAPI's schemas as open. The words that a request may contain
    have no schema of their own: they are listed in the fields of requests."""
    for words in OpenWord.__subclasses__():
        described = schemas.get(words.__name__)
        if described is not None and "enum" in described:
            described["x-extensible-enum"] = described.pop("enum")
            described["pattern"] = OPEN_WORD_PATTERN
