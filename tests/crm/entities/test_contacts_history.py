"""C8: the events of a contact in words."""

import pytest

from crm.lan import after, make_observe_command, rename
from tuyen_crm.entities.contacts.decide import OwnContactCommand
from tuyen_crm.entities.contacts.describing import describe
from tuyen_events.crm.contacts import ContactCreated, ContactNamed, ContactRenamed


@pytest.mark.parametrize(
    ("commands", "vi", "en", "change"),
    [
        (
            [make_observe_command("Lan")],
            "Khách liên hệ lần đầu qua Facebook.",
            "The customer got in touch for the first time, by Facebook.",
            (None, "Lan"),
        ),
        (
            [make_observe_command(None), make_observe_command("Lan", "evt_2")],
            "Kênh cho biết tên của khách: “Lan”.",
            "The channel said the customer's name: “Lan”.",
            (None, "Lan"),
        ),
        (
            [make_observe_command(None), rename("Chị Lan")],
            "đặt tên cho khách là “Chị Lan”.",
            "named the contact “Chị Lan”.",
            (None, "Chị Lan"),
        ),
        (
            [make_observe_command("Lan"), rename("Chị Lan")],
            "đổi tên khách từ “Lan” thành “Chị Lan”.",
            "renamed the contact from “Lan” to “Chị Lan”.",
            ("Lan", "Chị Lan"),
        ),
        (
            [make_observe_command("Lan"), rename(None)],
            "xóa tên của khách.",
            "removed the contact's name.",
            ("Lan", None),
        ),
        (
            [make_observe_command(None), rename("Chị Lan"), make_observe_command("Lan", "evt_2")],
            "Kênh cho biết tên của khách: “Lan”.",
            "The channel said the customer's name: “Lan”.",
            None,
        ),
    ],
)
def test_c8_the_history_in_words(
    commands: list[OwnContactCommand],
    vi: str,
    en: str,
    change: tuple[str | None, str | None] | None,
) -> None:
    event = after(*commands)[1][-1]
    assert isinstance(event, ContactCreated | ContactNamed | ContactRenamed)
    description = describe(event, None, None)
    assert (description.vi, description.en) == (vi, en)
    assert description.by == ("hoa" if isinstance(event, ContactRenamed) else None)
    changes = [(each.before, each.after) for each in description.changes if each.field == "name"]
    assert changes == ([] if change is None else [change])
