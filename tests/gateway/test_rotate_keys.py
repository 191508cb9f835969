"""P6: a command encrypts again all that is stored encrypted, while gateways serve."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence

import pytest
from pydantic import SecretStr

from gateway.rig import Rig, User, records, running
from tuyen_events.topics import PAGE_CREDENTIALS
from tuyen_gateway.rotate_keys import ENCRYPTED, rotate_keys
from tuyen_platform.clock import ManualClock
from tuyen_platform.encrypted_records import RecordCipher
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import (
    Condition,
    LogUnavailableError,
    ProducerRecord,
    RecordMetadata,
)
from tuyen_platform.page_credentials import AccountCredentials, PageCredentials

OLD, NEW = (urlsafe_b64encode(bytes([number] * 32)).decode() for number in (1, 2))
BACK = {"redirect_uri": "https://inbox.example/back"}
PAGE = {"channel": "zalo", "external_id": "2000", "name": "OA"}
GIVEN = {"access_token": "a", "refresh_token": "r"}


async def connect(rig: Rig) -> User:
    boss = await rig.organization()
    await boss.done("PUT", "/v1/pages/site", {"channel": "livechat", "name": "Web"})
    await boss.done("PUT", "/v1/pages/oa", {**PAGE, "credentials": GIVEN})
    await boss.done("POST", "/v1/pages/connect/zalo", BACK)
    return boss


async def test_p6_after_the_command_the_old_key_is_needed_no_more(
    log: InMemoryLog, clock: ManualClock
) -> None:
    async with running(log, clock, secrets_key=OLD) as rig:
        await connect(rig)
    before = {topic.name: len(await records(log, topic)) for topic in ENCRYPTED}
    both = RecordCipher(SecretStr(f"{NEW},{OLD}"))
    async with running(log, clock, secrets_key=f"{NEW},{OLD}") as rig:
        assert await rotate_keys(log, both) == (3, 0)
        assert await rotate_keys(log, both) == (0, 0)
        boss = await rig.login("shop", "boss", "boss-password")
        assert (await boss.done("GET", "/v1/pages/oa"))["connected"]
    for topic in ENCRYPTED:
        assert len(await records(log, topic)) == before[topic.name] + 1
    async with running(log, clock, secrets_key=NEW) as rig:
        boss = await rig.login("shop", "boss", "boss-password")
        assert (await boss.done("GET", "/v1/pages/oa"))["connected"]
        put = await boss.done("PUT", "/v1/pages/site", {"channel": "livechat", "name": "Web"})
        assert "token" not in put  # it is still known


async def test_p6_what_no_key_opens_is_counted_and_named(
    log: InMemoryLog, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(log, clock, secrets_key=OLD) as rig:
        await connect(rig)
    assert await rotate_keys(log, RecordCipher(SecretStr(NEW))) == (0, 3)
    said = capsys.readouterr().out
    assert "record_without_key" in said
    assert "zalo/2000" in said


async def test_p6_an_interrupted_command_leaves_what_was_written_meanwhile_as_the_last_record(
    log: InMemoryLog, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last record of a key is all that is left of it after a compaction."""
    both, append_if = SecretStr(f"{NEW},{OLD}"), log.append_if
    async with running(log, clock, secrets_key=OLD) as rig:
        await connect(rig)
    given = AccountCredentials(access_token=SecretStr("given meanwhile"))
    fresh = PageCredentials(both).set_record("shop/zalo/2000", given)

    async def end_after(
        copies: Sequence[ProducerRecord], holds: Condition
    ) -> Sequence[RecordMetadata] | None:
        is_late = any(copy.key == fresh.key for copy in copies)
        if is_late:
            await log.append_all([fresh])
        written = await append_if(copies, holds)
        if is_late:
            raise LogUnavailableError("the command ends here")
        return written

    monkeypatch.setattr(log, "append_if", end_after)
    with pytest.raises(LogUnavailableError, match="ends here"):
        await rotate_keys(log, RecordCipher(both))
    of_key = [one for one in await records(log, PAGE_CREDENTIALS) if one.key == fresh.key.encode()]
    assert of_key[-1].value == fresh.value
    monkeypatch.undo()
    assert await rotate_keys(log, RecordCipher(both)) == (1, 0)
