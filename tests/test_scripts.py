"""Our ES modules: all named ahead for the browser, and hashed so that each has one name only."""

import posixpath
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.loader import render_to_string

from playground.staticfiles import StaticFilesStorage

ROOT = Path(__file__).resolve().parent.parent
IMPORT = re.compile(r"""(?:from|import)\s*"(\.[^"]+)";""")


def imported_by(name: str) -> set[str]:
    """The modules that `name` (a static file) needs, itself included."""
    found, waiting = set(), [name]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            source = (ROOT / "static" / module).read_text()
            folder = posixpath.dirname(module)
            waiting += [posixpath.normpath(posixpath.join(folder, path)) for path in IMPORT.findall(source)]
    return found


def test_the_modules_of_every_page_are_preloaded() -> None:
    preloaded = re.findall(r'href="([^"]+)"', render_to_string("_modules.html"))
    needed = imported_by("js/app.js") - {"js/app.js"}
    assert sorted(preloaded) == sorted(staticfiles_storage.url(module) for module in needed)


@pytest.fixture
def hashed(tmp_path: Path) -> dict[str, str]:
    """The hashed name of each static file, all of them written to `tmp_path`."""
    storage = StaticFilesStorage(location=tmp_path)
    paths = {}
    for finder in get_finders():
        for path, source in finder.list([]):
            name = f"{source.prefix}/{path}" if getattr(source, "prefix", None) else path
            if name.startswith(("js/", "vendor/", "django_htmx/")):
                with source.open(path) as file:
                    storage.save(name, file)
                paths[name] = (source, path)
    for name, _, processed in storage.post_process(paths):
        assert not isinstance(processed, Exception), (name, processed)
    return dict(storage.hashed_files)


def test_a_module_is_imported_by_one_name_only(hashed: dict[str, str], tmp_path: Path) -> None:
    """By two names it would run twice, and the page would have two sockets."""
    final = set(hashed.values())
    imported = 0
    for name, hashed_name in hashed.items():
        if not name.startswith("js/"):
            continue
        for target in IMPORT.findall((tmp_path / hashed_name).read_text()):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(hashed_name), target))
            assert path in final, f"{name} imports {target}"
            imported += 1
    assert imported > 20
