"""The messages that a lane is sent: the conversation so far, as that lane answered it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from playground.errors import InvalidField
from playground.runs.continuing import part_before
from playground.runs.models import Run, Session

_TEXT_PARTS: Final = frozenset({"text", "input_text", "output_text"})


def text_of_content(content: Any, field: str) -> str:
    """The text of a message's `content`: a text, null (no text), or a list of `{"type": "text", "text"}`.

    Raises:
        InvalidField: it holds something else, such as an image. `field` (`messages[2].content`) with the part's place.
    """
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise InvalidField(field, _("The content of a message is a text, or a list of text parts."))
    texts = []
    for place, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in _TEXT_PARTS:
            message = _("Only text can be sent: no images, files or audio in a prompt. Found: %(kind)s.")
            raise InvalidField(f"{field}[{place}]", message % {"kind": str(kind)[:40]})
        if not isinstance(part.get("text"), str):
            raise InvalidField(f"{field}[{place}].text", _("A part of type text needs a text."))
        texts.append(part["text"])
    return "".join(texts)


def prompt_of(messages: Sequence[Mapping[str, Any]]) -> str:
    """The text of the last user message."""
    return next((m["content"] for m in reversed(messages) if m["role"] == "user"), "")


def system_of(messages: Sequence[Mapping[str, Any]]) -> str:
    """Those of the developer count: it is what newer models of OpenAI call the system."""
    return "\n\n".join(m["content"] for m in messages if m["role"] in ("system", "developer"))


def conversation(
    session: Session | None, *, lane: int, system: str, prompt: str, before: int | None = None
) -> list[dict[str, Any]]:
    """`system`, each earlier turn with the answer of `lane` (of the first lane where that has none), then `prompt`.

    A turn that nobody answered is left out: two prompts in a row are refused by some providers. An answer that was
    continued is what was read: the part, and what came after it.
    """
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system.strip() else []
    if session is None:
        return [*messages, {"role": "user", "content": prompt}]
    runs = Run.objects.filter(turn__session=session).exclude(text="").order_by("turn__position", "lane", "-created_at")
    if before is not None:
        runs = runs.filter(turn__position__lt=before)
    answers: dict[int, Run] = {}
    for run in runs.select_related("turn").only("turn__position", "turn__prompt", "lane", "text", "continues"):
        known = answers.get(run.turn.position)
        if known is None or (run.lane == lane and known.lane != lane):
            answers[run.turn.position] = run
    for run in answers.values():
        messages += [
            {"role": "user", "content": run.turn.prompt},
            {"role": "assistant", "content": part_before(run) + run.text},
        ]
    return [*messages, {"role": "user", "content": prompt}]
