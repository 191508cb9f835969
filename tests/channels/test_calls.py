"""What a connector is asked to do."""

import pytest

from tuyen_channels.calls import ChannelRefusal, HiddenToken, RefusalKind


@pytest.mark.parametrize("kind", list(RefusalKind))
def test_p5_only_an_error_that_passes_leaves_a_doubt_and_not_if_it_is_certain(
    kind: RefusalKind,
) -> None:
    refusal = ChannelRefusal(kind, "refused")
    assert refusal.is_doubtful is (kind is RefusalKind.TRANSIENT)
    assert not refusal._replace(certain=True).is_doubtful


def test_p6_a_token_is_not_shown() -> None:
    token = HiddenToken("secret-token")
    assert "secret-token" not in f"{token} {token!r} {[token]}"
    assert token.reveal() == "secret-token"
    assert token == HiddenToken("secret-token")
    assert token != HiddenToken("another")
    assert token != "secret-token"
    assert len({token, HiddenToken("secret-token")}) == 1
