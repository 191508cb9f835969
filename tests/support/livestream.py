"""A livestream of a shop's page, and what its channel double was told to do below it."""

import time

import httpx

from support.shop import Json, Shop, accept, eventually
from tuyen_doubles.tokens import PAGE_TOKEN_PREFIX
from tuyen_local.stack import DOUBLES, Stack

_NAMES = ("Hoa", "Mai", "Trúc", "Sen", "Cúc", "Huệ")


class Livestream:
    """A post of the shop's page, below which customers comment; `live` if told so. A comment's id
    says nothing of its page, so the numbers are another shop's nowhere."""

    def __init__(self, stack: Stack, shop: Shop) -> None:
        self._doubles = stack.url(DOUBLES)
        self._shop = shop
        self._post, self._video = f"33{shop.facebook.page}", f"88{shop.facebook.page}"
        self._said = 0
        self.id = f"{shop.facebook.page}_{self._post}"

    async def begin(self, *staff: str, text: str = "Xả kho cuối năm", live: bool = True) -> None:
        """The agents are on the page, which can call its channel; who is free may be taken."""
        shop, page = self._shop, self._shop.facebook.page
        await shop.admin.put(
            f"/v1/pages/{shop.page_id}",
            channel="facebook",
            external_id=page,
            name="Trang bán hàng",
            staff=list(staff),
            credentials={"access_token": f"{PAGE_TOKEN_PREFIX}{page}-live"},
        )
        await shop.settings(assignment=True, take_unassigned=True)
        async with httpx.AsyncClient(base_url=self._doubles, trust_env=False) as doubles:
            described = {"account": page, "post": self.id, "text": text}
            accept(await doubles.put("/_double/posts", json=described))
        if live:
            facebook = shop.facebook
            accept(
                await facebook.send(
                    facebook.video(self._post, self._video), facebook.live(self._video)
                )
            )

    async def comment(self, *texts: str, customer: str | None = None) -> list[str]:
        """Comments in this order, each of another customer, or all of one; their ids."""
        facebook, ids, changes = self._shop.facebook, [], []
        for text in texts:
            number, self._said = self._said, self._said + 1
            ids.append(f"{self._post}_{number}")
            changes.append(
                facebook.comment(
                    customer or f"k{number}",
                    ids[-1],
                    text=text,
                    name=f"{_NAMES[number % len(_NAMES)]} {number}",
                    post=self._post,
                    video=True,
                    at=int(time.time()) - 3_600 + self._said,
                )
            )
        accept(await facebook.send(*changes))
        return ids

    async def told(self, action: str, comment: str) -> Json:
        """The call by which the channel was told to do something to a comment, once it came."""
        found: list[Json] = []
        asked = {"channel": "facebook", "account": self._shop.facebook.page, "action": action}
        async with httpx.AsyncClient(base_url=self._doubles, trust_env=False) as doubles:

            async def is_told() -> bool:
                calls = accept(await doubles.get("/_double/calls", params=asked)).json()["items"]
                found[:] = [call for call in calls if call["to"] == comment]
                return bool(found)

            await eventually(is_told, lambda: f"nobody called {action} of {comment}")
        (call,) = found
        return call
