import json

import pytest
from httpx import Request as Written
from starlette.requests import Request
from starlette.types import Message

from tuyen_doubles.parameters import Parameters, UnreadableParametersError, read_parameters


async def read(written: Written) -> Parameters:
    """What is read of a request as httpx writes it."""
    body = written.read()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {
        "type": "http",
        "method": written.method,
        "path": written.url.path,
        "query_string": written.url.query,
        "headers": [(name.lower(), value) for name, value in written.headers.raw],
        "app": object(),
    }
    return await read_parameters(Request(scope, receive))


async def test_query_json_form_and_multipart_are_read_alike() -> None:
    recipient = {"id": "67"}
    address = "http://double/me/messages?access_token=t"
    as_json = await read(Written("POST", address, json={"recipient": recipient}))
    as_form = await read(Written("POST", address, data={"recipient": json.dumps(recipient)}))
    multipart = await read(
        Written(
            "POST",
            address,
            data={"recipient": json.dumps(recipient)},
            files={"filedata": ("a.png", b"png", "image/png"), "bare": ("b", b"", None)},
        )
    )
    for parameters in (as_json, as_form, multipart):
        assert parameters.structure("recipient") == recipient
        assert parameters.text("access_token") == "t"
    assert multipart.files["filedata"].content_type == "image/png"
    assert multipart.files["filedata"].content == b"png"


async def test_no_secret_is_shown() -> None:
    address = "http://double/oauth/access_token?client_secret=s1"
    parameters = await read(
        Written("POST", address, data={"refresh_token": "s2", "code": "s3", "app_id": "1"})
    )
    assert parameters.without_secrets() == {"app_id": "1"}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"x", "multipart/form-data"),
        (b"\xff", "text/plain"),
    ],
)
async def test_a_body_that_is_not_what_it_says_is_refused(content: bytes, kind: str) -> None:
    written = Written("POST", "http://double/me", content=content, headers={"Content-Type": kind})
    with pytest.raises(UnreadableParametersError):
        await read(written)


def test_a_parameter_is_text_whatever_it_was_written_as() -> None:
    parameters = Parameters({"yes": True, "number": 1, "text": "a", "list": [1], "none": None})
    assert [parameters.text(name) for name in ("yes", "number", "text")] == ["true", "1", "a"]
    assert [parameters.text(name) for name in ("list", "none", "missing")] == [None] * 3
    assert parameters.structure("text") is None
