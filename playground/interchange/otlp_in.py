"""OpenTelemetry spans of calls to models, as OTLP's JSON, made into a session: each call is a turn.

An agent or a chain with all that is below it is one turn: see `otlp_agents`.

Known are the semantic conventions for generative AI before 1.28 (`gen_ai.prompt`, events `gen_ai.content.…`), up to
1.36 (events `gen_ai.user.message`, `gen_ai.choice`) and from 1.37 on (`gen_ai.input.messages`); OpenLLMetry's numbered
attributes (`gen_ai.prompt.0.content`), and OpenInference's (`llm.input_messages.0.message.content`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from playground.interchange.drafts import UNKNOWN_MODEL, Draft, Imported
from playground.interchange.errors import NotARecording
from playground.interchange.lines import json_of, list_of, object_of
from playground.interchange.otlp_agents import Agent, agents_in, fill
from playground.interchange.otlp_messages import Said
from playground.interchange.otlp_spans import Span, moment, trees
from playground.recording.events import CHUNK, USAGE
from playground.recording.session_file import RecordedRun, RecordedSession, RecordedTurn

FORMAT: Final = "otlp"
MOST_TURNS: Final = 1000

Told = list[tuple[int, str, Any]]  # t in µs, kind and data of events


def read_otlp(raw: bytes, *, title: str = "") -> Imported:
    """One document, or one a line, as a collector writes them. Raises NotARecording."""
    spans = [Span(span) for document in _documents(raw) for span in _spans(document)]
    agents, calls = agents_in(trees(spans))
    count = len(agents) + len(calls)
    if not count:
        raise NotARecording(f"None of the {len(spans)} spans is a call to a model: none has “gen_ai.operation.name”.")
    if count > MOST_TURNS:
        raise NotARecording(f"The file has {count} calls to models; at most {MOST_TURNS} can be imported at once.")
    found = [(agent.span.start, _agent_turn(agent)) for agent in agents]
    found += [(call.start, _call_turn(call)) for call in calls]
    turns = [turn for _start, turn in sorted(found, key=lambda one: one[0])]
    return Imported(RecordedSession(title, turns), FORMAT)


def _documents(raw: bytes) -> Iterator[Any]:
    lines = [line for line in raw.split(b"\n") if line.strip()]
    if len(lines) > 1 and all(line.lstrip().startswith(b'{"resource') for line in lines):
        yield from (json_of(line, f"Line {number}") for number, line in enumerate(lines, 1))
    else:
        yield json_of(raw, "The file")


def _spans(document: Any) -> Iterator[Mapping[str, Any]]:
    for resource in list_of(object_of(document).get("resourceSpans")):
        about = object_of(resource)
        for scope in list_of(about.get("scopeSpans")) or list_of(about.get("instrumentationLibrarySpans")):
            yield from (object_of(span) for span in list_of(object_of(scope).get("spans")))


def _call_turn(span: Span) -> RecordedTurn:
    messages, said, usage = span.input(), span.output(), span.usage()
    model = span.model or UNKNOWN_MODEL
    draft = Draft(model, span.provider, messages_count=len(messages), parameters={})
    _notice(draft, span)
    for t, kind, data in _answer(span, said):
        draft.emit(t, kind, data)
    if usage:
        draft.emit(span.length, USAGE, usage)
    draft.end(span.outcome(said.finish_reason, usage), span.length)
    return _turn(span, model, messages, draft)


def _agent_turn(agent: Agent) -> RecordedTurn:
    span, messages, said, usage = agent.span, agent.messages(), agent.said(), agent.usage()
    draft = Draft(agent.model, agent.provider, messages_count=len(messages), parameters={})
    _notice(draft, span)
    fill(draft, agent, _answer(span, said))
    if usage:
        draft.emit(span.length, USAGE, usage)
    draft.end(span.outcome(said.finish_reason, usage), span.length)
    return _turn(span, agent.model, messages, draft)


def _turn(span: Span, model: str, messages: list[dict[str, Any]], draft: Draft) -> RecordedTurn:
    prompt = next((m["content"] for m in reversed(messages) if m["role"] == "user"), "")
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    run = RecordedRun(0, model, messages, draft.events, [], None, moment(span.start), moment(span.ended))
    return RecordedTurn(prompt, system, span.parameters(), [run])


def _notice(draft: Draft, span: Span) -> None:
    where = "its first." if span.first_token() < span.length else "its end."
    draft.notice("no_chunks", f"A span has no chunks: the answer is one, at the time of {where}")


def _answer(span: Span, said: Said) -> Told:
    """A span has the answer as a whole: it is one chunk, at the time of its first token if that is known."""
    t = span.first_token()
    found: Told = []
    if said.reasoning:
        found.append((t, CHUNK, {"reasoning": said.reasoning}))
    if said.text:
        found.append((t, CHUNK, said.text))
    return [*found, *((t, CHUNK, {"tool_call": call}) for call in said.tool_calls)]
