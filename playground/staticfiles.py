"""Static files under names that carry their hash, so that browsers keep them for good."""

import re
from collections.abc import Callable, Mapping

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites the imports of our own ES modules too."""

    support_js_module_import_aggregation = True

    def url_converter(
        self, name: str, hashed_files: Mapping[str, str], template: str | None = None
    ) -> Callable[[re.Match[str]], str]:
        """Scripts of others stay as they are: some only look like modules, with `import(…)` in a comment."""
        if name.endswith(".js") and not name.startswith("js/"):
            return lambda match: match[0]
        converter: Callable[[re.Match[str]], str] = super().url_converter(name, hashed_files, template)
        return converter
