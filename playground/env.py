"""Reads the environment. A value that does not parse stops the start with one clear line."""

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in _TRUE:
        return True
    if value.strip().lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be one of 1, 0, true, false, yes, no, on, off; it is {value!r}.")


def env_choice(name: str, choices: tuple[str, ...]) -> str:
    """One of `choices`, in whatever case; the first where the variable is unset."""
    value = os.environ.get(name, "").strip().lower() or choices[0]
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}; it is {value!r}.")
    return value


def env_int(name: str, default: int, *, minimum: int) -> int:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number; it is {value!r}.") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}; it is {number}.")
    return number


def env_list(name: str) -> list[str]:
    return [item.strip() for item in os.environ.get(name, "").split(",") if item.strip()]


def env_networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks, separated by commas: 10.0.0.9, 10.1.0.0/16, ::1."""
    networks = []
    for item in env_list(name):
        try:
            networks.append(ip_network(item))
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} must be a list of addresses and networks such as 10.0.0.9 or 10.1.0.0/16; one is {item!r}."
            ) from None
    return networks


def env_objects(name: str) -> list[str]:
    """Names of Python objects, each as package.module:object."""
    items = env_list(name)
    for item in items:
        module, colon, path = item.partition(":")
        if not (colon and all(part.isidentifier() for part in [*module.split("."), *path.split(".")])):
            raise ImproperlyConfigured(f"{name} must be a list of package.module:object; one is {item!r}.")
    return items


def env_path(name: str, default: Path) -> Path:
    value = os.environ.get(name, "").strip()
    return Path(value).expanduser().resolve() if value else default


def env_url(name: str, *, schemes: tuple[str, ...]) -> str:
    """A URL with one of `schemes` and a host, without its trailing slash; "" where the variable is unset."""
    value = os.environ.get(name, "").strip().rstrip("/")
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in schemes or not host:
        raise ImproperlyConfigured(f"{name} must be a URL that starts with {' or '.join(s + '://' for s in schemes)}.")
    return value
