"""Our own modules and styles as one script and one style sheet, for a file that must work without a server.

The bundler knows the ways in which our code imports and exports, and refuses any other rather than write a script that
breaks: each module becomes a function that is called once, after those that it imports.
"""

import posixpath
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from django.contrib.staticfiles import finders

_IMPORT: Final = re.compile(r'^import (?:\{([^}]*)\} from )?"(\.[^"]+)";\n?', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_LEFT: Final = re.compile(r"^\s*(?:import|export)\b(?!\.)|import\.meta|\bimport\(", re.MULTILINE)
_CSS_IMPORT: Final = re.compile(r'^@import url\("([^"]+)"\) layer\((\w+)\);', re.MULTILINE)
_LAYERS: Final = re.compile(r"^@layer [^{;]+;", re.MULTILINE)


class CannotBundle(ValueError):
    """A module imports or exports in a way that the bundler does not know, or in a circle."""


@cache
def bundle_scripts(entry: str) -> str:
    """A classic script that does what the module `entry` (a static file's name) does."""
    names = list(dict.fromkeys(_in_order(entry, ())))
    numbers = {name: number for number, name in enumerate(names)}
    parts = "\n".join(_wrapped(name, numbers) for name in names)
    return f'"use strict";\n(() => {{\n{parts}\n}})();\n'


@cache
def bundle_styles(names: tuple[str, ...], entry: str = "css/app.css") -> str:
    """Those files that `entry` imports whose stem is one of `names`, in its order and its layers."""
    source = _read(entry)
    layers = _LAYERS.search(source)
    found = [layers.group() if layers else ""]
    for path, layer in _CSS_IMPORT.findall(source):
        if Path(path).stem in names:
            found.append(f"@layer {layer} {{\n{_read(posixpath.join('css', path))}\n}}")
    return "\n".join(found)


def _in_order(name: str, above: tuple[str, ...]) -> Iterator[str]:
    """A module after all that it imports."""
    if name in above:
        raise CannotBundle(f"{name} imports itself by way of {above[-1]}")
    for _names, path in _IMPORT.findall(_read(name)):
        yield from _in_order(_resolve(name, path), (*above, name))
    yield name


def _wrapped(name: str, numbers: dict[str, int]) -> str:
    source = _read(name)
    bindings = [
        f"  const {{ {_renamed(names)} }} = m{numbers[_resolve(name, path)]};"
        for names, path in _IMPORT.findall(source)
        if names
    ]
    exported = [exported for _kind, exported in _EXPORT.findall(source)]
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub("", source))
    if left := _LEFT.search(body):
        raise CannotBundle(f"{name}: {left.group().strip()!r} is not understood")
    return "\n".join(
        [
            f"const m{numbers[name]} = (() => {{ // {name}",
            *bindings,
            body,
            f"return {{ {', '.join(exported)} }};",
            "})();",
        ]
    )


def _renamed(names: str) -> str:
    """`a, b as c` as a destructuring says it."""
    return ", ".join(name.strip().replace(" as ", ": ") for name in names.split(",") if name.strip())


def _resolve(importer: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))


def _read(name: str) -> str:
    found = finders.find(name)
    if not isinstance(found, str):
        raise CannotBundle(f"there is no static file {name}")
    return Path(found).read_text()
