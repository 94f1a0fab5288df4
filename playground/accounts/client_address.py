"""Whose request it is, by address: behind a proxy all come from the proxy's, which says whom it got them from."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest

_Address = IPv4Address | IPv6Address
_MOST_PROXIES: Final = 16  # what a client wrote in front of what our proxies did is not read


def client_address(request: HttpRequest) -> str:
    """The address that limits count by; "" where the server knows none.

    `X-Forwarded-For` is read from its end: each proxy adds whom it got the request from. It is believed as long as
    PLAYGROUND_TRUSTED_PROXIES wrote it; what stands before that, anybody may have written.
    """
    peer: str = request.META.get("REMOTE_ADDR", "")
    at = _parsed(peer)
    if at is None or not _is_trusted(at):
        return peer
    for said in reversed(request.headers.get("X-Forwarded-For", "").rsplit(",", _MOST_PROXIES)[-_MOST_PROXIES:]):
        before = _parsed(said)
        if before is None:  # "unknown", or nothing at all
            break
        at = before
        if not _is_trusted(at):
            break
    return str(at)


def _is_trusted(address: _Address) -> bool:
    return any(address in network for network in settings.PLAYGROUND_TRUSTED_PROXIES)


def _parsed(text: str) -> _Address | None:
    """Of an address as proxies write it, some with a port: 192.0.2.1:4711, [2001:db8::1]:4711. None for all else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
