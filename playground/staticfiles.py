"""Static files under names that carry their hash, so that browsers keep them for good."""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from whitenoise.storage import CompressedManifestStaticFilesStorage

STYLES: Final = "css/app.css"
_CSS_IMPORT: Final = re.compile(r'^@import url\("([^"]+)"\) layer\((\w+)\);$', re.MULTILINE)


class StaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites the imports of our own ES modules too, and makes one file of the style sheet and what it imports.

    A page waits for its styles before it shows anything: one file is one wait, and half the bytes when compressed.
    """

    support_js_module_import_aggregation = True

    def post_process(
        self, paths: dict[str, tuple[Any, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, Any]]:
        if not dry_run and STYLES in paths:
            whole = _CSS_IMPORT.sub(lambda match: self._layer(paths, *match.groups()), _text(*paths[STYLES]))
            Path(self.path(STYLES)).write_text(whole)
            paths[STYLES] = (self, STYLES)
        yield from super().post_process(paths, dry_run, **options)

    def _layer(self, paths: dict[str, tuple[Any, str]], name: str, layer: str) -> str:
        source = paths.get(posixpath.join(posixpath.dirname(STYLES), name))
        if source is None:
            raise FileNotFoundError(f"{STYLES} imports {name}, which does not exist")
        return f"@layer {layer} {{\n{_text(*source)}}}"

    def url_converter(
        self, name: str, hashed_files: Mapping[str, str], template: str | None = None
    ) -> Callable[[re.Match[str]], str]:
        """Scripts of others stay as they are: some only look like modules, with `import(…)` in a comment."""
        if name.endswith(".js") and not name.startswith("js/"):
            return lambda match: match[0]
        converter: Callable[[re.Match[str]], str] = super().url_converter(name, hashed_files, template)
        return converter


def _text(storage: Any, path: str) -> str:
    with storage.open(path) as file:
        content: bytes = file.read()
    return content.decode()
