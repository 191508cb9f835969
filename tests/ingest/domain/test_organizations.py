"""What organizations have set up, as ingest follows it."""

from support.organizations import SHOP, agent, page
from tuyen_directory.organization import Removed
from tuyen_events.ids import AgentId, PageId
from tuyen_events.vocabulary import Channel
from tuyen_ingest.domain.organizations import KnownOrganizations


def test_l4_every_change_is_followed() -> None:
    known = KnownOrganizations()
    assert known.find(SHOP) is None
    assert not known.has_widget(SHOP, PageId("site"))
    known.apply(SHOP, page("site", channel=Channel.LIVECHAT), 1_000)
    known.apply(SHOP, page("fb"), 1_000)
    known.apply(SHOP, agent("lan", name="Lan"), 1_001)
    shop = known.find(SHOP)
    assert shop is not None
    lan = shop.agent(AgentId("lan"))
    assert lan is not None
    assert lan.name == "Lan"
    assert known.has_widget(SHOP, PageId("site"))
    assert not known.has_widget(SHOP, PageId("fb"))
    known.apply(SHOP, Removed("page", "site"), 1_002)
    assert not known.has_widget(SHOP, PageId("site"))
