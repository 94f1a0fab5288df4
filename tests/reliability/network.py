"""Machines of a test's own: a network namespace each, on one bridge, where that is permitted; else separate ports."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Machine:
    """Where a server runs: `run_in` is the command that puts it there, `host` the address that it has there."""

    name: str
    host: str
    run_in: list[str] = field(default_factory=list)

    def cut(self) -> None:
        """Pull the plug of its network: what it sends is lost, and nobody is told."""
        _ip("link", "set", f"{self.name}-b", "down")

    def mend(self) -> None:
        _ip("link", "set", f"{self.name}-b", "up")


@dataclass(slots=True)
class Network:
    """`host` is where nginx, PostgreSQL and Redis listen; `clients` all addresses, as PostgreSQL has it."""

    machines: list[Machine]
    host: str
    clients: str
    is_real: bool

    def __str__(self) -> str:
        count = len(self.machines)
        return f"{count} network namespaces on a bridge" if self.is_real else f"{count} ports of one machine"


@contextlib.contextmanager
def network(count: int) -> Iterator[Network]:
    """So many machines. Ours to make and to remove: named after this process."""
    name, block = f"p{os.getpid() % 100000}", 100 + os.getpid() % 100
    host = f"10.231.{block}.1"
    machines = [
        Machine(f"{name}n{i}", f"10.231.{block}.{10 + i}", ["ip", "netns", "exec", f"{name}n{i}"]) for i in range(count)
    ]
    if not _make(f"{name}br", f"{host}/24", machines):
        local = "127.0.0.1"
        yield Network([Machine(f"{name}n{i}", local) for i in range(count)], local, f"{local}/32", is_real=False)
        return
    try:
        yield Network(machines, host, f"10.231.{block}.0/24", is_real=True)
    finally:
        _remove(f"{name}br", machines)


def _make(bridge: str, address: str, machines: list[Machine]) -> bool:
    """False, and nothing is left behind, where this is not permitted."""
    if os.getuid() != 0 or not shutil.which("ip"):
        return False
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("addr", "add", address, "dev", bridge)
        _ip("link", "set", bridge, "up")
        for machine in machines:
            inside, outside = f"{machine.name}-i", f"{machine.name}-b"
            _ip("netns", "add", machine.name)
            _ip("link", "add", outside, "type", "veth", "peer", "name", inside)
            _ip("link", "set", inside, "netns", machine.name)
            _ip("link", "set", outside, "master", bridge, "up")
            _ip("-n", machine.name, "addr", "add", f"{machine.host}/24", "dev", inside)
            _ip("-n", machine.name, "link", "set", inside, "up")
            _ip("-n", machine.name, "link", "set", "lo", "up")
    except subprocess.CalledProcessError:
        _remove(bridge, machines)
        return False
    return True


def _remove(bridge: str, machines: list[Machine]) -> None:
    for words in (*(("netns", "del", machine.name) for machine in machines), ("link", "del", bridge)):
        with contextlib.suppress(subprocess.CalledProcessError):
            _ip(*words)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
