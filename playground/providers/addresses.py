"""Which network addresses an upstream may have.

Names are judged by the addresses they resolve to, at the moment of the connection: neither a second parser nor another
DNS answer can come in between.
"""

import ipaddress
import socket
from typing import Final

_UNICAST: Final = ipaddress.ip_network("2000::/3")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddress(OSError):
    """An OSError, as that is what a connection attempt may fail with; all have one text, so that they stay one."""

    def __init__(self) -> None:
        super().__init__("private address")


def is_public(text: str) -> bool:
    """Whether the IP address `text` is on the public Internet, as is the IPv4 address in it (6to4, NAT64)."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    if address in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)))
    carried = address.sixtofour
    return address in _UNICAST and address.is_global and (carried is None or is_public(str(carried)))


def names_private(host: str) -> bool:
    """Whether `host` spells a private address by itself. For hosts that a proxy resolves, not we.

    Understands what the C library does: `2130706433`, `0x7f.1`, `017700000001`.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return not is_public(name if ":" in name else socket.inet_ntoa(socket.inet_aton(name)))
    except (ValueError, OSError):  # it is a name
        return False


def public_socket(info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
    """A socket for one resolved address, as `getaddrinfo` gives it. Raises PrivateAddress."""
    family, kind, protocol, _, (host, *_) = info
    if not is_public(str(host)):
        raise PrivateAddress
    return socket.socket(family, kind, protocol)
