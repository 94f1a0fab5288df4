"""Runs code that a page shows as its reader would: saved to a file, and started by the command below it."""

import os
import subprocess
import sys
from pathlib import Path

import playwright

from tests.server import ROOT

# The Node.js that comes with Playwright.
NODE = Path(playwright.__file__).parent / "driver" / "node"
PROGRAMS = {"sh": "sh", "python": sys.executable, "node": str(NODE)}


def execute(command: str, code: str, folder: Path, **environment: str) -> str:
    """What it prints. `command` is like `python ask.py`."""
    program, name = command.split()
    (folder / name).write_text(code, encoding="utf-8")
    plain = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "DJANGO_SETTINGS_MODULE")}
    done = subprocess.run(
        [PROGRAMS[program], name],
        cwd=folder,
        env={**plain, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert str(ROOT) not in code
    return done.stdout.decode()
