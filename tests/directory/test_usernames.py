"""One username, however it is typed."""

import unicodedata
from typing import Literal

import pytest

from tuyen_directory.usernames import compose_unicode, fold_username

FORMS = ["NFC", "NFD"]


@pytest.mark.parametrize("form", FORMS)
def test_case_and_spelling_do_not_distinguish_two_usernames(form: Literal["NFC", "NFD"]) -> None:
    typed = unicodedata.normalize(form, "CHỦ")
    assert fold_username(typed) == fold_username("chủ")
    assert fold_username(typed) != fold_username("chu")


def test_what_is_stored_is_composed() -> None:
    assert compose_unicode("chu\u0309") == "chủ"
    assert compose_unicode(compose_unicode("chu\u0309")) == compose_unicode("chủ")
