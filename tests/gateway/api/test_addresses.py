"""Addresses of others: what is one, and one way to write an origin."""

import pytest
from pydantic import TypeAdapter, ValidationError

from tuyen_gateway.api.addresses import Address, Origin, find_host

ADDRESSES = TypeAdapter(Address)
ORIGINS = TypeAdapter(Origin)


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        (" HTTP://Shop.Example:80/ ", "http://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://BÜCHER.example", "https://xn--bcher-kva.example"),
    ],
)
def test_l4_an_origin_is_written_as_browsers_send_it(given: str, origin: str) -> None:
    assert ORIGINS.validate_python(given) == origin
    assert ORIGINS.validate_python(origin) == origin


@pytest.mark.parametrize(
    "given",
    [
        "",
        "shop.example",
        "https://",
        "https://shop.example:0/",
        "https://shop.example:99999/",
        "https://a@shop.example/",
        "https://shop.example\\@inside/",
        "https://[::1/",
        "https://-shop.example/",
        "https://shop..example/",
        "https://" + "a" * 260 + "/",
        "https://\u2100.example/",
        "https://shop.example/\u202e",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    for adapter in (ADDRESSES, ORIGINS):
        with pytest.raises(ValidationError):
            adapter.validate_python(given)


@pytest.mark.parametrize("given", ["https://shop.example/a", "https://shop.example/?a=1"])
def test_l4_an_origin_has_no_path(given: str) -> None:
    assert ADDRESSES.validate_python(given) == given
    with pytest.raises(ValidationError, match="without a path"):
        ORIGINS.validate_python(given)


def test_a_host_is_found_as_browsers_write_it() -> None:
    assert find_host("https://Shop.Example:8000/x") == "shop.example"
    assert find_host("http://[::1]/") == "[::1]"
    assert find_host("nothing") is None
