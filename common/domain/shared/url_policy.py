"""Where an address that a tenant names may lead: the public internet, and nowhere inside."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from common.errors import InvalidRequest

_HTTPS, _FIRST_FREE_PORT = 443, 1024
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_LARGEST_PORT = 65_535


def check_target(url: str, *, loopback: bool) -> None:
    """Refuse an address that we would not call, before anything is looked up.

    Raises:
        InvalidRequest: It is not https on an ordinary port, carries credentials or a fragment, or names an
            address inside our own or somebody's private network.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = _LARGEST_PORT + 1
    host = (parts.hostname or "").rstrip(".")
    if loopback and parts.scheme == "http" and host in _LOOPBACK_NAMES:
        return
    plain = url.isascii() and url.isprintable() and not set(url) & set(" \\#")
    if not plain or parts.scheme != "https" or not host or "@" in parts.netloc:
        raise InvalidRequest(
            "a target is an https address without credentials or a fragment", code="forbidden_target"
        )
    if port not in {None, _HTTPS} and not _FIRST_FREE_PORT <= port <= _LARGEST_PORT:
        raise InvalidRequest("this port is not called", code="forbidden_target")
    if _literal(host) is not None and not public(host):
        raise InvalidRequest("this address is not on the public internet", code="forbidden_target")


def public(address: str) -> bool:
    """Whether an IP address is one of the public internet, whatever it is wrapped in."""
    found = _literal(address)
    if found is None:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1]) or _nat64(found)
        if inner is not None:
            return public(str(inner))
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
