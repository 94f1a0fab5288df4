"""Which steps of a run are shown: LangChain's include and exclude filters, in the query of a URL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from playground.providers.langchain_events import EventFilter
from playground.recording.steps import Step

PARAMETERS: Final = (
    "include_names",
    "include_types",
    "include_tags",
    "exclude_names",
    "exclude_types",
    "exclude_tags",
)
_OFFERED: Final = 40  # names or tags; a URL can still ask for others

_HEADINGS: Final[dict[str, Promise]] = {
    "include_types": _("Types"),
    "include_names": _("Names"),
    "include_tags": _("Tags"),
    "exclude_types": _("Types"),
    "exclude_names": _("Names"),
    "exclude_tags": _("Tags"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """One list of boxes: `choices` are (value, whether it is ticked)."""

    parameter: str
    heading: Promise
    choices: Sequence[tuple[str, bool]]


class StepFilter:
    """`query` is what a URL needs to show the same; "" where all is shown."""

    def __init__(self, given: QueryDict) -> None:
        self._given = {name: [value for value in given.getlist(name) if value] for name in PARAMETERS}
        self._filter = EventFilter(**{name: values or None for name, values in self._given.items()})

    @property
    def is_active(self) -> bool:
        return any(self._given.values())

    @property
    def query(self) -> str:
        return urlencode(self._given, doseq=True)

    def lets_in(self, name: str, kind: str, tags: Sequence[str]) -> bool:
        return self._filter.lets_in(name, kind, tags)

    def groups(self, steps: Sequence[Step]) -> list[tuple[str, list[Group]]]:
        """The boxes of the form, from what the run's steps have: those that let in, and those that keep out."""
        values = {
            "types": [step.type for step in steps],
            "names": [step.name for step in steps],
            "tags": [tag for step in steps for tag in step.tags],
        }
        return [(side, [self._group(f"{side}_{part}", found) for part, found in values.items()]) for side in _SIDES]

    def _group(self, parameter: str, values: Iterable[str]) -> Group:
        ticked = self._given[parameter]
        offered = list(dict.fromkeys([*ticked, *sorted(set(values))]))[: max(_OFFERED, len(ticked))]
        return Group(parameter, _HEADINGS[parameter], [(value, value in ticked) for value in offered])


_SIDES: Final = ("include", "exclude")
