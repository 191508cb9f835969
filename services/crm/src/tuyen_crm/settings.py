"""The CRM's settings."""

from typing import Self

from pydantic import model_validator

from tuyen_platform.settings import ServiceSettings


class CrmSettings(ServiceSettings):
    """The settings of every service, with a required database for the views."""

    @model_validator(mode="after")
    def _has_a_database(self) -> Self:
        if not self.mongodb:
            raise ValueError("TUYEN_MONGODB is not set: the contacts' view needs a database")
        return self
