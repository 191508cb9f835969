"""What bodies are made of: strict when read, and written as they are documented."""

from itertools import islice
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    SecretStr,
    StringConstraints,
    model_validator,
)

from tuyen_events.ids import CHOSEN_ID_PATTERN
from tuyen_events.limits import (
    ERRORS_TOLD,
    NAME_CHARACTERS,
    PASSWORD_CHARACTERS,
    USERNAME_CHARACTERS,
)
from tuyen_gateway.domain.usernames import composed

ChosenId = Annotated[str, StringConstraints(pattern=CHOSEN_ID_PATTERN)]
"""An id that a caller chooses."""

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_CHARACTERS)
]
TypedUsername = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=USERNAME_CHARACTERS)
]
"""As it was typed: two of earlier days may differ in nothing but how they are composed."""
Username = Annotated[TypedUsername, AfterValidator(composed)]
"""However its letters were composed where it was typed, it is one name."""
Password = Annotated[SecretStr, StringConstraints(min_length=1, max_length=PASSWORD_CHARACTERS)]


class Body(BaseModel):
    """A request's body: a field that is not known is a mistake, and is said so.

    Of thousands of mistakes the first are told, for each costs as much as reading many fields
    (R9.5): so what may be long has `fail_fast`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _few_unknown(cls, given: object) -> object:
        if not isinstance(given, dict) or len(given) <= len(cls.model_fields) + ERRORS_TOLD:
            return given
        known = {name: given[name] for name in cls.model_fields if name in given}
        unknown = ((name, held) for name, held in given.items() if name not in known)
        return known | dict(islice(unknown, ERRORS_TOLD))


class Answer(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(frozen=True)


class Versioned(Answer):
    """`version` is the number of the write in its organization, and rises: give it as `?after=` to
    read what has seen it. 0 where nothing was ever written and the defaults stand."""

    version: int
