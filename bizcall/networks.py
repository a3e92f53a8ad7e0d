"""Addresses and networks, read in one way for whoever asks from where a request comes."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAPPED = 96
"""Bits before the IPv4 address that an IPv6 one carries."""


def read(text: str) -> Address | None:
    """The address in a text, an IPv4 one also where IPv6 carries it; None for what is none."""
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else parsed


def network(text: str) -> Network:
    """The network in a CIDR text, an IPv4 one also where IPv6 carries it; raises ValueError."""
    parsed = ipaddress.ip_network(text)
    carried = parsed.network_address.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Network) else None
    if carried is None or parsed.prefixlen < _MAPPED:
        return parsed
    return ipaddress.IPv4Network((carried, parsed.prefixlen - _MAPPED))


def within(address: Address | None, networks: tuple[str, ...]) -> bool:
    """Whether the address lies in one of these CIDR texts; what is no address lies nowhere."""
    return address is not None and any(address in each for each in _read(networks))


@lru_cache(maxsize=8)
def _read(networks: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(map(network, networks))
