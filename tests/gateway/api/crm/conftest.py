import pytest

from gateway.api.crm.answering import contact, show
from tuyen_platform.mongodb import Database
from tuyen_views.contacts import CONTACTS_VIEW


@pytest.fixture
async def contacts(views: Database) -> Database:
    """Three contacts: two of `shop`, one of `rival`."""
    await views[CONTACTS_VIEW.collection].create_indexes(list(CONTACTS_VIEW.indexes))
    await show(
        views,
        contact(0, "shop", "Nguyễn Vĩnh"),
        contact(1, "shop", "Trần Lan"),
        contact(2, "rival", "Vinh"),
    )
    return views
