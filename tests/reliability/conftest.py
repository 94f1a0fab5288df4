import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.server import Server

Serve = Callable[..., AbstractContextManager[Server]]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty SQLite database, to be copied."""
    folder = tmp_path_factory.mktemp("migrated") / "data"
    Server(folder).manage("migrate", "-v0")
    return folder


@pytest.fixture
def serve(migrated: Path, tmp_path: Path) -> Serve:
    """`serve(**environment)` runs a server on a new SQLite database, in `data_dir` if one is given."""

    @contextlib.contextmanager
    def serving(data_dir: Path = tmp_path / "data", **environment: str) -> Iterator[Server]:
        shutil.copytree(migrated, data_dir, dirs_exist_ok=True)
        server = Server(data_dir, **environment)
        try:
            server.start()
            yield server
        finally:
            server.kill()

    return serving


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other accounts may enter. Those of pytest are closed anew whenever another pytest starts."""
    with tempfile.TemporaryDirectory(prefix="playground-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
