"""Customers whose names are asked for, and channels that know them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Self

from pydantic import SecretStr

from outbound.asking import ACCOUNT, MOMENT, PAGE, SHOP
from outbound.rig import TOKEN, World, WorldAccounts
from tuyen_channels.calls import ChannelRefusal, HiddenToken, Limit
from tuyen_channels.posts import PostDetails
from tuyen_channels.profiles import CustomerProfile
from tuyen_channels.transport import Transport
from tuyen_events.directory import PageChanged
from tuyen_events.ids import MessageId, OrganizationId, PageId, customer_id, message_thread_id
from tuyen_events.inbound import CommentAdded, Customer
from tuyen_events.vocabulary import Channel
from tuyen_outbound.domain.posts import WantedPost
from tuyen_outbound.domain.profiles import WantedProfile
from tuyen_platform.page_credentials import AccountCredentials


def wanted(
    customer: str = "670",
    organization: OrganizationId = SHOP,
    *,
    page: PageId = PAGE,
    at: datetime = MOMENT,
    caused_by: str = "evt_0",
) -> WantedProfile:
    identity = customer_id(organization, page, customer)
    return WantedProfile(
        id=identity,
        organization=organization,
        page_id=page,
        channel=Channel.FACEBOOK,
        external_id=customer,
        conversation_id=message_thread_id(identity),
        caused_by=caused_by,
        wanted_at=at,
        due=at,
    )


POST = f"{ACCOUNT}_332"
WROTE_BELOW = CommentAdded(
    organization=SHOP,
    page_id=PAGE,
    channel=Channel.FACEBOOK,
    occurred_at=MOMENT,
    accepted_at=MOMENT,
    message_id=MessageId("m_332_1"),
    external_id="332_1",
    post_external_id=POST,
    customer=Customer(id=customer_id(SHOP, PAGE, "670"), external_id="670", name="Lan"),
    text="Giá bao nhiêu?",
)
"""A comment below a post whose kind is not known."""


def wanted_post(post: str = POST, *, caused_by: str = "evt_0", attempts: int = 0) -> WantedPost:
    return WantedPost(
        id=f"post|{SHOP}|{PAGE}|{post}",
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        external_id=post,
        caused_by=caused_by,
        wanted_at=MOMENT,
        due=MOMENT,
        attempts=attempts,
    )


class KnownAccounts(WorldAccounts):
    """The one page of a world, and whether it has credentials. `lookups` counts the customers whose
    page was looked up."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.has_credentials = True
        self.lookups = 0

    def find_page(self, organization: OrganizationId, page: PageId) -> PageChanged | None:
        self.lookups += 1
        return super().find_page(organization, page)

    def find_credentials(self, account: str) -> AccountCredentials | None:
        if not self.has_credentials or not account.endswith(ACCOUNT):
            return None
        return AccountCredentials(access_token=SecretStr(TOKEN.reveal()))


class ScriptedProfiles:
    """A channel whose answers a test decides, by customer. An exception is raised."""

    name: ClassVar[Channel] = Channel.FACEBOOK
    limits: ClassVar[Sequence[Limit]] = ()
    post_limits: ClassVar[Sequence[Limit]] = ()

    def __init__(self) -> None:
        self.answers: dict[str, CustomerProfile | ChannelRefusal | Exception] = {}
        self.posts: dict[str, PostDetails | ChannelRefusal] = {}
        self.asked: list[tuple[str, HiddenToken, str]] = []

    @classmethod
    def open(cls, settings: Mapping[str, str], transport: Transport) -> Self:
        raise NotImplementedError

    async def find(
        self, account: str, token: HiddenToken, external_id: str
    ) -> CustomerProfile | ChannelRefusal:
        self.asked.append((account, token, external_id))
        answer = self.answers.get(external_id, CustomerProfile("Lan"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def find_post(
        self, account: str, token: HiddenToken, external_id: str
    ) -> PostDetails | ChannelRefusal:
        self.asked.append((account, token, external_id))
        return self.posts.get(external_id, PostDetails(text="Váy hoa nhí"))
