"""Waiting for the CRM's views."""

import pytest

from tuyen_gateway import view_wait
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.view_wait import wait_until_shown


async def test_c4_what_is_shown_later_is_returned_and_what_is_not_shown_in_time_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = iter((None, None, "shown"))

    async def look() -> str | None:
        return next(looks, None)

    assert await wait_until_shown(look) == "shown"
    monkeypatch.setattr(view_wait, "WAIT_S", 0.0)
    with pytest.raises(UnavailableError):
        await wait_until_shown(look)
