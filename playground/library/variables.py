"""The typed variables of a version: what each takes, what it holds if nothing is given, what it is tried out with."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Variable:
    """`choices` are those of a choice; all values are texts, as they are put into the prompt."""

    name: str
    kind: Kind = Kind.TEXT
    default: str = ""
    test: str = ""
    choices: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Variable":
        return cls(
            data["name"],
            Kind(data.get("type", Kind.TEXT)),
            data.get("default", ""),
            data.get("test", ""),
            tuple(data.get("choices", ())),
        )

    def as_json(self) -> dict[str, Any]:
        """As `PromptVersion.variables` has it."""
        data = asdict(self)
        kind = data.pop("kind")
        choices = list(data.pop("choices"))
        return {**data, "type": str(kind), **({"choices": choices} if self.kind == Kind.CHOICE else {})}

    def taken(self, given: str) -> str:
        """The value for what was given: for nothing, the default; a number without spaces around it."""
        value = given if self.kind == Kind.TEXT else given.strip()
        return value or self.default

    def problem(self, value: str) -> str:
        """What is wrong with a value, in a sentence; "" if nothing is."""
        if self.kind == Kind.NUMBER and not _is_number(value):
            return _("Enter a number, such as 42 or 0.5.")
        if self.kind == Kind.CHOICE and value not in self.choices:
            return _("Choose one of: %(choices)s.") % {"choices": ", ".join(self.choices)}
        return ""


def variables_of(stored: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[Variable]:
    """A variable for each name, as it is stored; one that is not stored is a text."""
    known = {data["name"]: Variable.from_json(data) for data in stored}
    return [known.get(name) or Variable(name) for name in names]


def test_values(variables: Sequence[Variable]) -> dict[str, str]:
    return {variable.name: variable.test or variable.default for variable in variables}


def _is_number(text: str) -> bool:
    try:
        return text.isascii() and "_" not in text and math.isfinite(float(text))
    except ValueError:
        return False
