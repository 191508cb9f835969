"""Items that wait, of a kind that no service has."""

from datetime import UTC, datetime, timedelta

import msgspec

from tuyen_events.ids import OrganizationId

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP, OTHER = OrganizationId("shop"), OrganizationId("other")
MINUTE = timedelta(minutes=1)


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    id: str = msgspec.field(name="_id")
    organization: OrganizationId
    due: datetime
    attempts: int = 0


def errand(name: str = "a", at: datetime = NOW, organization: OrganizationId = SHOP) -> Errand:
    return Errand(id=name, organization=organization, due=at)
