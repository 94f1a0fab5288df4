"""`make run` on machines that lack something, and a second time."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the scripts and requirements, and an environment that has no pip."""
    folder = tmp_path / "clone"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    for path in ROOT.glob("requirements*.txt"):
        shutil.copy(path, folder)
    venv.create(folder / ".venv", with_pip=False)
    return folder


def install(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(clone / ".venv" / "bin" / "python"), "-m", "scripts.install", *arguments]
    return subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)


def setup(clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["scripts/setup"], cwd=clone, env=environment, capture_output=True, text=True, check=False)


class TestInstall:
    def test_what_the_app_needs_must_install(self, clone: Path) -> None:
        done = install(clone, "requirements.txt")
        assert done.returncode == 1
        assert done.stderr.startswith("requirements.txt could not be installed:\n")

    def test_goes_on_without_the_demo_model_and_says_so_once(self, clone: Path) -> None:
        first = install(clone, "requirements-embedded.txt")
        assert first.returncode == 0
        assert first.stdout.splitlines()[-1].startswith("The demo model cannot be installed here (")
        again = install(clone, "requirements-embedded.txt")
        assert (again.returncode, again.stdout) == (0, "")

    def test_tries_the_demo_model_again_when_asked(self, clone: Path) -> None:
        install(clone, "requirements-embedded.txt")
        assert "The demo model cannot be installed" in install(clone, "--again", "requirements-embedded.txt").stdout

    def test_installs_a_file_once(self, clone: Path) -> None:
        (clone / ".venv" / "installed").mkdir()
        shutil.copy(clone / "requirements.txt", clone / ".venv" / "installed")
        done = install(clone, "requirements.txt")
        assert (done.returncode, done.stdout) == (0, "")


class TestSetup:
    @pytest.fixture
    def programs(self, tmp_path: Path) -> Path:
        """A PATH with no Python on it."""
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in ("sh", "dirname"):
            (folder / name).symlink_to(shutil.which(name) or "")
        return folder

    @pytest.fixture
    def fresh(self, clone: Path) -> Path:
        shutil.rmtree(clone / ".venv")
        return clone

    def test_says_which_python_is_needed(self, fresh: Path, programs: Path) -> None:
        done = setup(fresh, PATH=str(programs))
        assert done.returncode == 1
        assert done.stderr == (
            "Python 3.11 or newer is needed and was not found. Install it, or name it: "
            "PYTHON=/path/to/python3 make run\n"
        )

    def test_says_that_the_venv_module_is_missing(self, fresh: Path, programs: Path) -> None:
        python = programs / "python3"
        python.write_text(f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        done = setup(fresh, PATH=str(programs))
        assert done.returncode == 1
        assert done.stderr.startswith("Python's venv module is missing.")
        assert len(done.stderr.splitlines()) == 1


class TestPrepare:
    def prepare(self, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
        }
        return subprocess.run(
            [sys.executable, "-m", "scripts.prepare"],
            cwd=ROOT,
            env={**kept, "DATA_DIR": str(data), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def test_migrates_once(self, tmp_path: Path) -> None:
        first = self.prepare(tmp_path)
        assert first.stderr == ""
        assert "Preparing the database …" in first.stdout
        assert (tmp_path / "playground.sqlite3").exists()
        assert self.prepare(tmp_path).stdout == ""

    def test_a_wrong_setting_is_one_line(self, tmp_path: Path) -> None:
        done = self.prepare(tmp_path, PLAYGROUND_MAX_RUNS="many")
        assert done.returncode == 1
        assert done.stderr == "PLAYGROUND_MAX_RUNS must be a whole number; it is 'many'.\n"
