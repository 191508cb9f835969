"""The CRM's settings."""

from typing import Self

from pydantic import model_validator

from tuyen_platform.settings import ServiceSettings


class CrmSettings(ServiceSettings):
    """What every service has, and a database for the views."""

    @model_validator(mode="after")
    def _has_a_database(self) -> Self:
        if not self.mongodb:
            raise ValueError("TUYEN_MONGODB is not set: the contacts' view needs a database")
        return self
