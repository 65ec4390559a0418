"""Which addresses are public."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.shared.url_policy import public


@given(st.ip_addresses())
def test_an_embedded_ipv4_address_is_as_public_as_it_is_by_itself(address: ipaddress.IPv4Address) -> None:
    """An IPv4 address inside an IPv6 one is as public as it is by itself."""
    if isinstance(address, ipaddress.IPv6Address):
        return
    wrapped = [f"::ffff:{address}", str(ipaddress.IPv6Address((0x64FF9B << 96) | int(address)))]

    assert {public(text) for text in wrapped} == {public(str(address))}


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_the_public_internet_is_reached(address: str) -> None:
    """Of either kind."""
    assert public(address)


@pytest.mark.parametrize("text", ["shop.example", "", "1", "1.2.3", "fe80::1%eth0"])
def test_what_is_no_address_is_not_public(text: str) -> None:
    """Names are looked up first; a scoped address belongs to a link."""
    assert not public(text)
