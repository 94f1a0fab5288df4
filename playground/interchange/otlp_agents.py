"""An agent's or a chain's span, with all that is below it, made into one run with steps.

The models and tools below it are steps, and so is the span itself, unless it is that of a run that we exported. Spans
of requests over HTTP, as the attempts of our own exports are, are left out: what is below them moves up.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from playground.interchange.drafts import UNKNOWN_MODEL, Draft, openai_usage, total
from playground.interchange.langchain_messages import answer_in, messages_in
from playground.interchange.lines import list_of
from playground.interchange.otlp_messages import Said, parsed
from playground.interchange.otlp_spans import Span
from playground.recording.events import STEP_ENDED, STEP_STARTED
from playground.recording.shapes import MOST

_TYPES: Final = {
    "chat": "chat_model",
    "generate_content": "chat_model",
    "llm": "chat_model",
    "text_completion": "llm",
    "completion": "llm",
    "execute_tool": "tool",
    "tool": "tool",
    "retriever": "retriever",
    "retrieval": "retriever",
    "prompt": "prompt",
}
_INPUTS: Final = ("input.value", "gen_ai.tool.call.arguments", "traceloop.entity.input", "gen_ai.input.messages")
_OUTPUTS: Final = ("output.value", "gen_ai.tool.call.result", "traceloop.entity.output", "gen_ai.output.messages")
_DEEPEST: Final = 50  # steps around a step; what is deeper is beside it


class StepEvent(NamedTuple):
    """`t` in µs since the agent began."""

    t: int
    kind: str
    data: dict[str, Any]


class Agent:
    def __init__(self, span: Span) -> None:
        self.span = span
        self.is_own = "playground.run.id" in span.about
        self._calls = [one for one in span.all_below() if one.is_call]
        in_tools = {id(one) for tool in _outermost_tools(span) for one in tool.all_below()}
        self._answering = [call for call in self._calls if id(call) not in in_tools]

    @property
    def model(self) -> str:
        of_calls = next((call.model for call in self._calls if call.model), "")
        return self.span.model or of_calls or self.span.first("gen_ai.agent.name") or self.span.name or UNKNOWN_MODEL

    @property
    def provider(self) -> str:
        return self.span.provider or next((call.provider for call in self._calls if call.provider), "")

    def messages(self) -> list[dict[str, Any]]:
        """What the agent was asked; where its span does not say, what it asked the first model."""
        if found := self.span.input():
            return found
        given = _value(self.span, _INPUTS)
        if given:
            return messages_in(given)
        return next((found for call in self._calls if (found := call.input())), [])

    def said(self) -> Said:
        """Its answer; where its span does not say it in words that are known, that of the last model."""
        said = self.span.output()
        if said != Said():
            return said
        last = next((said for call in reversed(self._answering) if (said := call.output()).text), None)
        if last is not None:
            return last
        value = _value(self.span, _OUTPUTS)
        return Said(answer_in(value).text) if value else Said()

    def usage(self) -> dict[str, int] | None:
        """That of the agent's span, or of all calls together."""
        own = self.span.usage()
        if own is not None:
            return dict(own)
        counts = [call.counts() for call in self._calls]
        found = openai_usage(total(given for given, _made in counts), total(made for _given, made in counts))
        return dict(found) if found else None

    def steps(self) -> list[StepEvent]:
        """In the order of their times."""
        events: list[StepEvent] = []
        waiting: list[tuple[Span, list[str], bool]] = [(self.span, [], False)]
        while waiting:
            span, parents, is_over = waiting.pop()
            if is_over:
                events.append(self._ended(span, parents))
                continue
            below = parents
            if self._is_step(span):
                events.append(self._started(span, parents))
                waiting.append((span, parents, True))
                below = [*parents, span.id][:_DEEPEST]
            waiting.extend((child, below, False) for child in reversed(span.below))
        return sorted(events, key=lambda event: event.t)

    def _is_step(self, span: Span) -> bool:
        if span is self.span:
            return not self.is_own
        if self.is_own and span.above is self.span and span.name.startswith("attempt "):
            return False
        return "http.request.method" not in span.about and "http.method" not in span.about

    def _started(self, span: Span, parents: list[str]) -> StepEvent:
        told = {**_told(span, parents), "metadata": {}}
        if (given := _value(span, _INPUTS)) is not None:
            told["input"] = given
        return StepEvent(self._t(span.start), STEP_STARTED, told)

    def _ended(self, span: Span, parents: list[str]) -> StepEvent:
        told = _told(span, parents)
        if (made := _value(span, _OUTPUTS)) is not None:
            told["output"] = made
        if (error := span.error()) is not None:
            told["error"] = {"type": span.first("error.type") or "Error", "message": error.message}
        return StepEvent(min(self._t(span.start) + span.length, MOST), STEP_ENDED, told)

    def _t(self, at: int) -> int:
        return min(max(0, at - self.span.start) // 1000, MOST)


def _told(span: Span, parents: list[str]) -> dict[str, Any]:
    return {
        "step": span.id,
        "parent": parents[-1] if parents else None,
        "parents": parents,
        "name": _name(span),
        "type": _type(span),
        "tags": [str(tag) for tag in list_of(span.about.get("playground.step.tags"))],
    }


def _outermost_tools(top: Span) -> Iterator[Span]:
    waiting = list(top.below)
    while waiting:
        span = waiting.pop()
        if _type(span) == "tool":
            yield span
        else:
            waiting.extend(span.below)


def agents_in(tops: list[Span]) -> tuple[list[Agent], list[Span]]:
    """The outermost agents and chains that ask a model, and the calls to models that are below none of them."""
    agents, calls = [], list[Span]()
    waiting = list(tops)
    while waiting:
        span = waiting.pop()
        if span.kind == "invoke_agent" or (span.is_agent and span.asks_a_model):
            agents.append(Agent(span))
            continue
        if span.is_call:
            calls.append(span)
        waiting.extend(span.below)
    return agents, calls


def _type(span: Span) -> str:
    return span.first("playground.step.type") or _TYPES.get(span.kind, "chat_model" if span.is_call else "chain")


def _name(span: Span) -> str:
    """Without the operation, which the conventions put before it."""
    return span.first("gen_ai.tool.name") or span.name.removeprefix(f"{span.kind} ") or span.kind or "span"


def _value(span: Span, names: tuple[str, ...]) -> Any:
    return next((parsed(span.about[name]) for name in names if span.about.get(name) is not None), None)


def fill(draft: Draft, agent: Agent, answer: list[tuple[int, str, Any]]) -> None:
    """Put the steps into `draft`, and `answer` (t, kind, data) among them by its time."""
    events: list[tuple[int, str, Any]] = [(t, kind, data) for t, kind, data in agent.steps()]
    end = len(events) if agent.is_own else len(events) - 1
    merged = sorted([*events[:end], *answer, *events[end:]], key=lambda event: event[0])
    for t, kind, data in merged:
        draft.emit(t, kind, data)
