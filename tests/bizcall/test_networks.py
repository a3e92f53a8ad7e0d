"""Addresses, and the networks in which they lie."""

from __future__ import annotations

import pytest

from bizcall import networks

OFFICE = ("198.51.100.0/24", "192.0.2.7/32", "2001:db8:1::/48")


@pytest.mark.parametrize(
    ("address", "lies_within"),
    [
        ("198.51.100.0", True),
        ("198.51.100.255", True),
        ("198.51.101.0", False),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("::ffff:192.0.2.7", True),
        ("2001:db8:1:ffff::1", True),
        ("2001:db8:1::1%eth0", True),
        ("2001:db8:2::1", False),
        ("::1", False),
        ("", False),
        ("unknown", False),
        ("198.51.100.9, 203.0.113.9", False),
    ],
)
def test_S8_an_address_lies_in_a_network_or_in_none(address: str, lies_within: bool) -> None:
    assert networks.within(networks.read(address), OFFICE) is lies_within


def test_S8_nothing_lies_in_no_network() -> None:
    assert not networks.within(networks.read("198.51.100.9"), ())
