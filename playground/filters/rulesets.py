"""The enabled rules of a workspace, compiled, and answers as they show them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

import orjson

from playground.filters.models import FilterRule, Part
from playground.filters.patterns import BadPattern
from playground.filters.replacement import BadReplacement
from playground.filters.streaming import Pipeline, Rewrite, apply_rules, compile_rule
from playground.recording.events import ATTEMPT_STARTED, CHUNK, RUN_ENDED, Event
from playground.runs.grants import Lens

Written = tuple[str, str, str]
"""A rule as it is stored: part, pattern, replacement."""

MAX_RULES: Final = 50
"""Of a workspace: each costs time for every token."""

_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Ruleset:
    """`version` names what the rules say: it changes with them, and only then."""

    version: str
    rules: Mapping[str, tuple[Rewrite, ...]]
    count: int

    def apply(self, part: Part, text: str) -> str:
        return apply_rules(self.rules.get(part, ()), text)

    def lens(self) -> Lens:
        """For the events of one run, in order."""
        return FilteringLens(self)


class FilteringLens:
    """Shows each event with what the rules make of it beside what came, in `shown`, where the two differ.

    What is held back comes with a later chunk; with the end of the run at the latest, in its `tail`.
    """

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        self._start()

    def __call__(self, event: Event) -> Event:
        if event.kind == CHUNK:
            return self._chunk(event)
        if event.kind == ATTEMPT_STARTED:  # an attempt never goes on with the text of the one before it
            self._start()
        if event.kind == RUN_ENDED and isinstance(event.data, Mapping):
            tail = {part: text for part, pipeline in self._parts.items() if (text := pipeline.finish())}
            return event._replace(data={**event.data, "tail": tail}) if tail else event
        return event

    def _start(self) -> None:
        self._parts = {part: Pipeline(rules) for part, rules in self._ruleset.rules.items()}

    def _chunk(self, event: Event) -> Event:
        data = {"text": event.data} if isinstance(event.data, str) else event.data
        if data.get("choice"):
            return event
        came = {part: text for part in self._parts if (text := data.get(part))}
        shown = {part: self._parts[part].feed(text) for part, text in came.items()}
        changed = {part: text for part, text in shown.items() if text != came[part]}
        return event._replace(data={**data, "shown": changed}) if changed else event


def enabled_rules(workspace_id: int) -> Ruleset | None:
    """None where nothing is to be filtered."""
    return make_ruleset(FilterRule.objects.filter(workspace_id=workspace_id, is_enabled=True))


def rules_of_run(run_id: UUID) -> Ruleset | None:
    """The enabled rules of the workspace that a run belongs to."""
    return make_ruleset(FilterRule.objects.filter(workspace__sessions__turns__runs=run_id, is_enabled=True))


def make_ruleset(rules: Iterable[FilterRule]) -> Ruleset | None:
    return compile_rules(tuple((rule.part, rule.pattern, rule.replacement) for rule in rules))


@lru_cache(_KEPT)
def compile_rules(written: tuple[Written, ...]) -> Ruleset | None:
    """A rule that this version of the engine does not compile is left out: it was checked when it was saved."""
    rules: dict[str, tuple[Rewrite, ...]] = {}
    for part, pattern, replacement in written:
        try:
            rule = compile_rule(pattern, replacement)
        except (BadPattern, BadReplacement):
            continue
        rules[part] = (*rules.get(part, ()), rule)
    if not rules:
        return None
    version = hashlib.blake2s(orjson.dumps(written), digest_size=4).hexdigest()
    return Ruleset(version, rules, sum(map(len, rules.values())))
