"""P2: the signature is over the raw bytes."""

import json

import pytest

from support.facebook import PAYLOADS
from tuyen_channels.facebook.channel import FacebookChannel
from tuyen_channels.signature import Signature

VECTORS = json.loads((PAYLOADS / "_signature_vectors.json").read_text())
FACEBOOK = VECTORS["facebook"]
RAW = FACEBOOK["raw_body"].encode()
SIGNED = FACEBOOK["value"].encode()


@pytest.fixture
def signature() -> Signature:
    return Signature(FACEBOOK["app_secret"])


def test_p2_metas_own_escaped_form_verifies(signature: Signature) -> None:
    assert rb"\u00e0" in RAW
    assert signature.sign(RAW) == SIGNED
    assert signature.verify(RAW, SIGNED)


def test_p2_a_body_that_was_parsed_and_dumped_again_fails(signature: Signature) -> None:
    again = json.dumps(json.loads(RAW), ensure_ascii=False).encode()
    assert signature.sign(again) == FACEBOOK["wrong_if_reserialised"].encode()
    assert not signature.verify(again, SIGNED)


@pytest.mark.parametrize(
    "given",
    [
        None,
        b"",
        b"sha256=",
        SIGNED[:-1],
        SIGNED + b"0",
        SIGNED.upper(),
        SIGNED.removeprefix(b"sha256="),
        b"sha1=" + SIGNED.removeprefix(b"sha256="),
        "sha256=é".encode(),
    ],
)
def test_p2_anything_else_is_refused(signature: Signature, given: bytes | None) -> None:
    assert not signature.verify(RAW, given)


def test_p2_another_apps_secret_and_another_byte_are_refused(signature: Signature) -> None:
    assert not Signature("another").verify(RAW, SIGNED)
    assert not signature.verify(RAW + b" ", SIGNED)


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({}, "1158201444"),
        ({"hub.verify_token": "wrong"}, None),
        ({"hub.verify_token": ""}, None),
        ({"hub.verify_token": "mã"}, None),
        ({"hub.mode": "unsubscribe"}, None),
        ({"hub.mode": ""}, None),
    ],
)
def test_p2_the_handshake_answers_the_bare_challenge_to_our_token_alone(
    changed: dict[str, str], answer: str | None
) -> None:
    asked = {
        "hub.mode": "subscribe",
        "hub.challenge": "1158201444",
        "hub.verify_token": "meatyhamhock",
    }
    channel = FacebookChannel("secret", "meatyhamhock")
    assert channel.handshake({**asked, **changed}) == answer


def test_p2_an_empty_secret_signs_for_nobody() -> None:
    with pytest.raises(ValueError, match="empty secret"):
        Signature("")
    with pytest.raises(ValueError, match="empty verify token"):
        FacebookChannel("secret", "")
