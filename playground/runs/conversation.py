"""The messages that a lane is sent: the conversation so far, as that lane answered it."""

from collections.abc import Mapping, Sequence
from typing import Any

from playground.runs.models import Run, Session


def prompt_of(messages: Sequence[Mapping[str, Any]]) -> str:
    """The text of the last user message."""
    return next((m["content"] for m in reversed(messages) if m["role"] == "user"), "")


def system_of(messages: Sequence[Mapping[str, Any]]) -> str:
    return "\n\n".join(m["content"] for m in messages if m["role"] == "system")


def conversation(
    session: Session | None, *, lane: int, system: str, prompt: str, before: int | None = None
) -> list[dict[str, Any]]:
    """`system`, each earlier turn with the answer of `lane` (of the first lane where that has none), then `prompt`.

    A turn that nobody answered is left out: two prompts in a row are refused by some providers.
    """
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system.strip() else []
    if session is None:
        return [*messages, {"role": "user", "content": prompt}]
    runs = Run.objects.filter(turn__session=session).exclude(text="").order_by("turn__position", "lane", "-created_at")
    if before is not None:
        runs = runs.filter(turn__position__lt=before)
    answers: dict[int, tuple[str, str, bool]] = {}
    for position, asked, run_lane, text in runs.values_list("turn__position", "turn__prompt", "lane", "text"):
        known = answers.get(position)
        if known is None or (run_lane == lane and not known[2]):
            answers[position] = (asked, text, run_lane == lane)
    for asked, text, _ in answers.values():
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": text}]
    return [*messages, {"role": "user", "content": prompt}]
