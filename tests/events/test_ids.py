"""Ids are stored: what these vectors say must stay, or a redelivered webhook makes new events."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.ids import (
    CHOSEN_ID_PATTERN,
    CustomerId,
    OrganizationId,
    PageId,
    comment_thread_id,
    contact_id,
    customer_id,
    customer_key,
    cut_chosen_id,
    derive_event_id,
    event_id,
    livechat_app_id,
    livestream_thread_id,
    message_id,
    message_thread_id,
)

ORGANIZATION = OrganizationId("hoa-sen")
PAGE = PageId("hoa-sen-thoi-trang")
CUSTOMER = CustomerId("cus_5b8565d68d61f815b84ef835")


@pytest.mark.parametrize(
    ("derived", "stored"),
    [
        (customer_id(ORGANIZATION, PAGE, "6700000000000001"), "cus_5b8565d68d61f815b84ef835"),
        (contact_id(CUSTOMER), "con_fa225c17f85f00afa6d32251"),
        (message_thread_id(CUSTOMER), "msg_fa225c17f85f00afa6d32251"),
        (livestream_thread_id(CUSTOMER, "104_332"), "live_8b622c6ee0e0b7b04cf977b3"),
        (comment_thread_id(ORGANIZATION, PAGE, "332_759"), "cmt_0a18d60e315114796795ff23"),
        (livechat_app_id(ORGANIZATION, PAGE), "app_8bcba2af0f6b205f8dd3de04"),
        (message_id(ORGANIZATION, PAGE, "m_Kq7d"), "m_4045aa87c2501a89c28d8539"),
        (event_id("facebook", "104", "message", "m_Kq7d"), "evt_4b012d48d3fb8c165411c95f"),
        (event_id("livechat", "Tiếng Việt"), "evt_276fe6415692bf202b9a63ef"),
        (derive_event_id("evt_1", "assignment"), "evt_98cfae25cbc6118885dd547a"),
    ],
)
def test_r9_2_the_same_source_has_the_same_id_for_ever(derived: str, stored: str) -> None:
    assert derived == stored


def test_r9_3_the_key_of_a_customer_is_readable() -> None:
    assert (
        customer_key(ORGANIZATION, PAGE, "6700000000000001")
        == "hoa-sen/hoa-sen-thoi-trang/6700000000000001"
    )


@given(st.text(min_size=60, max_size=70), st.text())
def test_r1_5_what_is_longer_than_an_id_names_nothing_however_often_it_is_cut(
    name: str, more: str
) -> None:
    kept = cut_chosen_id(name)
    assert kept is not None
    assert kept == (name if len(name) <= 64 else cut_chosen_id(kept))
    assert len(kept) <= 64
    if len(name) > 64:
        assert re.match(CHOSEN_ID_PATTERN, kept) is None
        assert cut_chosen_id(name + more) == kept


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2))
def test_parts_never_run_into_one_another(parts: list[str]) -> None:
    assert event_id(*parts) != event_id("".join(parts[:2]), *parts[2:])
