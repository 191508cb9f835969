"""R9.5: whose requests are counted together."""

import pytest

from tuyen_platform.callers import name_network, require_proxies


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::2", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "elsewhere"),
        ("testclient", "elsewhere"),
        (None, "elsewhere"),
    ],
)
def test_r9_5_callers_are_told_apart_by_what_they_cannot_choose(
    address: str | None, network: str
) -> None:
    assert name_network(address) == network


@pytest.mark.parametrize("trusted", ["", "127.0.0.1", "10.0.0.0/8, 192.0.2.1", "2001:db8::/32"])
def test_trusted_proxies_are_addresses_and_networks(trusted: str) -> None:
    require_proxies(trusted)


@pytest.mark.parametrize("trusted", ["*", "10.0.0.0/8,proxy", "10.0.0.0/33"])
def test_what_is_no_network_is_named(trusted: str) -> None:
    with pytest.raises(ValueError, match=r"TUYEN_TRUSTED_PROXIES: .+ is no network"):
        require_proxies(trusted)
