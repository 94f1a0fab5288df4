"""How the processes of one host agree on one child: two files in the data folder, locked with flock(2).

`embedded-model.HOST.json` (mode 600) is locked by the child for as long as it lives, and holds its address once it
answers. The kernel frees the lock however the child ends, so an address is current exactly while the file is locked.
`embedded-model.HOST.users` is locked, shared, by each process that uses the child: its owner does not stop it under
another's answer. The host's name is in both, since a data folder may be shared by hosts or containers and a loopback
address may not.
"""

import fcntl
import json
import os
import platform
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, Self

_MAX_SIZE: Final = 1000


@dataclass(frozen=True, slots=True)
class Address:
    port: int
    key: str = field(repr=False)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


class Holder(NamedTuple):
    """`address` is None while nobody holds the file, and while the child that holds it is still loading."""

    held: bool
    address: Address | None


def lock_path(data_dir: Path) -> Path:
    return data_dir / f"embedded-model.{_host()}.json"


def users_path(data_dir: Path) -> Path:
    return data_dir / f"embedded-model.{_host()}.users"


def take(path: Path) -> int | None:
    """The child's side: a descriptor that holds the lock until it is closed; None if another child has it."""
    descriptor = _open(path)
    if not _lock(descriptor, fcntl.LOCK_EX):
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    return descriptor


def publish(descriptor: int, address: Address) -> None:
    os.pwrite(descriptor, json.dumps({"port": address.port, "key": address.key}).encode(), 0)


def read(path: Path) -> Holder:
    descriptor = _open(path)
    try:
        if _lock(descriptor, fcntl.LOCK_SH):
            return Holder(held=False, address=None)
        return Holder(held=True, address=_parse(os.pread(descriptor, _MAX_SIZE, 0)))
    finally:
        os.close(descriptor)


class SharedUse:
    """This process's mark that it uses the child."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def begin(self) -> bool:
        """False while an owner is stopping the child: try again in a moment."""
        if self._descriptor is not None:
            return True
        descriptor = _open(self._path)
        if not _lock(descriptor, fcntl.LOCK_SH):
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def end(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class SoleUse:
    """A context in which no process may begin to use the child; `granted` is False if some process uses it now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self.granted = False

    def __enter__(self) -> Self:
        self._descriptor = _open(self._path)
        self.granted = _lock(self._descriptor, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_exc: object) -> None:
        os.close(self._descriptor)


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "_", platform.node())[:64] or "host"


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _parse(content: bytes) -> Address | None:
    if not content:
        return None
    fields = json.loads(content)
    return Address(port=fields["port"], key=fields["key"])
