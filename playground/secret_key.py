"""The secret key of an installation that sets none: generated once, kept in its data folder."""

import os
import secrets
from pathlib import Path


def load_secret_key(data_dir: Path) -> str:
    """Read `DATA_DIR/secret_key`, or write a new one there (mode 600) and return it."""
    path = data_dir / "secret_key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
    key = secrets.token_urlsafe(64)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    return key
