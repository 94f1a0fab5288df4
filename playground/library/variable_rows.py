"""A variable's row of fields in the form of a prompt: of `x`, `var-x-type`, `-default`, `-test` and `-choices`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from playground.library.variables import Kind, Variable, variables_of

KINDS: Final[Sequence[tuple[str, Promise]]] = (
    (Kind.TEXT, gettext_lazy("Text")),
    (Kind.NUMBER, gettext_lazy("Number")),
    (Kind.CHOICE, gettext_lazy("Choice")),
)
MAX_CHOICES: Final = 100


class VariableRow:
    """`errors` are sentences by field: `default`, `test`, `choices`."""

    kinds = KINDS

    def __init__(self, name: str, variable: Variable | None = None) -> None:
        self.name = name
        self.variable = variable or Variable(name)
        self.errors: dict[str, str] = {}

    @property
    def choices_text(self) -> str:
        return "\n".join(self.variable.choices)

    def check(self) -> bool:
        """Whether all values fit; if not, `errors` says which do not."""
        variable = self.variable
        if variable.kind == Kind.CHOICE and not 1 <= len(variable.choices) <= MAX_CHOICES:
            self.errors["choices"] = _("Write the choices, one a line, at most %(most)d.") % {"most": MAX_CHOICES}
            return False
        for field, value in (("default", variable.default), ("test", variable.test)):
            if value and (problem := variable.problem(value)):
                self.errors[field] = problem
        return not self.errors


def rows_of(
    names: Sequence[str], data: Mapping[str, str] | None, stored: Sequence[Mapping[str, Any]]
) -> list[VariableRow]:
    """A row for each name: as it was posted, else as it is stored, else a new one."""
    known = {variable.name: variable for variable in variables_of(stored, names)}
    if data is not None:
        known |= {name: _posted(name, data) for name in names if f"var-{name}-type" in data}
    return [VariableRow(name, known[name]) for name in names]


def _posted(name: str, data: Mapping[str, str]) -> Variable:
    def given(field: str) -> str:
        return data.get(f"var-{name}-{field}", "").replace("\r\n", "\n")

    kind = Kind(given("type")) if given("type") in list(Kind) else Kind.TEXT
    choices = tuple(dict.fromkeys(line.strip() for line in given("choices").split("\n") if line.strip()))
    return Variable(name, kind, given("default"), given("test"), choices)
