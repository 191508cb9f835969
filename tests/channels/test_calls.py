"""What a connector is asked to do."""

from tuyen_channels.calls import HiddenToken


def test_p6_a_token_is_not_shown() -> None:
    token = HiddenToken("secret-token")
    assert "secret-token" not in f"{token} {token!r} {[token]}"
    assert token.reveal() == "secret-token"
    assert token == HiddenToken("secret-token")
    assert token != HiddenToken("another")
    assert token != "secret-token"
    assert len({token, HiddenToken("secret-token")}) == 1
