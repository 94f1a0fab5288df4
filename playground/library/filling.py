"""Filling in a prompt's variables in the composer, when it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.library.access import version_to_use
from playground.library.models import PromptUse, PromptVersion
from playground.library.template import Placeholder, names_in, parse
from playground.library.variables import Variable, variables_of
from playground.runs.models import Turn
from playground.runs.turns import TurnDraft
from playground.workspaces.models import Workspace

_VALUE: Final = "var-"  # before a variable's name, the name of its field
_AS_TYPED: Final = "as_typed"  # the field that asks to send braces as they stand


@dataclass(slots=True)
class Field:
    """A variable's field: what was typed in it, and what is wrong with that."""

    variable: Variable
    typed: str
    problem: str = ""

    @property
    def name(self) -> str:
        return f"{_VALUE}{self.variable.name}"

    @property
    def value(self) -> str:
        return self.variable.taken(self.typed)


class Filling:
    """The variables of a prompt that is about to be sent, and the values typed for them.

    `version` is the library's, None for a prompt that someone typed. `texts` are the system prompt and the prompt.
    """

    def __init__(
        self, texts: Sequence[str], version: PromptVersion | None = None, data: Mapping[str, str] | None = None
    ) -> None:
        self.version = version
        self.texts = tuple(texts)
        given = data or {}
        variables = variables_of(version.variables if version else (), names_in(*texts))
        self.fields = [_field(variable, given) for variable in variables]
        self.is_asked_first = any(field.name not in given for field in self.fields)

    @classmethod
    def of(cls, version: PromptVersion) -> "Filling":
        """Before anything was typed: each variable holds its default."""
        return cls((version.system, version.text), version)

    @property
    def first_open(self) -> str:
        """The name of the field to write in next: the first that is wrong or empty, else the first; "" without any."""
        is_open = (field.name for field in self.fields if field.problem or not field.value)
        return next(is_open, self.fields[0].name if self.fields else "")

    @property
    def values(self) -> dict[str, str]:
        return {field.variable.name: field.value for field in self.fields}

    @property
    def is_as_saved(self) -> bool:
        """Whether the texts still are those of the version."""
        return self.version is not None and self.texts == (self.version.system, self.version.text)

    def check(self) -> bool:
        """Whether every variable has a value that fits; if not, the fields say what is wrong."""
        for field in self.fields:
            if not field.value:
                field.problem = _("Fill this in.")
            else:
                field.problem = field.variable.problem(field.value)
        return not any(field.problem for field in self.fields)

    def fill(self, text: str) -> str:
        return parse(text, lenient=True).fill(self.values)

    def filled(self, draft: TurnDraft) -> TurnDraft:
        """What is sent."""
        return replace(draft, prompt=self.fill(draft.prompt), system=self.fill(draft.system))

    @property
    def preview(self) -> list[tuple[str, bool]]:
        """The prompt as it will be sent: texts, and values (True); a variable without value stands as it is."""
        values = {field.variable.name: field.value or f"{{{{{field.variable.name}}}}}" for field in self.fields}
        pieces = parse(self.texts[1], lenient=True).pieces
        return [(values[p.name], True) if isinstance(p, Placeholder) else (p, False) for p in pieces]

    def record(self, turn: Turn) -> None:
        """Keep where a turn came from, unless its text was changed; of a turn that is not recorded, not the values."""
        if self.version is not None and self.is_as_saved:
            values = self.values if turn.is_recorded else {}
            PromptUse.objects.create(version=self.version, turn=turn, values=values)


def posted_filling(user: User, workspace: Workspace, data: Mapping[str, str]) -> Filling | None:
    """What the composer sent of it; None where there is nothing to fill in, or the braces are to go as they stand."""
    version_id = data.get("version", "")
    version = version_to_use(user, workspace, int(version_id)) if _is_id(version_id) else None
    texts = [data.get(name, "").replace("\r\n", "\n") for name in ("system", "prompt")]
    if data.get(_AS_TYPED):
        return None
    filling = Filling(texts, version, data)
    return filling if version or filling.fields else None


def asked_version(user: User, workspace: Workspace, version_id: str | None) -> PromptVersion | None:
    """The version that an address names, if it names one. Raises Http404, Forbidden."""
    if version_id is None:
        return None
    return version_to_use(user, workspace, int(version_id) if _is_id(version_id) else 0)


def _field(variable: Variable, given: Mapping[str, str]) -> Field:
    typed = given.get(f"{_VALUE}{variable.name}", variable.default)
    return Field(variable, typed.replace("\r\n", "\n"))


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 19
