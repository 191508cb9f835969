"""Files that agents send: taken, kept within limits, and shown to whoever may see them (I6, R7)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.feed import Feed
from gateway.rig import Rig, User
from tuyen_attachments.ports import NewAttachment
from tuyen_attachments.recognizing import LIMITS
from tuyen_events.ids import ConversationId, MessageId, OrganizationId, PageId, message_id
from tuyen_events.limits import STRANGERS_BODY_BYTES
from tuyen_events.media import media_id
from tuyen_events.outbound import AttachmentId
from tuyen_gateway.api import attachments
from tuyen_gateway.api.app import create_app
from tuyen_gateway.api.request_checks import RequestChecks
from tuyen_platform.clock import ManualClock

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2_000


async def upload(user: User, content: bytes = PNG, name: str = "anh.png") -> dict[str, Any]:
    answer = await user.upload(content, name)
    assert answer.status_code == 201, answer.text
    stored: dict[str, Any] = answer.json()
    return stored


async def test_i6_a_file_is_stored_and_read_again(boss: User) -> None:
    stored = await upload(boss)
    assert stored == {
        "id": stored["id"],
        "url": f"/v1/attachments/{stored['id']}",
        "content_type": "image/png",
        "size": len(PNG),
        "kind": "image",
        "name": "anh.png",
    }
    answer = await boss.get(stored["url"])
    assert answer.status_code == 200
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''anh.png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg"),
        (b"<!doctype html><script>alert(1)</script>", "a.html"),
        (b"%PDF-1.7 ...", "a.pdf"),
    ],
)
async def test_i6_what_a_browser_could_run_is_downloaded(
    boss: User, content: bytes, name: str
) -> None:
    answer = await boss.get((await upload(boss, content, name))["url"])
    assert answer.content == content
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert answer.headers["content-type"] in ("text/plain; charset=utf-8", "application/pdf")


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00\x03", b"\x7fELF\x02"])
async def test_i6_a_file_that_is_nothing_known_is_refused(boss: User, content: bytes) -> None:
    answer = await boss.upload(content, "anh.png")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.file"


async def test_i6_a_kind_has_its_own_limit(boss: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, "image", len(PNG) - 1)
    answer = await boss.upload(PNG)
    assert answer.status_code == 413
    assert str(len(PNG) - 1) in answer.json()["detail"]
    assert (await boss.upload(b"ID3" + PNG)).status_code == 201


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-", 10, len(PNG)),
        ("bytes=-5", len(PNG) - 5, len(PNG)),
        ("bytes=300000-300100", 300_000, 300_101),
        ("bytes=1-99999999999", 1, len(PNG)),
    ],
)
async def test_i6_a_range_is_answered_alone(boss: User, wanted: str, start: int, end: int) -> None:
    url = (await upload(boss))["url"]
    answer = await boss.get(url, {"Range": wanted})
    assert answer.status_code == 206
    assert answer.content == PNG[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(PNG)}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("wanted", ["bytes=", "bytes=0-1,3-4", "bytes=5-2", "items=0-1"])
async def test_i6_a_range_that_is_none_changes_nothing(boss: User, wanted: str) -> None:
    answer = await boss.get((await upload(boss))["url"], {"Range": wanted})
    assert (answer.status_code, answer.content) == (200, PNG)


async def test_i6_a_range_beyond_the_end_is_refused(boss: User) -> None:
    answer = await boss.get((await upload(boss))["url"], {"Range": f"bytes={len(PNG)}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(PNG)}"


async def test_i6_who_has_it_already_is_told_so_without_the_content(boss: User) -> None:
    url = (await upload(boss))["url"]
    tag = (await boss.get(url)).headers["etag"]
    answer = await boss.get(url, {"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_r9_5_a_stranger_uploads_nothing(rig: Rig) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1024
            yield b"x" * 1024

    for token in ("", "made.up.token"):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data"}
        answer = await rig.client.post("/v1/attachments", content=endless(), headers=headers)
        assert answer.status_code == 401
    assert sent <= STRANGERS_BODY_BYTES


async def test_r9_5_a_body_without_end_is_cut_off(
    boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_gateway.api.request_checks.UPLOAD_BYTES", 100_000)
    assert (await boss.upload(PNG)).status_code == 413
    assert (await boss.upload(PNG[:90_000])).status_code == 201


async def test_r9_5_a_body_that_stops_is_given_up(rig: Rig, boss: User) -> None:
    async def stopping() -> AsyncIterator[bytes]:
        yield b"--cut\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n" + PNG
        await asyncio.Event().wait()

    app = RequestChecks(create_app(rig.gateway), rig.gateway, upload_within_s=0.05)
    headers = {
        "Authorization": f"Bearer {boss.token}",
        "Content-Type": "multipart/form-data; boundary=cut",
    }
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        answer = await client.post("/v1/attachments", content=stopping(), headers=headers)
    assert answer.status_code == 408


async def test_r9_5_an_organization_uploads_so_much_within_an_hour(
    rig: Rig, boss: User, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "UPLOADS_AN_HOUR", 2)
    other = await rig.organization("other")
    for _ in range(2):
        await upload(boss)
    answer = await boss.upload(PNG)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "600"
    await upload(other)
    clock.advance(timedelta(hours=1, minutes=1))
    boss = await rig.login("shop", "boss", "boss-password")
    await upload(boss)


async def test_r7_2_an_upload_is_its_uploaders_until_it_is_sent(
    desk: Rig, owner: User, feed: Feed
) -> None:
    lan, hoa = await desk.staff(owner, "lan"), await desk.staff(owner, "hoa")
    await owner.done("PUT", "/v1/settings", {"visibility": "own_only"})
    stranger = await desk.organization("other")
    thread = await feed.message("a")
    await feed.assign("a", "hoa")
    await owner.get(f"/v1/conversations/{thread}?after=0")
    stored = await upload(lan)
    for who, status in ((lan, 200), (hoa, 404), (owner, 404), (stranger, 404)):
        assert (await who.get(stored["url"])).status_code == status
    noted = await desk.gateway.attachments.note_use(
        OrganizationId("shop"), [AttachmentId(stored["id"])], ConversationId(str(thread))
    )
    assert noted
    for who, status in ((lan, 200), (hoa, 200), (owner, 200), (stranger, 404)):
        assert (await who.get(stored["url"])).status_code == status


async def keep_medium(desk: Rig, message: MessageId, url: str) -> str:
    """Stores what a customer sent, as the media's keeper does."""

    async def content() -> AsyncIterator[bytes]:
        yield PNG

    new = NewAttachment(
        id=media_id(message, url),
        organization=OrganizationId("shop"),
        kind="image",
        content_type="image/png",
        message_id=message,
        created_at=desk.gateway.clock.now(),
    )
    stored = await desk.gateway.attachments.add(new, content())
    return f"/v1/attachments/{stored.id}"


async def test_r7_2_a_medium_is_seen_by_whoever_may_see_its_conversation(
    desk: Rig, owner: User, feed: Feed
) -> None:
    lan, hoa = await desk.staff(owner, "lan"), await desk.staff(owner, "hoa")
    await owner.done("PUT", "/v1/settings", {"visibility": "own_only"})
    thread = await feed.message("a", mid="m1")
    await feed.assign("a", "hoa")
    message = message_id(OrganizationId("shop"), PageId("page"), "m1")
    url = await keep_medium(desk, message, "https://scontent.xx.fbcdn.net/1.png")
    await owner.get(f"/v1/conversations/{thread}?after=0")
    for who, status in ((lan, 404), (hoa, 200), (owner, 200)):
        assert (await who.get(url)).status_code == status
    await feed.assign("a", "lan")
    await owner.get(f"/v1/conversations/{thread}?after=0")
    for who, status in ((lan, 200), (hoa, 404)):
        assert (await who.get(url)).status_code == status


async def test_r7_2_what_a_customer_took_back_is_seen_by_nobody(
    desk: Rig, owner: User, feed: Feed
) -> None:
    thread = await feed.message("a", mid="m1")
    message = message_id(OrganizationId("shop"), PageId("page"), "m1")
    url = await keep_medium(desk, message, "https://scontent.xx.fbcdn.net/1.png")
    await owner.get(f"/v1/conversations/{thread}?after=0")
    assert (await owner.get(url)).status_code == 200
    await feed.unsend("a", "m1")
    await owner.get(f"/v1/conversations/{thread}?after=0")
    assert (await owner.get(url)).status_code == 404
