"""Asks Zalo for the name and the picture of a user of an Official Account."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import msgspec

from tuyen_channels.answers import DECODING_ERRORS, send_call
from tuyen_channels.calls import ChannelRefusal, HiddenToken, Limit, RefusalKind
from tuyen_channels.posts import PostDetails
from tuyen_channels.profiles import CustomerProfile, ProfileSource, build_profile
from tuyen_channels.transport import HttpCall, Transport
from tuyen_channels.zalo.connector import APP_CALLS
from tuyen_channels.zalo.refusals import find_zalo_pause, find_zalo_refusal
from tuyen_events.vocabulary import Channel

_LARGER = "240"
"""The size of the picture, in pixels, that is shown where Zalo offers it."""


class _User(msgspec.Struct, frozen=True):
    display_name: str | None = None
    avatar: str | None = None
    avatars: dict[str, str] = {}


class _UserBody(msgspec.Struct, frozen=True):
    data: _User = _User()


class ZaloProfiles:
    """Calls for Official Accounts, with the token of each account."""

    name: ClassVar[Channel] = Channel.ZALO
    limits: ClassVar[Sequence[Limit]] = (
        APP_CALLS,
        Limit("profiles", rate_s=10, burst=10, of_app=True),
    )
    """Of the calls that Zalo allows the app, most are left to messages."""

    post_limits: ClassVar[Sequence[Limit]] = ()

    def __init__(self, address: str, transport: Transport) -> None:
        self._address = address.rstrip("/")
        self._transport = transport

    @classmethod
    def open(cls, settings: Mapping[str, str], transport: Transport) -> Self:
        return cls(settings["zalo_api"], transport)

    async def find(
        self, account: str, token: HiddenToken, external_id: str
    ) -> CustomerProfile | ChannelRefusal:
        call = HttpCall(
            method="GET",
            url=f"{self._address}/v3.0/oa/user/detail",
            query={"data": msgspec.json.encode({"user_id": external_id}).decode()},
            headers={"access_token": token.reveal()},
        )
        answer = await send_call(self._transport, call)
        if isinstance(answer, ChannelRefusal):
            return answer
        refusal, pause = find_zalo_refusal(answer), find_zalo_pause(answer.headers)
        if refusal is not None:
            return refusal if refusal.pause is not None else refusal._replace(pause=pause)
        try:
            user = _user_of(answer.body).data
        except DECODING_ERRORS:
            return ChannelRefusal(RefusalKind.PERMANENT, "refused", "Zalo: no profile")
        return build_profile(user.display_name, user.avatars.get(_LARGER) or user.avatar, pause)

    async def find_post(
        self, account: str, token: HiddenToken, external_id: str
    ) -> PostDetails | ChannelRefusal:
        return ChannelRefusal(RefusalKind.PERMANENT, "refused", "Zalo: no posts")


_user_of = msgspec.json.Decoder(_UserBody).decode

PROFILE_SOURCE: type[ProfileSource] = ZaloProfiles
