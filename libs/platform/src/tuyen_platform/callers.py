"""The network that a request comes from: the part of the address that a caller cannot choose
freely."""

import ipaddress


def name_network(address: str | None) -> str:
    """The part of a caller's network address that they cannot choose freely: an IPv4 address, or
    the 64 bits of an IPv6 address that a provider gives to one customer."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "elsewhere"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def require_proxies(trusted: str) -> None:
    """Raises ValueError unless these are addresses or networks, separated by commas: the setting
    TUYEN_TRUSTED_PROXIES."""
    for network in filter(None, trusted.split(",")):
        try:
            ipaddress.ip_network(network.strip(), strict=False)
        except ValueError:
            raise ValueError(f"TUYEN_TRUSTED_PROXIES: {network!r} is no network") from None
