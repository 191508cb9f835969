"""What the bodies of the steering routes have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

STEERING_PREFIX = "/_double"

DoubleIdentifier = Annotated[str, StringConstraints(min_length=1, max_length=200)]
SaidText = Annotated[str, StringConstraints(min_length=1, max_length=8_000)]


class SteeringBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
