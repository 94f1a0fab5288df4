"""The snippets of docs/deploy.md, and a folder in which they do what they do without touching this machine."""

import os
import re
import subprocess
from collections.abc import Sequence
from configparser import RawConfigParser
from pathlib import Path

from tests.server import ROOT

PAGE = ROOT / "docs" / "deploy.md"
_SNIPPET = re.compile(r"<!-- snippet: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)

FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >> "{calls}"
"""
# The test is no other user: what follows the dashes is run as it is.
FAKE_RUNUSER = """#!/bin/sh
echo "runuser $*" >> "{calls}"
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""
FAKE_GIT = """#!/bin/sh
echo "git $*" >> "{calls}"
if [ "$1" = clone ]; then ln -s "{root}" "$3"; fi
"""


def snippets() -> dict[str, str]:
    """All snippets of the page by name."""
    return dict(_SNIPPET.findall(PAGE.read_text()))


def replaced(text: str, replacements: dict[str, str]) -> str:
    """`text` with this machine's folders and addresses in the places of the page's, all of which must be there."""
    for old, new in replacements.items():
        assert old in text, f"“{old}” is not in the snippet"
        text = text.replace(old, new)
    return text


def unit(text: str) -> RawConfigParser:
    """A systemd unit, its names as they are written."""
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # documented way
    parser.read_string(text)
    return parser


class Sandbox:
    """A host in a folder: the page's folders lie in it, and what would change the machine is only noted in `calls`."""

    FAKES = ("systemctl", "useradd", "chown", "ssh")

    def __init__(self, folder: Path) -> None:
        self.code, self.state, self.backups = folder / "code", folder / "state", folder / "backups"
        self.environment_file = folder / "environment"
        self.environment_file.write_text("")
        self.state.mkdir(mode=0o700)
        self._calls = folder / "calls"
        self._programs = folder / "programs"
        self._programs.mkdir()
        for name in self.FAKES:
            self._program(name, FAKE)
        self._program("git", FAKE_GIT)
        self._program("runuser", FAKE_RUNUSER)

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    def here(self, text: str) -> str:
        """`text` with the sandbox's folders in the places of the page's."""
        for old, new in {
            "/srv/playground": self.code,
            "/var/lib/playground": self.state,
            "/var/backups/playground": self.backups,
            "/etc/playground/environment": self.environment_file,
        }.items():
            text = text.replace(old, str(new))
        return text

    def run(
        self, name: str, replacements: dict[str, str] | None = None, arguments: Sequence[str] = (), **environment: str
    ) -> str:
        """Run a snippet; return what it printed. It must succeed, each of its lines."""
        script = self.here(replaced(snippets()[name], replacements or {}))
        kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL", "DATA_DIR")}
        path = f"{self._programs}:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-eu", "-c", script, name, *arguments],
            env={**kept, **environment, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def _program(self, name: str, text: str) -> None:
        program = self._programs / name
        program.write_text(text.format(calls=self._calls, root=ROOT))
        program.chmod(0o755)
