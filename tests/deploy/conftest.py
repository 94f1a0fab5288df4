"""What the page's snippets need of this machine, and a host to run them on."""

import os
import shutil
from pathlib import Path

import pytest

from tests.deploy.snippets import Sandbox

PROGRAMS = ("nginx", "openssl", "sqlite3", "systemd-analyze", "pg_dump", "curl")


@pytest.fixture(autouse=True, scope="session")
def _programs() -> None:
    path = f"{os.environ['PATH']}:/usr/sbin"
    if missing := [name for name in PROGRAMS if not shutil.which(name, path=path)]:
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    (tmp_path / "host").mkdir()
    return Sandbox(tmp_path / "host")
