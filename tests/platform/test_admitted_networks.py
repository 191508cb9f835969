"""L5: public addresses are called, and others only where the operator allows it."""

import pytest

from tuyen_platform.admitted_networks import AdmittedNetworks


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_l5_a_public_address_is_admitted(address: str) -> None:
    assert AdmittedNetworks().admit(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.1.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - not bound to
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::7f00:1",
        "::ffff:0:127.0.0.1",
        "64:ff9b:1::7f00:1",
        "fec0::1",
        "localhost",
        "",
    ],
)
def test_l5_an_address_inside_a_network_is_refused(address: str) -> None:
    assert not AdmittedNetworks().admit(address)


def test_l5_the_operator_allows_networks() -> None:
    networks = AdmittedNetworks("127.0.0.1/32, fd00::/8,")
    admitted = [networks.admit(one) for one in ("127.0.0.1", "127.0.0.2", "fd00::1", "fe80::1")]
    assert admitted == [True, False, True, False]
    assert networks.admit("::ffff:127.0.0.1")


@pytest.mark.parametrize("text", ["loopback", "10.0.0.0/33"])
def test_l5_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        AdmittedNetworks(text)
