"""How static files are collected: under their hashes, the styles as one file."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from playground.staticfiles import STYLES

LAYERS = ["reset", "tokens", "base", "layout", "components", "utilities"]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    storage = {"BACKEND": "playground.staticfiles.StaticFilesStorage"}
    with override_settings(STATIC_ROOT=folder, STORAGES={**settings.STORAGES, "staticfiles": storage}):
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder


def sources() -> list[str]:
    """The style sheets that the style sheet imports, in their order."""
    folder = dict(settings.STATICFILES_DIRS)["css"]
    return [(folder / name).read_text() for name in re.findall(r'url\("([^"]+)"\)', (folder / "app.css").read_text())]


def test_the_styles_are_one_file_in_their_order_and_their_layers(collected: Path) -> None:
    styles = (collected / STYLES).read_text()
    assert "@import" not in styles
    assert styles.startswith(f"@layer {', '.join(LAYERS)};")
    places = [styles.find(source) for source in sources()]
    assert -1 not in places
    assert places == sorted(places)


def test_modules_import_each_other_by_their_hashes(collected: Path) -> None:
    (app,) = (path for path in (collected / "js").glob("app.*.js") if path.name != "app.js")
    for imported in re.findall(r'import "(\./[^"]+)"', app.read_text()):
        assert re.search(r"\.[0-9a-f]{12}\.js$", imported)
        assert (collected / "js" / imported).exists()
