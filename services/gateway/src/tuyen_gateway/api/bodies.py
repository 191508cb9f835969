"""The base types of bodies: strict when read, and written as they are documented."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, StringConstraints

from tuyen_directory.usernames import composed
from tuyen_events.ids import CHOSEN_ID_PATTERN
from tuyen_events.limits import NAME_CHARACTERS, PASSWORD_CHARACTERS, USERNAME_CHARACTERS

ChosenId = Annotated[str, StringConstraints(pattern=CHOSEN_ID_PATTERN)]
"""An id that a caller chooses."""

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_CHARACTERS)
]
TypedUsername = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=USERNAME_CHARACTERS)
]
"""As it was typed: old usernames may differ only in their Unicode form."""
Username = Annotated[TypedUsername, AfterValidator(composed)]
"""The same name in whichever Unicode form it was typed."""
Password = Annotated[SecretStr, StringConstraints(min_length=1, max_length=PASSWORD_CHARACTERS)]


class RequestBody(BaseModel):
    """A request's body: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ResponseBody(BaseModel):
    """A response's body."""

    model_config = ConfigDict(frozen=True)


class Versioned(ResponseBody):
    """`version` is the number of the write in its organization, and rises: use it as `?after=` for
    a read that includes the write. 0 if nothing was ever written and the defaults apply."""

    version: int
