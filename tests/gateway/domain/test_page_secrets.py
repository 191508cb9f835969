import pytest

from tuyen_events.limits import PAGE_SECRET_CHARACTERS
from tuyen_gateway.domain.page_secrets import is_page_secret


@pytest.mark.parametrize("value", ["EAAB", "a|b-c_d.e~/+=", "x" * PAGE_SECRET_CHARACTERS])
def test_a_token_is_visible_ascii(value: str) -> None:
    assert is_page_secret(value)


@pytest.mark.parametrize(
    "value",
    ["", " ", "a b", "a\n", "chủ", "a\x7f", "x" * (PAGE_SECRET_CHARACTERS + 1), None, 1, []],
)
def test_anything_else_is_no_token(value: object) -> None:
    assert not is_page_secret(value)
