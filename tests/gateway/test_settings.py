"""The gateway refuses to start on settings that cannot be right."""

import pytest
from pydantic import ValidationError

from gateway.channels_twin import FACEBOOK_APP_SECRET, ZALO_APP_SECRET
from gateway.rig import settings


def test_p6_no_secret_of_an_app_is_shown() -> None:
    shown = repr(settings())
    assert FACEBOOK_APP_SECRET not in shown
    assert ZALO_APP_SECRET not in shown


def test_a_base_address_has_no_slash_at_its_end() -> None:
    assert settings(zalo_api="https://openapi.zalo.me/").zalo_api == "https://openapi.zalo.me"


@pytest.mark.parametrize("name", ["facebook_api", "facebook_dialog", "zalo_api", "zalo_oauth"])
@pytest.mark.parametrize("given", ["graph.facebook.com", "ftp://a.example", "https://a/?b=1"])
def test_what_is_no_base_address_is_refused(name: str, given: str) -> None:
    with pytest.raises(ValidationError, match=name):
        settings(**{name: given})


def test_l5_what_is_no_network_is_refused() -> None:
    assert settings(reply_networks="127.0.0.1/32,10.0.0.0/8")
    with pytest.raises(ValidationError, match="TUYEN_REPLY_NETWORKS"):
        settings(reply_networks="loopback")
