"""Installs requirement files into the environment of the running interpreter, each only if it changed.

Usage: python -m scripts.install [--again] FILE…

What was installed is kept as a copy of the file in the environment's `installed/` folder. The embedded model is
optional: where its files cannot be installed the reason is said in one line, and they are not tried again before the
file changes or `--again`.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSTALLED = Path(sys.prefix) / "installed"
OPTIONAL = "requirements-embedded.txt"
PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--require-virtualenv"]


def main(arguments: list[str]) -> int:
    again = "--again" in arguments
    for name in (argument for argument in arguments if not argument.startswith("-")):
        wanted = (ROOT / name).read_text(encoding="utf-8")
        stamp = INSTALLED / name
        refused = INSTALLED / f"{name}.refused"
        if _holds(stamp, wanted) or (_holds(refused, wanted) and not again):
            continue
        error = _install(name, packages=sum(line[:1].isalnum() for line in wanted.splitlines()))
        if error and name != OPTIONAL:
            print(f"{name} could not be installed:\n{error}", file=sys.stderr)
            return 1
        if error:
            last = error.strip().splitlines()[-1].removeprefix("ERROR: ")
            print(f"The demo model cannot be installed here ({last}). All else works; `make model` tries again.")
        INSTALLED.mkdir(exist_ok=True)
        (refused if error else stamp).write_text(wanted, encoding="utf-8")
        (stamp if error else refused).unlink(missing_ok=True)
    return 0


def _holds(stamp: Path, wanted: str) -> bool:
    try:
        return stamp.read_text(encoding="utf-8") == wanted
    except FileNotFoundError:
        return False


def _install(name: str, *, packages: int) -> str:
    """Run pip on one file, showing one line of progress. Returns what pip said was wrong, "" where all went well."""
    options = ["--no-deps", "--only-binary", ":all:"] if name == OPTIONAL else []
    print(f"Installing {name} ({packages} packages) …", flush=True)
    progress = Progress(packages)
    with subprocess.Popen(
        [*PIP, "--require-hashes", *options, "-r", str(ROOT / name)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as pip:
        assert pip.stdout is not None  # noqa: S101  (asked for above)
        errors: list[str] = []
        for line in pip.stdout:
            progress.show(line)
            if line.startswith(("ERROR", "  ERROR", "error")) or errors:
                errors.append(line)
    progress.close()
    return "".join(errors) or "pip failed without saying why" if pip.returncode else ""


class Progress:
    """The package that pip is at, rewritten in place on a terminal; nothing elsewhere."""

    def __init__(self, packages: int) -> None:
        self.packages = packages
        self.seen = 0
        self.terminal = sys.stdout.isatty()

    def show(self, line: str) -> None:
        line = line.strip()
        if line.startswith(("Collecting", "Requirement already satisfied")):
            self.seen += 1
        if self.terminal and line.startswith(("Collecting", "Downloading", "Installing")):
            print(f"\r\x1b[K  {min(self.seen, self.packages)}/{self.packages}  {line[:90]}", end="", flush=True)

    def close(self) -> None:
        if self.terminal:
            print("\r\x1b[K", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
