"""The base types of bodies: strict when read, and written as they are documented."""

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

from tuyen_directory.usernames import compose_unicode
from tuyen_events.ids import CHOSEN_ID_PATTERN
from tuyen_events.limits import (
    ERRORS_LISTED,
    NAME_CHARACTERS,
    PASSWORD_CHARACTERS,
    USERNAME_CHARACTERS,
)

ChosenId = Annotated[str, StringConstraints(pattern=CHOSEN_ID_PATTERN)]
"""An id that a caller chooses."""

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_CHARACTERS)
]
TypedUsername = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=USERNAME_CHARACTERS)
]
"""The username as it was typed: old usernames may differ only in their Unicode form."""
Username = Annotated[TypedUsername, AfterValidator(compose_unicode)]
"""The same name in whichever Unicode form it was typed."""
Password = Annotated[SecretStr, StringConstraints(min_length=1, max_length=PASSWORD_CHARACTERS)]


class RequestBody(BaseModel):
    """A request's body: an unknown field is an error. Of thousands of errors only the first are
    reported, because each costs as much as reading many fields (R9.5): so fields that may be long
    have `fail_fast`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _few_unknown(cls, given: object) -> object:
        if not isinstance(given, dict) or len(given) <= len(cls.model_fields) + ERRORS_LISTED:
            return given
        known = {name: given[name] for name in cls.model_fields if name in given}
        unknown = ((name, held) for name, held in given.items() if name not in known)
        return known | dict(islice(unknown, ERRORS_LISTED))


class ResponseBody(BaseModel):
    """A response's body."""

    model_config = ConfigDict(frozen=True)


class BilingualText(ResponseBody):
    """A sentence for people, in Vietnamese and in English."""

    vi: str
    en: str


class Versioned(ResponseBody):
    """`version` is the number of the write in its organization, and rises: use it as `?after=` for
    a read that includes the write. 0 if nothing was ever written and the defaults apply."""

    version: int
