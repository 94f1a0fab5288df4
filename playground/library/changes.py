"""What differs between two versions, for people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from playground.library.differences import Piece, differences, one_side
from playground.library.models import PromptVersion
from playground.library.variable_rows import KINDS


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    pieces: Sequence[Piece]

    @property
    def differs(self) -> bool:
        return any(piece.kind != "same" for piece in self.pieces)

    @property
    def before(self) -> list[Piece]:
        return one_side(self.pieces, "removed")

    @property
    def after(self) -> list[Piece]:
        return one_side(self.pieces, "added")


def changes(old: PromptVersion, new: PromptVersion) -> list[Change]:
    """The prompt's text, and whatever else differs."""
    parts = [
        (_("Prompt"), old.text, new.text),
        (_("System prompt"), old.system, new.system),
        (_("Variables"), _variables(old), _variables(new)),
        (_("Models"), "\n".join(old.model_ids), "\n".join(new.model_ids)),
        (_("Parameters"), _parameters(old), _parameters(new)),
    ]
    found = [Change(label, differences(before, after)) for label, before, after in parts]
    return [found[0], *(change for change in found[1:] if change.differs)]


def _variables(version: PromptVersion) -> str:
    return "\n".join(" · ".join(_facts(data)) for data in version.variables)


def _facts(data: dict[str, Any]) -> Iterator[str]:
    yield data["name"]
    yield str(dict(KINDS)[data["type"]])
    if choices := data.get("choices"):
        yield ", ".join(choices)
    if data.get("default"):
        yield _("default: %s") % data["default"]
    if data.get("test"):
        yield _("test value: %s") % data["test"]


def _parameters(version: PromptVersion) -> str:
    return "\n".join(f"{name}: {version.parameters[name]}" for name in sorted(version.parameters))
