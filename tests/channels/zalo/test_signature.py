"""P2: Zalo's signature is a plain SHA-256 over the raw bytes, between the app's id and a secret."""

import hashlib
import json
import time

import pytest

from support.facebook import PAYLOADS
from support.zalo import APP_ID, OA_SECRET, TIME, encode, event, sign
from tuyen_channels.zalo.channel import ZaloChannel
from tuyen_channels.zalo.signature import ZaloSignature

VECTOR = json.loads((PAYLOADS / "_signature_vectors.json").read_text())["zalo"]
RAW = VECTOR["raw_body"].encode()
SIGNED = VECTOR["value"].encode()


@pytest.fixture
def signature() -> ZaloSignature:
    return ZaloSignature(VECTOR["app_id"], VECTOR["oa_secret_key"])


def signed(raw: bytes) -> bytes:
    return sign(raw)["X-ZEvent-Signature"].encode()


def sign_with(raw: bytes, moment: str) -> bytes:
    """The signature as if `moment` were the time."""
    whole = APP_ID.encode() + raw + moment.encode() + OA_SECRET.encode()
    return hashlib.sha256(whole).hexdigest().encode()


def test_p2_the_published_signature_verifies_with_its_prefix_and_without(
    signature: ZaloSignature,
) -> None:
    assert signature.verify(RAW, SIGNED, None)
    assert signature.verify(RAW, VECTOR["also_accept_bare_hex"].encode(), None)
    assert signature.verify(RAW, SIGNED, VECTOR["timestamp"].encode())


@pytest.mark.parametrize(
    "given",
    [
        None,
        b"",
        b"mac=",
        SIGNED[:-1],
        SIGNED + b"0",
        SIGNED.replace(b"mac=", b"sha256="),
        VECTOR["must_not_match_hmac"].encode(),
        b"mac=" + VECTOR["must_not_match_hmac"].encode(),
        "mac=é".encode(),
        b"\xff",
    ],
)
def test_p2_anything_else_is_refused(signature: ZaloSignature, given: bytes | None) -> None:
    assert not signature.verify(RAW, given, None)
    assert not signature.verify(RAW, given, VECTOR["timestamp"].encode())


def test_p2_another_secret_app_byte_or_time_is_refused(signature: ZaloSignature) -> None:
    assert not ZaloSignature(VECTOR["app_id"], "another").verify(RAW, SIGNED, None)
    assert not ZaloSignature("3600000000000000002", VECTOR["oa_secret_key"]).verify(
        RAW, SIGNED, None
    )
    assert not signature.verify(RAW + b" ", SIGNED, None)
    assert not signature.verify(RAW.replace(b"1790000000000", b"1790000000001"), SIGNED, None)
    again = json.dumps(json.loads(RAW)).encode()
    assert not signature.verify(again, SIGNED, None)


@pytest.mark.parametrize("written", ['"1790000000000"', "1790000000000"])
def test_p2_the_time_is_the_bodys_as_text_or_as_a_number(written: str) -> None:
    raw = encode(event()).replace(b'"1790000000000"', written.encode())
    assert ZaloSignature(APP_ID, OA_SECRET).verify(raw, signed(raw), None)


def test_p2_a_time_in_a_customers_words_is_not_the_bodys() -> None:
    raw = encode(event(message={"msg_id": "m", "text": '"timestamp":"1" \\"timestamp\\":2'}))
    verify = ZaloSignature(APP_ID, OA_SECRET).verify
    assert verify(raw, sign_with(raw, TIME), None)
    for other in ("1", "2", ""):
        assert not verify(raw, sign_with(raw, other), None)


@pytest.mark.parametrize("odd", [b"{broken", b"\xff", b'{"text":"\\ud83d"}'])
def test_p2_a_body_that_is_no_json_is_verified_by_the_time_in_the_header(odd: bytes) -> None:
    verify = ZaloSignature(APP_ID, OA_SECRET).verify
    assert verify(odd, signed(odd), TIME.encode())
    assert not verify(odd, signed(odd), None)


def test_p2_no_digit_moves_from_the_time_into_the_body() -> None:
    raw = encode(event())
    verify = ZaloSignature(APP_ID, OA_SECRET).verify
    for moved in range(1, len(TIME)):
        header = TIME[moved:].encode()
        assert not verify(raw + TIME[:moved].encode(), signed(raw), header)
    assert not verify(raw[:-1], signed(raw), b"}" + TIME.encode())


def test_r9_5_a_body_with_very_many_times_takes_no_longer_than_reading_it() -> None:
    raw = b"{%b}" % b",".join(b'"timestamp":"%d"' % number for number in range(100_000))
    started = time.perf_counter()
    assert not ZaloSignature(APP_ID, OA_SECRET).verify(raw, b"0" * 64, None)
    assert time.perf_counter() - started < 1


def test_p2_an_empty_secret_or_app_signs_for_nobody() -> None:
    for app, secret in (("", "secret"), ("app", "")):
        with pytest.raises(ValueError, match="empty app id or secret"):
            ZaloChannel(app, secret)
