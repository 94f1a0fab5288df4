from pathlib import Path

from playground.connections.embedded import lockfile
from playground.connections.embedded.lockfile import Address, Holder, SharedUse, SoleUse


def test_one_child_holds_the_file_and_publishes_its_address(tmp_path: Path) -> None:
    path = lockfile.lock_path(tmp_path / "made")
    assert lockfile.read(path) == Holder(held=False, address=None)
    descriptor = lockfile.take(path)
    assert descriptor is not None
    assert lockfile.take(path) is None
    assert lockfile.read(path) == Holder(held=True, address=None)
    lockfile.publish(descriptor, Address(1234, "canary-key"))
    assert lockfile.read(path) == Holder(held=True, address=Address(1234, "canary-key"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert "canary" not in repr(lockfile.read(path))


def test_the_address_of_a_dead_child_is_not_read(tmp_path: Path) -> None:
    path = lockfile.lock_path(tmp_path)
    _take_and_die(path)
    assert lockfile.read(path) == Holder(held=False, address=None)
    assert lockfile.take(path) is not None
    assert lockfile.read(path) == Holder(held=True, address=None)


def test_an_owner_sees_that_others_use_the_child(tmp_path: Path) -> None:
    path = lockfile.users_path(tmp_path)
    ours, theirs = SharedUse(path), SharedUse(path)
    assert ours.begin()
    assert theirs.begin()
    ours.end()
    with SoleUse(path) as sole:
        assert not sole.granted
    theirs.end()
    with SoleUse(path) as sole:
        assert sole.granted
        assert not ours.begin(), "nobody begins while the owner stops it"
    assert ours.begin()
    ours.end()


def _take_and_die(path: Path) -> None:
    import os

    descriptor = lockfile.take(path)
    assert descriptor is not None
    lockfile.publish(descriptor, Address(1234, "key"))
    os.close(descriptor)
