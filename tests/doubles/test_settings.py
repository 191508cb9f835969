import pytest

from tuyen_doubles.settings import DoublesSettings


def test_a_double_signs_with_the_secret_of_its_own_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TUYEN_ZALO_OA_SECRET", "s3cret")
    monkeypatch.setenv("TUYEN_FACEBOOK_APP_SECRET", "")
    given = DoublesSettings().reveal_channels()
    assert given["zalo_oa_secret"] == "s3cret"
    assert given["facebook_app_secret"] == "local-only"
    assert "s3cret" not in repr(DoublesSettings())
