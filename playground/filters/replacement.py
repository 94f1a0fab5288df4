r"""What stands in the place of a match: text, with `\1` or `\g<name>` for a group, `\0` for the whole match.

`\n`, `\t` and `\\` are a line break, a tab and a backslash. (RE2's own `expand` takes text for Latin-1.)
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

_REFERENCE: Final = re.compile(r"\\(?:(\d{1,2})|g<(\w+)>|(.))", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "\\": "\\"}


class BadReplacement(ValueError):
    """`reference` is what cannot be followed; `is_group`: it names a group that the pattern has not."""

    def __init__(self, reference: str, *, is_group: bool) -> None:
        super().__init__(reference)
        self.reference = reference
        self.is_group = is_group


class Replacement(NamedTuple):
    """Texts and numbers of groups, in order."""

    parts: tuple[str | int, ...]

    def fill(self, groups: tuple[bytes | None, ...]) -> str:
        """`groups`: the whole match, then its groups; None for one that took no part."""
        return "".join(
            part if isinstance(part, str) else (groups[part] or b"").decode("utf-8", "replace") for part in self.parts
        )


def read_replacement(text: str, groups: int, names: Mapping[str, int]) -> Replacement:
    """`groups`: how many the pattern has; `names`: their numbers. Raises BadReplacement."""
    parts: list[str | int] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        parts.append(text[end : match.start()])
        parts.append(_meant(match, groups, names))
        end = match.end()
    if text.endswith("\\") and text[end:].endswith("\\"):
        raise BadReplacement("\\", is_group=False)
    parts.append(text[end:])
    return Replacement(tuple(part for part in parts if part != ""))


def _meant(match: re.Match[str], groups: int, names: Mapping[str, int]) -> str | int:
    if match[3]:
        if match[3] not in _ESCAPES:
            raise BadReplacement(match[0], is_group=False)
        return _ESCAPES[match[3]]
    name = match[1] or match[2]
    number = int(name) if name.isascii() and name.isdigit() else names.get(name, groups + 1)
    if number > groups:
        raise BadReplacement(match[0], is_group=True)
    return number
