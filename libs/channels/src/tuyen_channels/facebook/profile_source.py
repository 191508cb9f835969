"""Asks Messenger's User Profile API for the name and the picture of a customer, and the Graph API
what a post is.

Facebook answers for people who have written to the page. Their name in a comment is in the webhook.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar, Self

import msgspec

from tuyen_channels.answers import DECODING_ERRORS, send_call
from tuyen_channels.calls import ChannelRefusal, HiddenToken, Limit, RefusalKind
from tuyen_channels.facebook.authorizing import authorize
from tuyen_channels.facebook.post_reading import read_post
from tuyen_channels.facebook.refusals import find_graph_pause, find_graph_refusal
from tuyen_channels.posts import PostDetails
from tuyen_channels.profiles import CustomerProfile, ProfileSource, build_profile
from tuyen_channels.segments import name_segment
from tuyen_channels.transport import HttpAnswer, HttpCall, Transport
from tuyen_events.vocabulary import Channel

_CALLS = Limit("profiles", rate_s=5, burst=20)
_FIELDS = "name,first_name,last_name,profile_pic"


class _Person(msgspec.Struct, frozen=True):
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    profile_pic: str | None = None


class FacebookProfiles:
    """Calls for Facebook's pages, with the token of each page."""

    name: ClassVar[Channel] = Channel.FACEBOOK
    limits: ClassVar[Sequence[Limit]] = (_CALLS,)
    post_limits: ClassVar[Sequence[Limit]] = (_CALLS, _CALLS)

    def __init__(self, address: str, app_secret: str, transport: Transport) -> None:
        self._address = address.rstrip("/")
        self._app_secret = app_secret
        self._transport = transport

    @classmethod
    def open(cls, settings: Mapping[str, str], transport: Transport) -> Self:
        return cls(settings["facebook_api"], settings["facebook_app_secret"], transport)

    async def find(
        self, account: str, token: HiddenToken, external_id: str
    ) -> CustomerProfile | ChannelRefusal:
        answer = await self._read(token, external_id, _FIELDS)
        if isinstance(answer, ChannelRefusal):
            return answer
        try:
            person = _person_of(answer.body)
        except DECODING_ERRORS:
            return ChannelRefusal(RefusalKind.PERMANENT, "refused", "Facebook: no profile")
        named = " ".join(filter(None, (person.last_name, person.first_name)))
        pause = find_graph_pause(answer.headers)
        return build_profile(person.name or named, person.profile_pic, pause)

    async def find_post(
        self, account: str, token: HiddenToken, external_id: str
    ) -> PostDetails | ChannelRefusal:
        return await read_post(account, external_id, partial(self._read, token))

    async def _read(
        self, token: HiddenToken, node: str, fields: str
    ) -> HttpAnswer | ChannelRefusal:
        """The fields of an object that has an id."""
        call = HttpCall(
            method="GET",
            url=f"{self._address}/{name_segment(node)}",
            query={"fields": fields},
        )
        answer = await send_call(self._transport, authorize(call, token, self._app_secret))
        if isinstance(answer, ChannelRefusal):
            return answer
        return find_graph_refusal(answer) or answer


_person_of = msgspec.json.Decoder(_Person).decode

PROFILE_SOURCE: type[ProfileSource] = FacebookProfiles
