"""The network addresses that may be called when somebody outside chose the URL: a site's
`reply_url` (L5), or the media of a message (I6). Addresses inside the operator's network are
refused (SSRF).
"""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

_NAT64 = IPv6Network("64:ff9b::/96")


class AdmittedNetworks:
    """Public addresses, and those inside of `allowed`: networks separated by commas, such as
    `127.0.0.1/32`. Raises ValueError for what is no network.

    Check each address that a name resolves to, at the time of each call: a name may lead elsewhere
    a moment later.
    """

    def __init__(self, allowed: str = "") -> None:
        self._allowed: list[IPv4Network | IPv6Network] = [
            ip_network(network.strip(), strict=False)
            for network in allowed.split(",")
            if network.strip()
        ]

    def admit(self, address: str) -> bool:
        """Whether a call may go to an IP address; False for anything that is none."""
        try:
            found = _without_wrapping(ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if any(found in network for network in self._allowed):
            return True
        return found.is_global and not _is_special(found)


def _is_special(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address that counts as global leads to no single host of the internet: also what
    was reserved for sites, or for IPv4 addresses within IPv6, which some networks still use."""
    within_site = isinstance(address, IPv6Address) and address.is_site_local
    return address.is_multicast or address.is_reserved or within_site


def _without_wrapping(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address leads to, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
