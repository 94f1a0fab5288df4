"""What the documents say exists, the lock files are in step, and nothing of a developer's machine is in the tree."""

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def commands_in(document: str) -> str:
    """The parts of a document that are code."""
    return "\n".join(re.findall(r"```.*?```|`[^`]+`", document, re.DOTALL))


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
class TestDocuments:
    def test_make_targets_exist(self, document: Path) -> None:
        targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
        named = set(re.findall(r"\bmake ([a-z]+)", commands_in(text_of(document))))
        assert named <= targets

    def test_management_commands_exist(self, document: Path) -> None:
        code = commands_in(text_of(document))
        named = set(re.findall(r"manage\.py ([a-z]+)", code))
        assert named <= set(get_commands())

    def test_links_lead_somewhere(self, document: Path) -> None:
        links = re.findall(r"\]\(([^)#]+)[^)]*\)", text_of(document))
        missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
        assert not missing


def test_configuration_names_every_variable_and_no_other() -> None:
    read = set(re.findall(r"env_\w+\(\s*\"([A-Z_]+)\"", text_of(ROOT / "playground" / "settings.py")))
    rows = re.findall(r"^\| `([A-Z_]+)` \|", text_of(ROOT / "docs" / "configuration.md"), re.MULTILINE)
    assert sorted(rows) == sorted(read)


def test_readme_and_configuration_give_the_same_defaults() -> None:
    def defaults(name: str) -> dict[str, str]:
        rows = re.findall(r"^\| `(PLAYGROUND_[A-Z_]+)` \| `?(\d+)", text_of(ROOT / name), re.MULTILINE)
        return dict(rows)

    documented = defaults("docs/configuration.md")
    settings = text_of(ROOT / "playground" / "settings.py")
    for name, value in documented.items():
        match = re.search(rf"env_int\(\"{name}\", ([\d_* ]+),", settings)
        assert match, name
        product = 1
        for factor in match[1].replace("_", "").split("*"):
            product *= int(factor)
        assert int(value) == product, name
    assert defaults("README.md").items() <= documented.items()


class TestLockFiles:
    @pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-langchain"])
    def test_holds_what_is_wanted(self, name: str) -> None:
        locked = locked_versions(ROOT / f"{name}.txt")
        for line in text_of(ROOT / f"{name}.in").splitlines():
            if line and not line.startswith(("#", "-")):
                wanted = Requirement(line)
                assert wanted.specifier.contains(locked[canonicalize_name(wanted.name)]), line

    def test_tests_run_on_the_versions_that_the_app_gets(self) -> None:
        app, dev = (locked_versions(ROOT / f"requirements{suffix}.txt") for suffix in ("", "-dev"))
        assert {name: dev.get(name) for name in app} == app

    def test_langchain_leaves_the_versions_of_the_app_as_they_are(self) -> None:
        dev, extra = (locked_versions(ROOT / f"requirements-{name}.txt") for name in ("dev", "langchain"))
        assert {name: extra[name] for name in extra if name in dev} == {
            name: dev[name] for name in extra if name in dev
        }

    @pytest.mark.parametrize("which", ["", "-dev", "-embedded", "-langchain"])
    def test_every_package_is_pinned_by_hash(self, which: str) -> None:
        entries = re.split(r"\n(?=\w)", text_of(ROOT / f"requirements{which}.txt"))
        pinned = [entry for entry in entries if not entry.startswith("#")]
        assert pinned
        assert all("==" in entry and "--hash=sha256:" in entry for entry in pinned)

    def test_name_no_place_to_download_from(self) -> None:
        for path in ROOT.glob("requirements*"):
            assert not re.search(r"--(extra-)?index-url|--find-links|://", text_of(path)), path.name


def locked_versions(path: Path) -> dict[str, Version]:
    return {
        canonicalize_name(name): Version(version)
        for name, version in re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)", text_of(path), re.MULTILINE)
    }


def test_no_path_of_a_machine_is_in_the_tree() -> None:
    homes = re.compile(r"(?<![\w.:/-])/(?:home|Users|root|work)/\w")
    ours = [path for path in tracked_files() if "vendor" not in path.parts]
    found = [f"{path.relative_to(ROOT)}: {match[0]}" for path in ours if (match := homes.search(text_of(path)))]
    assert not found
