"""Which page a channel's id stands for, as the directory is changed."""

from datetime import timedelta
from typing import Any

from support import organizations
from support.organizations import AT, profile, rule
from tuyen_channels.ports import Page
from tuyen_directory.organization import Removed
from tuyen_events.directory import PageChanged
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.vocabulary import Channel
from tuyen_ingest.domain.pages import ConnectedPages, PagesAtAcceptance

HOA_SEN, SAO_MAI = OrganizationId("hoa-sen"), OrganizationId("sao-mai")
GIAY = PageId("giay")
REMOVED = Removed("page", GIAY)


def page(
    organization: OrganizationId = HOA_SEN, external_id: str = "104", **fields: Any
) -> PageChanged:
    return organizations.page(GIAY, organization=organization, external_id=external_id, **fields)


def list_served(pages: ConnectedPages, channel: Channel = Channel.FACEBOOK) -> dict[str, Page]:
    return dict(pages.of(channel))


def test_p4_an_active_page_is_known_in_its_own_channel() -> None:
    pages = ConnectedPages()
    pages.apply(HOA_SEN, page())
    assert list_served(pages) == {"104": Page(HOA_SEN, GIAY)}
    assert list_served(pages, Channel.ZALO) == {}


def test_p5b_a_page_says_which_apps_answer_automatically() -> None:
    pages = ConnectedPages()
    pages.apply(HOA_SEN, page(automatic_apps=("17", "18")))
    assert list_served(pages)["104"].automatic_apps == {"17", "18"}
    pages.apply(HOA_SEN, page())
    assert list_served(pages)["104"].automatic_apps == frozenset()


def test_p4_a_page_that_is_removed_or_inactive_is_not_known() -> None:
    pages = ConnectedPages()
    for change in (page(status="unsubscribed"), REMOVED):
        pages.apply(HOA_SEN, page())
        pages.apply(HOA_SEN, change)
        assert list_served(pages) == {}
    pages.apply(HOA_SEN, REMOVED)
    assert list_served(pages) == {}


def test_p4_a_page_that_was_given_another_account_leaves_the_old_one() -> None:
    pages = ConnectedPages()
    pages.apply(HOA_SEN, page())
    pages.apply(HOA_SEN, page(external_id="105"))
    assert list_served(pages) == {"105": Page(HOA_SEN, GIAY)}
    pages.apply(HOA_SEN, page(external_id="105", channel=Channel.ZALO))
    assert list_served(pages) == {}
    assert list_served(pages, Channel.ZALO) == {"105": Page(HOA_SEN, GIAY)}


def test_p4_pages_of_a_suspended_organization_are_not_known_until_it_is_back() -> None:
    pages = ConnectedPages()
    pages.apply(HOA_SEN, profile(organization=HOA_SEN, suspended=True))
    pages.apply(HOA_SEN, page())
    pages.apply(SAO_MAI, page(SAO_MAI, "106"))
    assert list_served(pages) == {"106": Page(SAO_MAI, GIAY)}
    pages.apply(HOA_SEN, profile(organization=HOA_SEN, suspended=False))
    assert set(list_served(pages)) == {"104", "106"}
    pages.apply(HOA_SEN, profile(organization=HOA_SEN, suspended=True))
    assert set(list_served(pages)) == {"106"}


def test_p1_a_page_belongs_to_the_first_organization_until_that_gives_it_up() -> None:
    pages = ConnectedPages()
    pages.apply(HOA_SEN, page())
    pages.apply(SAO_MAI, page(SAO_MAI))
    pages.apply(HOA_SEN, page())
    assert list_served(pages) == {"104": Page(HOA_SEN, GIAY)}
    pages.apply(HOA_SEN, REMOVED)
    assert list_served(pages) == {"104": Page(SAO_MAI, GIAY)}


def test_a_view_that_was_taken_follows_every_change() -> None:
    pages = ConnectedPages()
    view = pages.of(Channel.FACEBOOK)
    pages.apply(HOA_SEN, page())
    assert "104" in view
    pages.apply(HOA_SEN, REMOVED)
    assert "104" not in view


def test_what_is_no_page_and_no_organization_changes_nothing() -> None:
    pages = ConnectedPages()
    pages.apply(HOA_SEN, rule(organization=HOA_SEN))
    pages.apply(HOA_SEN, Removed("rule", "r"))
    assert list_served(pages) == {}


def test_r7_a_page_is_its_owners_whether_it_is_served_or_not() -> None:
    pages = ConnectedPages()
    assert pages.owner(Channel.FACEBOOK, "104") == ""
    pages.apply(HOA_SEN, page(status="inactive"))
    assert pages.owner(Channel.FACEBOOK, "104") == "hoa-sen/giay"
    pages.apply(SAO_MAI, page(SAO_MAI))
    assert pages.owner(Channel.FACEBOOK, "104") == "sao-mai/giay"
    pages.apply(SAO_MAI, REMOVED)
    pages.apply(HOA_SEN, REMOVED)
    assert pages.owner(Channel.FACEBOOK, "104") == ""


def test_r7_pages_of_then_are_those_that_are_whose_they_were() -> None:
    pages = ConnectedPages()
    pages.apply(HOA_SEN, page())
    pages.apply(SAO_MAI, page(SAO_MAI, "105"))
    owners = {"104": "hoa-sen/giay", "105": "hoa-sen/giay", "106": ""}
    then = PagesAtAcceptance(pages, Channel.FACEBOOK, AT, owners)
    assert dict(then) == {"104": Page(HOA_SEN, GIAY)}
    assert len(then) == 1
    assert "106" not in then
    assert then.withheld == {"105"}
    assert dict(PagesAtAcceptance(pages, Channel.FACEBOOK, AT, {})) == list_served(pages)
    assert not PagesAtAcceptance(pages, Channel.FACEBOOK, AT - timedelta(seconds=1), {})
